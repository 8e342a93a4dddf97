"""Works out the uncertainty after each edit, once the hand rests."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from viewer.calcium.preparing import spread_of
from viewer.calcium.state import CalciumState, Spread
from viewer.jobs import JobRunner
from viewer.session import Session, SessionState

GROUP = "calcium uncertainty"
REST_MS = 400
"""Clicks follow each other faster than this: the work begins when they stop."""


class Spreading(QObject):
    """Follows the reading; the newest one replaces what is being worked out."""

    def __init__(self, session: Session, jobs: JobRunner) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._start)
        session.changed.connect(self._follow)

    def shut_down(self) -> None:
        """Begin nothing any more: the window closes."""
        self._rest.stop()

    def _follow(self, old: SessionState, new: SessionState) -> None:
        before = None if old.calcium is None else old.calcium.reading
        now = None if new.calcium is None else new.calcium.reading
        if now is before:
            return
        self._jobs.cancel(GROUP)
        if now is not None and now.done:
            self._rest.start()
        else:
            self._rest.stop()

    def _start(self) -> None:
        state: CalciumState | None = self._session.state.calcium
        if state is None or state.reading is None or state.case is None:
            return
        case, reading = state.case, state.reading
        self._jobs.start(
            GROUP,
            lambda progress: spread_of(case, reading, progress),
            on_done=self._show,
            label="Estimating the uncertainty",
        )

    def _show(self, spread: Spread) -> None:
        state = self._session.state.calcium
        if state is not None:
            self._session.replace(calcium=replace(state, spread=spread))
