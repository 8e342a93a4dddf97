"""Time left, from the speed so far."""

import pytest

from core.training import time_left
from core.training.time_left import TimeLeft, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59, "59 s"), (90, "2 min"), (3_500, "58 min"), (7_500, "2 h 5 min")],
)
def test_durations_are_said_in_words(seconds, words):
    assert duration(seconds) == words


def test_a_resumed_run_counts_only_what_it_did_itself(monkeypatch):
    clock = iter([100.0, 110.0])
    monkeypatch.setattr(time_left.time, "monotonic", lambda: next(clock))
    left = TimeLeft()
    assert left.words(0.5) == "time left unknown"
    assert left.words(0.6) == "40 s left"  # a tenth took 10 s
