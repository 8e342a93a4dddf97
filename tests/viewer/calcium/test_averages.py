"""Thin slices read as averages of 3 mm, and scored on the slices."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.calcium.edits import AddLasso
from tests.viewer.calcium.small_scan import (
    DENSE,
    DENSE_POINTS,
    LONG,
    MILD,
    MILD_POINTS,
    Hands,
    write_small_scan,
)

pytestmark = pytest.mark.gui
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
SHARE = 1 / 3
"""Of the points of 3 mm slices that slices of 1 mm score."""


@pytest.fixture
def thin(qtbot, make_window, tmp_path):
    """Twelve slices of 1 mm, shown as four averages; the blocks lie in slices 5 and 6."""
    hands = Hands(qtbot, make_window())
    hands.open(write_small_scan(tmp_path / "thin", increment_mm=1.0, SliceThickness=1))
    hands.enter()
    return hands


def together(hands):
    return hands.window.session.state.view.averaged_slices


def test_thin_slices_are_averaged_in_the_mode_alone_and_the_key_shows_each(thin):
    button = thin.window.calcium.panel.hand.averages
    assert together(thin) == 3
    assert "averages of 3 slices, 3 mm" in button.text()
    assert button.isChecked()
    thin.press(Qt.Key.Key_A)
    assert together(thin) == 1
    assert not button.isChecked()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert together(thin) == 3
    thin.press(Qt.Key.Key_C)
    assert together(thin) == 1
    thin.press(Qt.Key.Key_C)
    assert together(thin) == 3


def test_slices_of_three_mm_are_not_averaged(hands):
    assert together(hands) == 1
    assert not hands.window.calcium.panel.hand.averages.isVisible()
    hands.press(Qt.Key.Key_A)
    assert together(hands) == 1


def test_closing_the_scan_ends_the_averages(thin):
    thin.press(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert together(thin) == 1


@pytest.mark.parametrize("shown", [3, 4, 5])
def test_a_click_on_an_average_scores_the_slices(thin, shown):
    """MILD lies in slice 5 alone; the average of 3 to 5 is in view from any of them."""
    thin.click((shown, *MILD[1:]))
    assert thin.total() == pytest.approx(SHARE * MILD_POINTS)
    (lesion,) = thin.state.reading.marks.lesions
    assert set(lesion.voxels[:, 0]) == {5}
    thin.click((shown, *MILD[1:]))
    assert thin.vessels() == {}, "and takes it back"


def test_both_scores_stand_beside_each_other(thin, qtbot):
    thin.click(DENSE)
    assert thin.total() == pytest.approx(SHARE * DENSE_POINTS)
    qtbot.waitUntil(lambda: thin.state.spread is not None, timeout=30_000)
    assert "On averages of 3 mm" in thin.window.calcium.panel.result.further.text()


def test_this_slice_only_is_one_slice_of_the_scan(thin):
    thin.click(DENSE, ALT)
    assert thin.total() == pytest.approx(SHARE * DENSE_POINTS / 2)


def test_a_notch_of_the_wheel_goes_to_the_next_average(thin):
    thin.at(DENSE)
    geometry = thin.window.session.state.volume.geometry
    at = QPointF(thin.view.rect().center())
    event = QWheelEvent(
        at, QPointF(thin.view.mapToGlobal(at)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(thin.view, event)
    crosshair_mm = thin.window.session.state.view.crosshair_mm
    assert geometry.to_index(crosshair_mm)[0] == pytest.approx(DENSE[0] - 3)
    assert thin.view.placement().place.index == 1


def test_a_lasso_on_an_average_takes_what_is_seen_in_it(thin):
    """In view is slice 4, the middle of the average; the blocks lie in slice 5."""
    thin.drag([(4, 15, 15), (4, 15, 47), (4, 27, 47), (4, 27, 15)], SHIFT)
    assert thin.total() == pytest.approx(SHARE * (DENSE_POINTS + MILD_POINTS))
    (edit,) = thin.state.reading.edits
    assert isinstance(edit, AddLasso)
    assert edit.through_mm == pytest.approx(1.0)


def test_a_cut_on_an_average_parts_the_lesion(thin):
    thin.click((4, *LONG[1:]))
    thin.press(Qt.Key.Key_K)
    thin.drag([(4, 34, 56.5), (4, 47, 56.5)])
    assert thin.vessels() == {"LAD": 2}


def test_the_hounsfield_units_under_the_cursor_are_those_in_view(thin):
    seen = []
    thin.view.hovered.connect(seen.append)
    thin.move_to((4, *MILD[1:]))
    assert seen[-1].hu == round((40 + 40 + 250) / 3)
    thin.press(Qt.Key.Key_A)
    thin.move_to((4, 50, 30))
    thin.move_to(MILD)
    assert seen[-1].hu == 250
