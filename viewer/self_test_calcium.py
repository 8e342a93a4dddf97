"""The step of the self test in calcium mode: click, look, undo, leave with the reading kept."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.views.planes import Plane
from viewer.calcium.state import CalciumState
from viewer.self_test import Driver
from viewer.self_test_hands import differs, picture_of, press
from viewer.view_state import Point

READY_WITHIN_S = 120.0
UNCERTAINTY_WITHIN_S = 120.0
ZOOM = 4.0


def calcium(driver: Driver) -> None:
    """C, a click on the largest candidate of the heart, undo and redo, C again."""
    window = driver.window
    with driver.step("calcium") as notes:
        press(driver, Qt.Key.Key_C)
        seconds = driver.until(
            lambda: _state(driver).case is not None, "the scan made ready", within_s=READY_WITHIN_S
        )
        notes.add(f"ready after {seconds:.1f} s")
        left = _state(driver).left_over
        driver.check(bool(left), "there are candidates in the heart")
        press(driver, Qt.Key.Key_W)
        before = picture_of(window.views.slices[Plane.AXIAL])
        _click(driver, left[0].point_mm)
        total = _state(driver).score.total.agatston
        driver.check(total > 0, "the click scores")
        driver.check(differs(before, picture_of(window.views.slices[Plane.AXIAL])), "it is drawn")
        driver.check(f"{total:.1f}" in str(window.calcium.panel.table.rows()), "the table shows it")
        for modifier, expected in (
            (Qt.KeyboardModifier.NoModifier, 0.0),
            (Qt.KeyboardModifier.ShiftModifier, total),
        ):
            press(driver, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | modifier)
            driver.check(_state(driver).score.total.agatston == expected, "undo and redo")
        seconds = driver.until(
            lambda: _state(driver).spread is not None,
            "the uncertainty",
            within_s=UNCERTAINTY_WITHIN_S,
        )
        notes.add(f"{total:.1f} points, uncertainty after {seconds:.1f} s")
        driver.picture("calcium")
        _look_at_ring(driver)
        press(driver, Qt.Key.Key_C)
        driver.check(not _state(driver).active, "C leaves the mode")


def _look_at_ring(driver: Driver) -> None:
    """A right click on the lesion opens the ring of vessels, Escape closes it."""
    view, menu = driver.window.views.slices[Plane.AXIAL], driver.window.calcium.gestures.menu
    placement = view.placement()
    row, column = placement.place.to_pixel(driver.window.session.state.view.crosshair_mm)
    at = placement.to_screen((float(row), float(column))).toPoint()
    QTest.mouseClick(view, Qt.MouseButton.RightButton, pos=at)
    driver.check(menu.isVisible(), "a right click opens the ring of vessels")
    driver.picture("calcium_vessels")
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    driver.check(not menu.isVisible(), "Escape closes it")


def _state(driver: Driver) -> CalciumState:
    return driver.window.session.state.calcium or CalciumState()


def _click(driver: Driver, point_mm: Point) -> None:
    """Zoom to a place in the axial view and click it."""
    session, view = driver.window.session, driver.window.views.slices[Plane.AXIAL]
    session.move_crosshair(point_mm)
    placement = view.placement()
    row, column = placement.place.to_pixel(point_mm)
    at = placement.to_screen((float(row), float(column)))
    zoomed = placement.zoomed(ZOOM / placement.view.zoom, at)
    session.show(session.state.view.with_plane(Plane.AXIAL, zoomed))
    QTest.mouseMove(view, at.toPoint())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
