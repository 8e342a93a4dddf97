"""The ring of vessels at the cursor."""

from math import cos, radians, sin

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from core.calcium.scores import Vessel
from tests.viewer.calcium.small_scan import BONE, DENSE, DENSE_POINTS
from viewer.calcium.radial_menu import HOLE_PX, RING_PX, sector_at
from viewer.self_test_hands import picture_of

pytestmark = pytest.mark.gui
RIGHT = Qt.MouseButton.RightButton


def ring(hands):
    return hands.window.calcium.gestures.menu


def right_click(hands, voxel):
    at = hands.at(voxel)
    QTest.mouseClick(hands.view, RIGHT, pos=at)
    return at


def pick(hands, choice):
    menu = ring(hands)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.place_of(choice).toPoint())


@pytest.mark.parametrize("count", [5, 6])
def test_the_first_sector_is_at_the_top_and_the_others_follow_clockwise(count):
    for number in range(count):
        for beside in (-0.45, 0.0, 0.45):
            angle = radians(360 / count * (number + beside))
            for radius in (HOLE_PX + 1, RING_PX - 1):
                offset = QPointF(sin(angle), -cos(angle)) * radius
                assert sector_at(offset, count) == number
    assert sector_at(QPointF(0, 5), count) is None
    assert sector_at(QPointF(0, RING_PX + 2), count) is None


def test_a_right_click_on_a_candidate_marks_it_for_the_chosen_vessel(hands):
    right_click(hands, DENSE)
    assert ring(hands).isVisible()
    pick(hands, Vessel.LCX)
    assert not ring(hands).isVisible()
    assert hands.vessels() == {"LCX": 1}
    assert hands.total() == pytest.approx(DENSE_POINTS)
    assert hands.state.vessel is Vessel.LCX, "the next click adds to it too"


def test_a_letter_chooses_in_the_ring_and_the_view_has_the_keys_again(hands):
    right_click(hands, DENSE)
    QTest.keyClick(ring(hands), Qt.Key.Key_Q)
    assert hands.vessels() == {"LM": 1}
    assert not ring(hands).isVisible()
    assert hands.view.hasFocus()


def test_a_marked_lesion_changes_its_vessel_or_is_removed(hands):
    hands.click(DENSE)
    right_click(hands, DENSE)
    pick(hands, Vessel.RCA)
    assert hands.vessels() == {"RCA": 1}
    right_click(hands, DENSE)
    pick(hands, Vessel.RCA)
    assert hands.vessels() == {"RCA": 1}, "its own vessel changes nothing"
    right_click(hands, DENSE)
    pick(hands, None)
    assert hands.vessels() == {}


def test_what_is_not_marked_cannot_be_removed(hands):
    right_click(hands, DENSE)
    assert None not in ring(hands).choices
    QTest.keyClick(ring(hands), Qt.Key.Key_Delete)
    assert not ring(hands).isVisible()
    assert hands.state.reading.done == ()


@pytest.mark.parametrize("close", ["escape", "hole", "outside"])
def test_escape_and_a_click_beside_the_sectors_close_it_and_change_nothing(hands, close):
    right_click(hands, DENSE)
    menu = ring(hands)
    if close == "escape":
        QTest.keyClick(menu, Qt.Key.Key_Escape)
    else:
        away = QPointF(0, 0) if close == "hole" else QPointF(RING_PX + 20, 0)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=(menu.centre + away).toPoint())
    assert not menu.isVisible()
    assert hands.state.reading.done == ()
    assert hands.state.active


def test_beside_calcium_and_outside_the_mode_the_usual_menu_opens(open_hands):
    hands, asked = open_hands, []
    hands.view.menu_requested.disconnect()  # only that it is asked for counts here
    hands.view.menu_requested.connect(lambda *place: asked.append(place))
    hands.enter()
    right_click(hands, (5, 50, 30))
    right_click(hands, BONE)
    assert len(asked) == 2
    right_click(hands, DENSE)
    assert len(asked) == 2
    QTest.keyClick(ring(hands), Qt.Key.Key_Escape)
    hands.press(Qt.Key.Key_C)
    right_click(hands, DENSE)
    assert len(asked) == 3
    assert not ring(hands).isVisible()


def test_a_right_drag_still_zooms(hands):
    at, zoom = hands.at(DENSE), hands.view.placement().view.zoom
    QTest.mousePress(hands.view, RIGHT, pos=at)
    for step in range(1, 6):
        QTest.mouseMove(hands.view, at - QPoint(0, 12 * step))
    QTest.mouseRelease(hands.view, RIGHT, pos=at - QPoint(0, 60))
    assert hands.view.placement().view.zoom > zoom
    assert not ring(hands).isVisible()


def test_the_lesion_lies_in_the_middle_and_the_ring_within_the_window(hands):
    menu, window = ring(hands), hands.window
    at = right_click(hands, DENSE)
    assert menu.centre.toPoint() == hands.view.mapTo(window, at)
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    menu.open_at(hands.view.mapFrom(window, QPointF(3, 3)), None)
    assert (menu.centre.x(), menu.centre.y()) == (RING_PX, RING_PX)
    menu.open_at(hands.view.mapFrom(window, QPointF(window.width(), 300)), Vessel.LAD)
    assert menu.centre == QPointF(window.width() - RING_PX, 300)
    menu.hide()


def test_the_chip_gives_way_to_the_ring(hands):
    hands.move_to(DENSE)
    with_chip = picture_of(hands.view)
    menu = ring(hands)
    menu.setParent(hands.window)
    menu.setGeometry(0, 0, 1, 1)  # out of the picture
    menu.show()
    assert (picture_of(hands.view) != with_chip).sum() > 1000
    menu.hide()
    assert np.array_equal(picture_of(hands.view), with_chip)
