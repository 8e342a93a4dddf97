"""Drives the real window through the main job, without a screen: `thoralens --self-test DIR`.

Every step acts on the real widgets, waits for what must be seen, and is timed. Screenshots and
``verdict.json`` are left in DIR; the exit status is 0 only if every step held.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from viewer.application import create_application, create_window
from viewer.main_window import MainWindow
from viewer.messages import Message
from viewer.settings import FOLDER_VARIABLE

SIZE_PX = (1600, 1000)
POLL_MS = 10
VERDICT_FILE = "verdict.json"


class StepFailedError(Exception):
    """What should have been seen was not."""


@dataclass(frozen=True)
class StepReport:
    """One line of the verdict.

    Attributes:
        name: Of the step.
        ok: True if everything was seen that should be.
        seconds: How long it took.
        detail: What was seen, or what was not.
    """

    name: str
    ok: bool
    seconds: float
    detail: str


@dataclass
class Notes:
    """What a step saw, for its line of the verdict."""

    seen: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Note something that was seen."""
        self.seen.append(text)


class Driver:
    """The hands and eyes of the self test.

    Args:
        folder: Receives screenshots and the verdict.
        window: The real window.
    """

    def __init__(self, folder: Path, window: MainWindow) -> None:
        self.folder = folder
        self.window = window
        self.reports: list[StepReport] = []
        self._bugs: list[Message] = []
        self._pictures = 0
        window.messages.posted.connect(self._note_bug)

    @contextmanager
    def step(self, name: str) -> Iterator[Notes]:
        """Time a step and write its line; a failed one does not stop those that follow."""
        notes, start = Notes(), time.monotonic()
        self._bugs.clear()
        ok = False
        try:
            yield notes
            ok = not self._bugs
            if self._bugs:
                notes.add(f"a bug was told: {self._bugs[0].details}")
        except StepFailedError as failure:
            notes.add(str(failure))
            self.picture(f"failed_{name.replace(' ', '_')}")
        finally:
            seconds = round(time.monotonic() - start, 3)
            report = StepReport(name, ok, seconds, "; ".join(notes.seen))
            self.reports.append(report)
            mark = "ok    " if ok else "FAILED"
            sys.stderr.write(f"{mark} {seconds:8.2f} s  {name}: {report.detail}\n")

    def until(self, seen: Callable[[], bool], what: str, *, within_s: float) -> float:
        """Let the window live until something is seen.

        Returns:
            The seconds it took.

        Raises:
            StepFailedError: It was not seen in time.
        """
        start, loop, poll = time.monotonic(), QEventLoop(), QTimer(interval=POLL_MS)
        is_seen = False

        def look() -> None:
            nonlocal is_seen
            is_seen = seen()
            if is_seen or time.monotonic() - start > within_s:
                loop.quit()

        poll.timeout.connect(look)
        poll.start()
        loop.exec()
        poll.stop()
        if not is_seen:
            raise StepFailedError(f"{what}: not seen within {within_s:g} s")
        return time.monotonic() - start

    def check(self, held: bool, what: str) -> None:
        """Fail the step with these words unless it held."""
        if not held:
            raise StepFailedError(f"not so: {what}")

    def picture(self, name: str, widget: QWidget | None = None) -> None:
        """Leave a screenshot of the window, or of a dialog."""
        self._pictures += 1
        QApplication.processEvents()  # also what a new panel's layout still asks for
        path = self.folder / f"{self._pictures:02d}_{name}.png"
        (widget or self.window).grab().save(str(path))

    @property
    def ok(self) -> bool:
        """True if there were steps and every one held."""
        return bool(self.reports) and all(report.ok for report in self.reports)

    def write_verdict(self) -> None:
        """Write ``verdict.json``."""
        verdict = {"ok": self.ok, "steps": [asdict(report) for report in self.reports]}
        (self.folder / VERDICT_FILE).write_text(json.dumps(verdict, indent=2) + "\n")

    def _note_bug(self, message: Message) -> None:
        if message.details:
            self._bugs.append(message)


def run_self_test(folder: Path) -> int:
    """Run every step.

    Args:
        folder: Made if missing; an older verdict in it is removed first.

    Returns:
        0 if every step held, else 1.
    """
    from viewer.self_test_steps import drive

    folder.mkdir(parents=True, exist_ok=True)
    (folder / VERDICT_FILE).unlink(missing_ok=True)
    os.environ[FOLDER_VARIABLE] = str(folder / "settings")  # the user's own stay untouched
    application = create_application()
    window = create_window()
    window.resize(*SIZE_PX)
    driver = Driver(folder, window)
    finished = False
    try:
        drive(driver)
        finished = True
    finally:
        if not finished:
            driver.reports.append(StepReport("finish", False, 0.0, "a step ended with a bug"))
        driver.write_verdict()
        window.close()
        application.processEvents()
    return 0 if driver.ok else 1
