"""Real child processes, each running one of the small analyses."""

import os
import subprocess
import sys
import threading
import time
from multiprocessing import shared_memory
from pathlib import Path

import numpy as np
import pytest

from core.analysis_result import DEFAULT_MODEL_ID, AnalysisRequest
from core.bugs import Bug
from core.data.fitness import Fitness
from core.data.series import SeriesRecord
from core.errors import ModelInputError, ResourcesError
from core.geometry import VolumeGeometry
from core.volume import Volume
from tests.viewer.conftest import END_WITHIN_S
from viewer.jobs import JobState
from viewer.prognosis_process import PrognosisProcess

pytestmark = pytest.mark.usefixtures("nothing_left_running")

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_MS = 20_000
LOAD_WITHIN_MS = 60_000
"""Torch is imported, the network loaded and compared with fp32."""


def request_of(value: int = 1, series_uid: str = "1.2.3") -> AnalysisRequest:
    hu = np.full((4, 8, 8), value, np.int16)
    volume = Volume(hu, VolumeGeometry(hu.shape, np.eye(4)), series_uid)
    return AnalysisRequest(volume, SeriesRecord(series_uid, ()), Fitness())


class Heard:
    """Everything a process said, in order."""

    def __init__(self, process: PrognosisProcess) -> None:
        self.results, self.errors, self.states, self.steps = [], [], [], []
        self.cancels = 0
        self.threads = set()
        process.finished.connect(self._note(self.results))
        process.failed.connect(self._note(self.errors))
        process.state_changed.connect(self._note(self.states))
        process.progressed.connect(lambda fraction, text: self.steps.append((fraction, text)))
        process.cancelled.connect(self._count_cancel)

    def _note(self, kept: list):
        def note(value) -> None:
            self.threads.add(threading.current_thread())
            kept.append(value)

        return note

    def _count_cancel(self) -> None:
        self.cancels += 1

    @property
    def is_counting(self) -> bool:
        return any(text == "Counting" for _, text in self.steps)


@pytest.fixture
def process_of(qtbot):
    processes = []

    def make(target: str, **options) -> tuple[PrognosisProcess, Heard]:
        process = PrognosisProcess(target=f"tests.small_analyses:{target}", **options)
        processes.append(process)
        return process, Heard(process)

    yield make
    for process in processes:
        process.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_gives_its_result_on_the_gui_thread_and_the_child_stays_warm(qtbot, process_of):
    process, heard = process_of("describe")
    assert process.state is None
    assert process.child_pid is None
    process.run(request_of(1))
    qtbot.waitUntil(lambda: len(heard.results) == 1, timeout=TIMEOUT_MS)
    assert heard.results[0]["sum"] == 4 * 8 * 8
    assert heard.states == [JobState.WAITING, JobState.RUNNING, JobState.DONE]
    assert (0.5, "Adding up") in heard.steps
    assert heard.threads == {threading.main_thread()}

    process.run(request_of(2))
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=TIMEOUT_MS)
    assert heard.results[1]["sum"] == 2 * 4 * 8 * 8
    assert heard.results[1]["pid"] == heard.results[0]["pid"] == process.child_pid
    assert heard.results[1]["pid"] != os.getpid()
    assert heard.results[1]["heavy"] == []


def test_a_run_may_be_started_from_the_end_of_another_in_the_same_child(qtbot, process_of):
    process, heard = process_of("describe")

    def once_more(_result) -> None:
        if len(heard.results) < 3:
            process.run(request_of(len(heard.results)))

    process.finished.connect(once_more)
    process.run(request_of(0))
    qtbot.waitUntil(lambda: len(heard.results) == 3, timeout=TIMEOUT_MS)
    assert len({each["pid"] for each in heard.results}) == 1
    assert heard.cancels == 0


def test_starting_a_run_does_not_hold_up_the_window(qtbot, process_of):
    process, heard = process_of("describe")
    hu = np.zeros((300, 512, 512), np.int16)
    volume = Volume(hu, VolumeGeometry(hu.shape, np.eye(4)), "1.2.3")
    start_s = time.monotonic()
    process.run(AnalysisRequest(volume, SeriesRecord("1.2.3", ()), Fitness()))
    assert time.monotonic() - start_s < 1
    qtbot.waitUntil(lambda: bool(heard.results), timeout=TIMEOUT_MS)


def test_what_a_run_gives_arrives_whole_and_read_only(qtbot, process_of):
    process, heard = process_of("find_the_bright")
    request = request_of(7)
    process.run(request)
    qtbot.waitUntil(lambda: bool(heard.results), timeout=TIMEOUT_MS)
    mask, saliency = heard.results[0]
    assert mask.labels.all()
    assert saliency.values.all()
    assert (saliency.method, saliency.threshold) == ("gradcam", 0.5)
    assert saliency.geometry.agrees_with(request.volume.geometry)
    for array in (mask.labels, saliency.values, saliency.geometry.affine):
        assert not array.flags.writeable


def test_a_child_can_load_the_model_before_the_first_run(qtbot, process_of):
    process, heard = process_of("describe")
    process.warm_up("there-is-no-such-model")  # the run itself will say so
    process.warm_up(DEFAULT_MODEL_ID)
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.results), timeout=LOAD_WITHIN_MS)
    assert heard.results[0]["heavy"] == ["torch"]
    assert heard.results[0]["pid"] == process.child_pid


def test_a_large_result_arrives_whole(qtbot, process_of):
    process, heard = process_of("echo_large")
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.results), timeout=TIMEOUT_MS)
    assert len(heard.results[0]) == 20_000_000


def test_cancel_answers_at_once_and_keeps_a_child_that_listens(qtbot, process_of):
    process, heard = process_of("count_slowly")
    process.run(request_of())
    qtbot.waitUntil(lambda: heard.is_counting, timeout=TIMEOUT_MS)
    pid = process.child_pid
    start_s = time.monotonic()
    process.cancel()
    assert heard.cancels == 1
    assert time.monotonic() - start_s < 0.5
    assert process.state is JobState.CANCELLED
    steps_at_cancel = len(heard.steps)
    qtbot.waitUntil(lambda: not process.is_busy, timeout=3000)
    qtbot.wait(50)
    assert len(heard.steps) == steps_at_cancel
    assert process.child_pid == pid
    heard.steps.clear()
    process.run(request_of())  # the cancel of the first run does not reach the second
    qtbot.waitUntil(lambda: heard.is_counting, timeout=TIMEOUT_MS)
    qtbot.wait(100)
    assert process.state is JobState.RUNNING
    assert process.child_pid == pid
    assert heard.results == heard.errors == []


def test_cancelling_nothing_does_nothing(qtbot, process_of):
    process, heard = process_of("describe")
    process.cancel()
    assert (heard.cancels, heard.states) == (0, [])
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.results), timeout=TIMEOUT_MS)
    process.cancel()
    assert heard.cancels == 0


def test_a_result_that_comes_after_cancel_is_dropped(qtbot, process_of):
    process, heard = process_of("describe")
    process.run(request_of())
    process.cancel()
    assert process.is_busy
    qtbot.waitUntil(lambda: not process.is_busy, timeout=TIMEOUT_MS)
    assert heard.results == heard.errors == []
    assert heard.states[-1] is JobState.CANCELLED


def test_a_child_that_does_not_listen_is_killed_and_the_next_run_has_a_new_one(qtbot, process_of):
    process, heard = process_of("never_look_up", confirm_within_s=0.3)
    process.run(request_of())
    qtbot.waitUntil(lambda: process.state is JobState.RUNNING, timeout=TIMEOUT_MS)
    pid = process.child_pid
    process.cancel()
    assert is_running(pid)
    qtbot.waitUntil(lambda: not is_running(pid), timeout=3000)
    assert process.child_pid is None
    assert heard.cancels == 1
    process.run(request_of())
    qtbot.waitUntil(lambda: process.state is JobState.RUNNING, timeout=TIMEOUT_MS)
    assert process.child_pid not in (None, pid)
    assert heard.errors == []


def test_a_new_run_does_not_wait_for_the_old_one(qtbot, process_of):
    process, heard = process_of("never_look_up")
    process.run(request_of())
    qtbot.waitUntil(lambda: process.state is JobState.RUNNING, timeout=TIMEOUT_MS)
    pid = process.child_pid
    start_s = time.monotonic()
    process.run(request_of())
    assert time.monotonic() - start_s < 1
    assert heard.cancels == 1
    qtbot.waitUntil(lambda: not is_running(pid), timeout=3000)
    qtbot.waitUntil(lambda: process.state is JobState.RUNNING, timeout=TIMEOUT_MS)
    assert heard.errors == []


def test_an_error_for_the_user_arrives_whole(qtbot, process_of):
    process, heard = process_of("refuse")
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.errors), timeout=TIMEOUT_MS)
    assert isinstance(heard.errors[0], ModelInputError)
    assert heard.errors[0].remedy == "Use a thinner series."
    assert process.state is JobState.FAILED


def test_a_bug_is_told_as_a_bug(qtbot, process_of):
    process, heard = process_of("stumble")
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.errors), timeout=TIMEOUT_MS)
    assert isinstance(heard.errors[0], Bug)
    assert "in stumble:" in heard.errors[0].details


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("die_at_once", "stopped by the system (signal 9): most often too little memory"),
        ("leave", "ended without an answer (exit status 3)"),
    ],
)
def test_the_death_of_the_child_is_an_error_in_words(qtbot, process_of, target, words):
    process, heard = process_of(target)
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.errors), timeout=TIMEOUT_MS)
    assert isinstance(heard.errors[0], ResourcesError)
    assert words in heard.errors[0].message
    assert "still open" in heard.errors[0].remedy
    assert process.state is JobState.FAILED


def test_after_a_death_the_next_run_has_a_new_child(qtbot, process_of):
    process, heard = process_of("die_first_then_answer")
    process.run(request_of(series_uid="fatal"))
    qtbot.waitUntil(lambda: bool(heard.errors), timeout=TIMEOUT_MS)
    process.run(request_of())
    qtbot.waitUntil(lambda: heard.results == [process.child_pid], timeout=TIMEOUT_MS)


def test_a_child_killed_while_idle_costs_nothing(qtbot, process_of):
    process, heard = process_of("describe")
    process.run(request_of())
    qtbot.waitUntil(lambda: len(heard.results) == 1, timeout=TIMEOUT_MS)
    os.kill(process.child_pid, 9)
    qtbot.waitUntil(lambda: process.child_pid is None, timeout=3000)
    process.run(request_of())
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=TIMEOUT_MS)
    assert heard.errors == []


def test_killing_the_child_in_the_middle_of_a_run_is_told(qtbot, process_of):
    process, heard = process_of("count_slowly")
    process.run(request_of())
    qtbot.waitUntil(lambda: heard.is_counting, timeout=TIMEOUT_MS)
    os.kill(process.child_pid, 9)
    qtbot.waitUntil(lambda: bool(heard.errors), timeout=5000)
    process.cancel()  # too late: it has failed already
    assert heard.cancels == 0


@pytest.mark.parametrize("target", ["describe", "die_at_once", "never_look_up"])
def test_no_shared_memory_is_left_behind(qtbot, process_of, monkeypatch, target):
    blocks = []
    real = shared_memory.SharedMemory

    def noted(*arguments, **options):
        blocks.append(real(*arguments, **options))
        return blocks[-1]

    monkeypatch.setattr("core.shared_volume.SharedMemory", noted)
    process, heard = process_of(target)
    process.run(request_of())
    if target == "never_look_up":
        qtbot.waitUntil(lambda: process.state is JobState.RUNNING, timeout=TIMEOUT_MS)
    else:
        qtbot.waitUntil(lambda: bool(heard.results or heard.errors), timeout=TIMEOUT_MS)
    process.close()
    assert len(blocks) == 1
    with pytest.raises(FileNotFoundError):
        real(blocks[0].name)


def test_close_waits_for_a_child_whose_answer_was_not_yet_heard(process_of):
    process, _ = process_of("describe")
    process.run(request_of())
    pid = process.child_pid
    deadline_s = time.monotonic() + TIMEOUT_MS / 1000
    while any(each.name.startswith("prognosis-") for each in threading.enumerate()):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)  # and no event is processed: the answer waits in the queue
    assert process.is_busy
    process.close()
    assert not is_running(pid)


@pytest.mark.parametrize("target", ["describe", "never_look_up"])
def test_close_ends_the_child_whether_it_is_idle_or_busy(qtbot, process_of, target):
    process, heard = process_of(target)
    process.run(request_of())
    qtbot.waitUntil(lambda: process.state is not JobState.WAITING, timeout=TIMEOUT_MS)
    pid = process.child_pid
    start_s = time.monotonic()
    process.close()
    assert time.monotonic() - start_s < 2
    assert not is_running(pid)
    qtbot.wait(50)
    assert heard.errors == []
    process.close()


def test_when_the_parent_is_killed_the_child_ends_too(tmp_path):
    program = """
import sys, time
from PySide6.QtCore import QCoreApplication
from tests.viewer.test_prognosis_process import request_of
from viewer.prognosis_process import PrognosisProcess

application = QCoreApplication([])
process = PrognosisProcess(target="tests.small_analyses:count_slowly")
process.progressed.connect(lambda *_: print(process.child_pid, flush=True))
process.run(request_of())
application.exec()
"""
    script = tmp_path / "parent.py"
    script.write_text(f"if __name__ == '__main__':{program.replace(chr(10), chr(10) + '    ')}")
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    with parent:
        pids = {int(parent.stdout.readline()) for _ in range(4)}
        parent.kill()
    (child,) = pids
    deadline_s = time.monotonic() + END_WITHIN_S
    while is_running(child) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not is_running(child)
