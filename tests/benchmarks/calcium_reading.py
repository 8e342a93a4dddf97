"""A whole calcium reading through the real window: what the hand does, and what the machine takes.

python -m tests.benchmarks.calcium_reading FOLDER

FOLDER holds lung1-001. Eight lesions are clicked; clicks and keys beside them are counted, turns of
the wheel apart. How long a reader's hand and eye take is estimated with the keystroke-level model
(Card, Moran, Newell 1980): key or button 0.2 s, pointing 1.1 s, thinking 1.35 s; a notch 0.1 s.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from core.calcium.categories import VisualGrade
from tests.viewer.calcium.small_scan import Hands
from viewer.application import create_application, create_window
from viewer.settings import FOLDER_VARIABLE

KEY_S, POINT_S, THINK_S, NOTCH_S = 0.2, 1.1, 1.35, 0.1
CTRL = Qt.KeyboardModifier.ControlModifier
LESIONS = (
    (Qt.Key.Key_R, ((52, 193, 245), (46, 168, 266))),
    (Qt.Key.Key_W, ((64, 219, 301), (62, 207, 317))),
    (Qt.Key.Key_E, ((61, 244, 307), (56, 253, 319), (53, 253, 308), (41, 236, 329))),
)
"""(slice, row, column) of candidates in the heart of lung1-001, by the key of their vessel: of the
first of each pair and (56, 253, 319) recorded clicks tell the vessel, the others only count."""


class Waiting:
    """Waits as pytest-qt does."""

    def waitUntil(self, holds: Callable[[], bool], timeout: int = 60_000) -> None:
        """Turn the event loop until something holds."""
        deadline_s = time.monotonic() + timeout / 1000
        while not holds():
            assert time.monotonic() < deadline_s, "it never held"
            QApplication.processEvents()
            time.sleep(0.002)


def main() -> None:
    with tempfile.TemporaryDirectory() as own:
        os.environ[FOLDER_VARIABLE] = own
        create_application()
        window = create_window()
        window.resize(1600, 1000)
        window.show()
        _read(Hands(Waiting(), window), Path(sys.argv[1]), Path(own))
        window.close()


def _read(hands: Hands, folder: Path, own: Path) -> None:
    started = time.perf_counter()
    hands.open(folder)
    opened = time.perf_counter()
    hands.press(Qt.Key.Key_2, CTRL)  # the axial view alone
    hands.enter()
    ready = time.perf_counter()
    notches, walls, cpus = 0, [], []
    for key, places in LESIONS:
        hands.press(key)
        for place in places:
            notches += _scroll_to(hands, place[0])
            wall, cpu = time.perf_counter(), time.process_time()
            hands.click(place)
            cpus.append(time.process_time() - cpu)
            walls.append(time.perf_counter() - wall)
            QApplication.processEvents()
    lesions = hands.clicks
    marked = len(hands.state.reading.marks.lesions)
    assert marked == lesions == 8, f"{marked} lesions of {lesions} clicks"
    QTest.mouseClick(
        hands.window.calcium.panel.verdict.grades[VisualGrade.SEVERE], Qt.MouseButton.LeftButton
    )
    _export(hands, own)
    done = time.perf_counter()
    beside = hands.keys + 2  # the grade, and accepting the folder
    by_hand = (
        lesions * (THINK_S + POINT_S + KEY_S)
        + notches * NOTCH_S
        + hands.keys * KEY_S
        + 2 * (POINT_S + KEY_S)
    )
    lines = (
        f"open {opened - started:.1f} s, made ready {ready - opened:.1f} s",
        f"{lesions} lesions, score {hands.total():.1f}; ready to report {done - ready:.1f} s",
        f"beside the lesions: {hands.keys} keys and 2 clicks = {beside}; {notches} notches",
        f"hand and eye by the keystroke-level model: {by_hand:.0f} s",
        f"hover and click to updated table: median {1000 * sorted(walls)[4]:.0f} ms, "
        f"worst {1000 * max(walls):.0f} ms; processor {1000 * sorted(cpus)[4]:.0f} ms",
    )
    sys.stdout.write("\n".join(lines) + "\n")


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


def _export(hands: Hands, own: Path) -> None:
    out = own / "out"
    out.mkdir()
    hands.press(Qt.Key.Key_E, CTRL)
    waiting = Waiting()
    waiting.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
    dialog = QApplication.activeModalWidget()
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(out))
    dialog.accept()
    waiting.waitUntil((out / "calcium.nii.gz").exists)


if __name__ == "__main__":
    main()
