"""Where a run of a model stands, as a value that panels can show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunState:
    """What the prognosis panel and the status bar need to know about a run.

    Attributes:
        running: True from the request until result, failure or cancel.
        fraction: 0..1 of the work done.
        step: What is being done, in words.
        failure: Why the last run gave nothing; empty if it did not fail.
        remedy: What to do about it.
    """

    running: bool = False
    fraction: float = 0.0
    step: str = ""
    failure: str = ""
    remedy: str = ""


IDLE = RunState()
