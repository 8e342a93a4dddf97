"""Hands and eyes of the self test: presses keys, turns the wheel, looks at pixels."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QWidget

from core.views.planes import Plane
from core.views.window import Window
from viewer.self_test import Driver

DRAW_WITHIN_S = 60.0


def wait_for_progress(driver: Driver) -> None:
    """Wait until a run has begun to report."""
    driver.until(
        lambda: driver.window.runs.state.running and driver.window.runs.state.fraction > 0,
        "progress of the run",
        within_s=120,
    )


def show_method(driver: Driver, method: str) -> None:
    """Choose a map in the menu and put the crosshair where it is strongest."""
    window = driver.window
    menu = window.overlay_panel.method
    driver.check(menu.findData(method) >= 0, f"the menu offers {method}")
    menu.setCurrentIndex(menu.findData(method))
    saliency = window.session.state.overlay_map
    driver.check(saliency is not None and saliency.method == method, f"{method} is drawn")
    strongest = np.unravel_index(np.argmax(saliency.values), saliency.values.shape)
    x, y, z = saliency.geometry.to_patient(strongest)
    window.session.move_crosshair((float(x), float(y), float(z)))
    await_volume(driver)


def await_volume(driver: Driver) -> None:
    """Wait until the volume view's picture shows the map in view, as its legend says."""
    volume, session = driver.window.views.volume, driver.window.session
    driver.until(
        lambda: (
            not volume.isVisible()
            or volume.pictured == (session.state.chosen_map, session.state.view.overlay)
        ),
        "the volume's picture of the map",
        within_s=DRAW_WITHIN_S,
    )


def answer_file_dialog(driver: Driver, path: Path) -> None:
    """Type a path into the open file dialog and accept it."""
    driver.until(
        lambda: isinstance(QApplication.activeModalWidget(), QFileDialog),
        "the file dialog",
        within_s=10,
    )
    dialog = QApplication.activeModalWidget()
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))
    dialog.accept()


def click(widget: QWidget) -> None:
    """Click the middle of a widget."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def press(
    driver: Driver,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Press a key over the views."""
    view = driver.window.views.slices[Plane.AXIAL]
    target = view if view.isVisible() else driver.window
    driver.window.activateWindow()  # a closed dialog leaves no window active where there is no
    driver.until(driver.window.isActiveWindow, "the window is active", within_s=5)  # desktop
    target.setFocus()
    QTest.keyClick(target, key, modifier)


def wheel(view: QWidget, *, notches: int) -> None:
    """Turn the wheel over the middle of a widget."""
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def axial_index(driver: Driver) -> int:
    """Slice number of the axial view."""
    state = driver.window.session.state
    return int(np.rint(state.volume.geometry.to_index(state.view.crosshair_mm)[0]))


def present_window(driver: Driver) -> Window:
    """Width and level in force."""
    return driver.window.session.state.view.window


def picture_of(widget: QWidget) -> np.ndarray:
    """RGB of a widget as it is drawn now."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def spread(widget: QWidget) -> float:
    """Standard deviation of the middle of a widget: 0 for an empty one."""
    pixels = picture_of(widget)
    height, width = pixels.shape[:2]
    middle = pixels[height // 4 : -height // 4, width // 4 : -width // 4]
    return float(middle.std())


def coloured(widget: QWidget) -> int:
    """Number of clearly coloured pixels in the middle of a widget."""
    pixels = picture_of(widget).astype(int)
    height, width = pixels.shape[:2]
    middle = pixels[height // 8 : -height // 8, width // 8 : -width // 8]
    return int((np.ptp(middle, axis=2) > 40).sum())


def differs(one: np.ndarray, other: np.ndarray) -> bool:
    """True if two pictures are not the same, pixel for pixel."""
    return one.shape != other.shape or bool((one != other).any())


def is_written(path: Path) -> bool:
    """True for a file that holds something."""
    return path.is_file() and path.stat().st_size > 0


def visible_text(window: QWidget) -> str:
    """Text of every label that can be seen."""
    labels = window.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())
