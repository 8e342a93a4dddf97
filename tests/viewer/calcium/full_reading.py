"""A whole reading through the real window, counted: open, score, grade, report.

Clicks on lesions are counted apart from the keys and clicks beside them, and turns of the wheel
apart from both.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from core.calcium.categories import VisualGrade
from tests.viewer.calcium.small_scan import Hands

CTRL = Qt.KeyboardModifier.ControlModifier
Voxel = tuple[int, int, int]

LUNG1_LESIONS = {
    Qt.Key.Key_R: ((52, 193, 245), (46, 168, 266)),
    Qt.Key.Key_W: ((64, 219, 301), (62, 207, 317)),
    Qt.Key.Key_E: ((61, 244, 307), (56, 253, 319), (53, 253, 308), (41, 236, 329)),
}
"""(slice, row, column) of candidates in the heart of lung1-001, by the key of their vessel: of the
first of each pair and (56, 253, 319) recorded clicks tell the vessel, the others only count."""


@dataclass
class Counted:
    """What a reading took.

    Attributes:
        lesions: Clicks on lesions.
        keys: Keys pressed.
        clicks: Clicks beside the lesions.
        notches: Of the wheel.
        opened_s: From the folder to the picture.
        ready_s: From C to the candidates.
        report_s: From the candidates to the written report.
        click_s: From a hover and click to the updated table, for each lesion.
        click_processor_s: The same in time of the processor.
    """

    lesions: int = 0
    keys: int = 0
    clicks: int = 0
    notches: int = 0
    opened_s: float = 0.0
    ready_s: float = 0.0
    report_s: float = 0.0
    click_s: list[float] = field(default_factory=list)
    click_processor_s: list[float] = field(default_factory=list)

    @property
    def beside(self) -> int:
        """Keys and clicks beside the lesions themselves."""
        return self.keys + self.clicks


def read_whole(
    hands: Hands,
    folder: Path,
    lesions: Mapping[Qt.Key, Sequence[Voxel]],
    *,
    grade: VisualGrade,
    out: Path,
) -> Counted:
    """Open a folder, mark lesions by vessel, grade, and save the report into an empty folder."""
    counted = Counted()
    moments = [time.perf_counter()]
    hands.open(folder)
    moments.append(time.perf_counter())
    hands.press(Qt.Key.Key_2, CTRL)  # the axial view alone
    hands.enter()
    moments.append(time.perf_counter())
    for key, places in lesions.items():
        hands.press(key)
        for place in places:
            counted.notches += _scroll_to(hands, place[0])
            _mark(hands, place, counted)
    _press_button(hands, grade, counted)
    _export(hands, out, counted)
    moments.append(time.perf_counter())
    began, opened, ready, done = moments
    counted.opened_s, counted.ready_s = opened - began, ready - opened
    counted.report_s = done - ready
    counted.lesions, counted.keys = hands.clicks, hands.keys
    return counted


def _mark(hands: Hands, place: Voxel, counted: Counted) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    hands.click(place)
    counted.click_processor_s.append(time.process_time() - processor)
    counted.click_s.append(time.perf_counter() - wall)
    QApplication.processEvents()


def _press_button(hands: Hands, grade: VisualGrade, counted: Counted) -> None:
    counted.clicks += 1
    button = hands.window.calcium.panel.verdict.grades[grade]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _scroll_to(hands: Hands, index: int) -> int:
    """Turn the wheel until a slice is in view; the number of notches."""
    state = hands.window.session.state
    present = round(float(state.volume.geometry.to_index(state.view.crosshair_mm)[0]))
    at = QPointF(hands.view.rect().center())
    for _ in range(abs(index - present)):
        turn = QPoint(0, 120 if index > present else -120)
        event = QWheelEvent(
            at, QPointF(hands.view.mapToGlobal(at)), QPoint(), turn, Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(hands.view, event)
    return abs(index - present)


def _export(hands: Hands, out: Path, counted: Counted) -> None:
    hands.press(Qt.Key.Key_E, CTRL)
    hands.qtbot.waitUntil(
        lambda: isinstance(QApplication.activeModalWidget(), QFileDialog), timeout=60_000
    )
    dialog = QApplication.activeModalWidget()
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(out))
    counted.clicks += 1
    dialog.accept()
    hands.qtbot.waitUntil(hands.window.message_bar.isVisible, timeout=60_000)  # "Saved ..."
