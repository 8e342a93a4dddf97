"""What is seen in the pixels of the views."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.calcium.scores import Vessel
from core.calcium.vessel_colours import VESSEL_COLOURS as RGB
from core.views.planes import Plane
from tests.viewer.calcium.small_scan import BONE, DENSE, FAINT, LONG, MILD
from viewer.calcium.overlay import LETTERS_PX
from viewer.calcium.vessels import VESSEL_COLOURS
from viewer.self_test_hands import picture_of

pytestmark = pytest.mark.gui
NEAR = 12
"""Colour levels that antialiasing may take away."""


def is_near(pixels, colour):
    return (np.abs(pixels.astype(int) - colour).max(axis=-1) <= NEAR).any()


def round_about(hands, voxel, left=-40, right=60, up=-40, down=40):
    at = hands.at(voxel)
    pixels = picture_of(hands.view)
    top, first = max(at.y() + up, 0), max(at.x() + left, 0)
    return pixels[top : at.y() + down, first : at.x() + right]


@pytest.fixture
def bare(hands):
    """Crosshair and texts off: what is coloured then belongs to the mode."""
    session = hands.window.session
    session.show(replace(session.state.view, crosshair_visible=False, annotations_visible=False))
    return hands


@pytest.mark.parametrize("vessel", Vessel)
def test_a_marked_lesion_has_the_outline_and_the_letters_of_its_vessel(bare, vessel):
    hands = bare
    hands.window.calcium.mode.choose_vessel(vessel)
    before = round_about(hands, DENSE)
    assert not is_near(before, RGB[vessel])
    hands.click(DENSE)
    hands.move_to((5, 50, 30))
    assert is_near(round_about(hands, DENSE), RGB[vessel])
    size = abs((hands.at((5, 23, 23)) - hands.at((5, 20, 20))).x())
    half = size // 2 + 3
    beside = round_about(
        hands, DENSE, left=half + 2, right=half + 60, up=-half - LETTERS_PX, down=-half + 2
    )
    assert is_near(beside, RGB[vessel]), "the letters stand at the upper right"


def test_vessels_differ_in_more_than_hue():
    """Told apart by those who see fewer hues: lightness differs, or blue does."""
    colours = [colour.getRgb()[:3] for colour in VESSEL_COLOURS.values()]
    for k, one in enumerate(colours):
        for other in colours[k + 1 :]:
            grey = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in (one, other)]
            assert abs(grey[0] - grey[1]) > 6 or abs(one[2] - other[2]) > 40


def test_candidates_are_amber_and_nothing_is_coloured_outside_the_mode(bare):
    hands = bare

    def coloured():
        pixels = round_about(hands, FAINT, -8, 8, -8, 8).astype(int)
        return (pixels[..., 0] - pixels[..., 2] > 30).sum()

    hands.move_to((5, 50, 30))
    assert coloured() > 50
    hands.press(Qt.Key.Key_C)
    assert coloured() == 0


def test_saliency_rests_while_calcium_is_scored(open_hands):
    hands, session = open_hands, open_hands.window.session
    for visible in (True, False):
        session.show(replace(session.state.view, overlay_visible=visible))
        hands.enter()
        assert not session.state.view.overlay_visible
        hands.press(Qt.Key.Key_C)
        assert session.state.view.overlay_visible is visible


@pytest.mark.parametrize("plane", [Plane.CORONAL, Plane.SAGITTAL])
def test_the_other_planes_show_lesions_too(bare, plane):
    hands = bare
    hands.click(DENSE)
    view = hands.window.views.slices[plane]
    assert is_near(picture_of(view), RGB[Vessel.LAD])


def test_the_chip_and_the_outline_follow_the_cursor(bare):
    hands = bare
    hands.move_to((5, 50, 30))
    without = picture_of(hands.view)
    hands.move_to(MILD)
    with_chip = picture_of(hands.view)
    assert (with_chip != without).sum() > 1000
    hands.move_to((5, 50, 30))
    assert np.array_equal(picture_of(hands.view), without)


def test_a_loop_is_seen_while_it_is_drawn(bare):
    hands = bare
    hands.press(Qt.Key.Key_L)
    at = hands.at((5, 50, 30))
    before = picture_of(hands.view)
    QTest.mousePress(hands.view, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(hands.view, at + QPoint(60, 5))
    QTest.mouseMove(hands.view, at + QPoint(60, 60))
    assert (picture_of(hands.view) != before).sum() > 200
    QTest.mouseRelease(hands.view, Qt.MouseButton.LeftButton, pos=at + QPoint(60, 60))
    assert hands.window.calcium.overlays[Plane.AXIAL].trail == []


def test_a_note_is_written_into_the_view_and_moves_nothing(bare):
    """A message bar would push the picture down under the next click."""
    hands = bare
    place = hands.view.mapToGlobal(QPoint(0, 0))
    hands.click(BONE)
    assert hands.state.note
    assert hands.view.mapToGlobal(QPoint(0, 0)) == place
    pixels = round_about(hands, LONG)
    assert pixels.size
