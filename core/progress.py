"""Progress of a long piece of work, and the one place where it can be cancelled.

A job is a plain function whose last parameter is a `Progress`. It calls ``progress.step(0.4,
"Finding the lungs")`` in every loop worth noticing; the call reports, or raises `Cancelled`.
"""

import time
from collections.abc import Callable
from typing import Protocol

REPORT_INTERVAL_S = 0.1
"""Reports closer together than this are dropped: ten a second are enough for any eye."""


class Cancelled(Exception):
    """The user asked the work to stop."""


class Progress(Protocol):
    """Receiver of progress reports."""

    def step(self, fraction: float, message: str) -> None:
        """Report that `fraction` (0..1) of the work is done; raise `Cancelled` to stop it."""


class Silent:
    """Progress that nobody watches and nobody cancels."""

    def step(self, fraction: float, message: str) -> None:
        """Do nothing."""


class Span:
    """A part of a larger progress: maps 0..1 onto `start`..`end` of the parent."""

    def __init__(self, parent: Progress, start: float, end: float) -> None:
        self._parent = parent
        self._start = start
        self._end = end

    def step(self, fraction: float, message: str) -> None:
        """Report to the parent within this span."""
        self._parent.step(self._start + fraction * (self._end - self._start), message)


class Throttled:
    """Passes at most ten reports a second to `report`; asks `is_cancelled` at every step.

    Args:
        report: Called with (fraction, message).
        is_cancelled: True once the user asked to stop.
    """

    def __init__(
        self, report: Callable[[float, str], None], is_cancelled: Callable[[], bool] = bool
    ) -> None:
        self._report = report
        self._is_cancelled = is_cancelled
        self._last_time_s = -REPORT_INTERVAL_S
        self._last_message = ""

    def step(self, fraction: float, message: str) -> None:
        """Report if it is time to, or if the message is new; raise `Cancelled` if asked to."""
        if self._is_cancelled():
            raise Cancelled
        now_s = time.monotonic()
        is_news = message != self._last_message or fraction >= 1.0
        if is_news or now_s - self._last_time_s >= REPORT_INTERVAL_S:
            self._last_time_s = now_s
            self._last_message = message
            self._report(min(max(fraction, 0.0), 1.0), message)
