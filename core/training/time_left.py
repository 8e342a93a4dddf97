"""How long a piece of work will still take, judged by how fast it has gone so far."""

import time

SECONDS_A_MINUTE = 60
MINUTES_AN_HOUR = 60


class TimeLeft:
    """Begins with the first share of the work it is told of: a resumed run starts in the middle."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def words(self, done: float) -> str:
        """The time that is left, as "3 min left", for the share of the work that is done, 0..1."""
        now_s = time.monotonic()
        if self._first is None:
            self._first = (done, now_s)
        first, started_s = self._first
        if done <= first:
            return "time left unknown"
        return f"{duration((now_s - started_s) * (1 - done) / (done - first))} left"


def duration(seconds: float) -> str:
    """Such as "40 s", "3 min", "2 h 5 min"."""
    if seconds < SECONDS_A_MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / SECONDS_A_MINUTE)
    if minutes < MINUTES_AN_HOUR:
        return f"{minutes} min"
    return f"{minutes // MINUTES_AN_HOUR} h {minutes % MINUTES_AN_HOUR} min"
