"""Fixtures for the viewer: nothing may be left running."""

import multiprocessing
import threading
import time
from collections.abc import Iterator

import pytest

END_WITHIN_S = 3.0


@pytest.fixture
def nothing_left_running() -> Iterator[None]:
    """Fails a test after which a thread or a child process goes on."""
    before = set(threading.enumerate())

    def left() -> list[object]:
        threads = [each for each in threading.enumerate() if each not in before]
        return [*threads, *multiprocessing.active_children()]

    yield
    deadline_s = time.monotonic() + END_WITHIN_S
    while left() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert left() == []
