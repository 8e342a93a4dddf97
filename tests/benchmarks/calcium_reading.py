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

from PySide6.QtWidgets import QApplication

from core.calcium.categories import VisualGrade
from tests.viewer.calcium.full_reading import LUNG1_LESIONS, Counted, read_whole
from tests.viewer.calcium.small_scan import Hands
from viewer.application import create_application, create_window
from viewer.settings import FOLDER_VARIABLE

KEY_S, POINT_S, THINK_S, NOTCH_S = 0.2, 1.1, 1.35, 0.1


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
        out = Path(own) / "out"
        out.mkdir()
        hands = Hands(Waiting(), window)
        counted = read_whole(
            hands, Path(sys.argv[1]), LUNG1_LESIONS, grade=VisualGrade.SEVERE, out=out
        )
        _print(counted, hands.total())
        window.close()


def _print(counted: Counted, total: float) -> None:
    by_hand = (
        counted.lesions * (THINK_S + POINT_S + KEY_S)
        + counted.notches * NOTCH_S
        + counted.keys * KEY_S
        + counted.clicks * (POINT_S + KEY_S)
    )
    walls, processor = sorted(counted.click_s), sorted(counted.click_processor_s)
    middle = len(walls) // 2
    lines = (
        f"open {counted.opened_s:.1f} s, made ready {counted.ready_s:.1f} s",
        f"{counted.lesions} lesions, score {total:.1f}; ready to report {counted.report_s:.1f} s",
        f"beside the lesions: {counted.keys} keys and {counted.clicks} clicks = {counted.beside}; "
        f"{counted.notches} notches",
        f"hand and eye by the keystroke-level model: {by_hand:.0f} s",
        f"hover and click to updated table: median {1000 * walls[middle]:.0f} ms, "
        f"worst {1000 * walls[-1]:.0f} ms; processor {1000 * processor[middle]:.0f} ms",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
