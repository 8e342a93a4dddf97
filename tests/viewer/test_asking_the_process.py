"""Questions to a real child process, about a run that it really did."""

import os
import time

import pytest

from core.bugs import Bug
from core.errors import ModelInputError, ResourcesError
from tests.viewer.test_prognosis_process import TIMEOUT_MS, Heard, is_running, request_of
from viewer.jobs import JobState
from viewer.prognosis_process import PrognosisProcess
from viewer.question_queue import Question

pytestmark = pytest.mark.usefixtures("nothing_left_running")


class Asker:
    """Asks, and notes everything that is heard as (kind, what, value)."""

    def __init__(self, process: PrognosisProcess) -> None:
        self._process = process
        self.heard: list[tuple[str, str, object]] = []

    def ask(self, target: str, kind: str = "why", request: object = None, **options) -> None:
        def note(what: str):
            return lambda *values: self.heard.append((kind, what, values[0] if values else None))

        self._process.ask(
            Question(
                f"tests.small_analyses:{target}",
                request,
                kind,
                on_done=note("done"),
                on_failed=note("failed"),
                on_progress=lambda _fraction, words: self.heard.append((kind, "step", words)),
                on_withdrawn=note("withdrawn"),
                **options,
            )
        )

    def ends(self) -> list[tuple[str, str]]:
        return [(kind, what) for kind, what, _ in self.heard if what != "step"]

    def values(self, what: str) -> list[object]:
        return [value for _, each, value in self.heard if each == what]

    def is_counting(self, kind: str) -> bool:
        return (kind, "step", "Counting") in self.heard


@pytest.fixture
def process_of(qtbot):
    processes = []

    def make(target: str = "describe", **options) -> tuple[PrognosisProcess, Heard, Asker]:
        process = PrognosisProcess(target=f"tests.small_analyses:{target}", **options)
        processes.append(process)
        return process, Heard(process), Asker(process)

    yield make
    for process in processes:
        process.close()


@pytest.fixture
def after_a_run(qtbot, process_of):
    process, heard, asker = process_of()
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.results), timeout=TIMEOUT_MS)
    return process, heard, asker


def test_the_child_of_the_run_answers(qtbot, after_a_run):
    process, heard, asker = after_a_run
    asker.ask("answer_at_once", request={"point_mm": (1.0, 2.0, 3.0)})
    qtbot.waitUntil(lambda: asker.ends() == [("why", "done")], timeout=TIMEOUT_MS)
    assert asker.values("done") == [({"point_mm": (1.0, 2.0, 3.0)}, heard.results[0]["pid"])]
    assert asker.values("step") == ["Asking the model", "Thinking"]
    assert process.state is JobState.DONE  # of the run


def test_questions_of_several_kinds_wait_for_each_other(qtbot, after_a_run):
    _, _, asker = after_a_run
    for kind in ("explain", "why", "occlude"):
        asker.ask("count_then_answer", kind)
    qtbot.waitUntil(lambda: len(asker.ends()) == 3, timeout=TIMEOUT_MS)
    assert asker.ends() == [("explain", "done"), ("why", "done"), ("occlude", "done")]


def test_the_newest_of_a_kind_replaces_the_older_waiting_or_not(qtbot, after_a_run):
    process, _, asker = after_a_run
    pid = process.child_pid
    for number in range(3):
        asker.ask("count_then_answer", request=number)
    assert asker.ends() == [("why", "withdrawn"), ("why", "withdrawn")]
    qtbot.waitUntil(lambda: bool(asker.values("done")), timeout=TIMEOUT_MS)
    qtbot.wait(50)
    assert asker.values("done") == [(2, pid)]
    assert len(asker.ends()) == 3


def test_the_background_gives_way_to_a_question_and_is_begun_again(qtbot, after_a_run):
    process, _, asker = after_a_run
    pid = process.child_pid
    asker.ask("count_then_answer", "check", in_background=True)
    qtbot.waitUntil(lambda: asker.is_counting("check"), timeout=TIMEOUT_MS)
    asker.ask("answer_at_once", "why")
    qtbot.waitUntil(lambda: len(asker.ends()) == 2, timeout=TIMEOUT_MS)
    assert asker.ends() == [("why", "done"), ("check", "done")]
    assert process.child_pid == pid


def test_the_background_keeps_an_answer_that_it_had_when_it_was_to_give_way(qtbot, after_a_run):
    _, _, asker = after_a_run
    asker.ask("sleep_then_answer", "check", in_background=True)
    qtbot.waitUntil(lambda: bool(asker.heard), timeout=TIMEOUT_MS)
    asker.ask("answer_at_once", "why")
    qtbot.waitUntil(lambda: len(asker.ends()) == 2, timeout=TIMEOUT_MS)
    assert asker.ends() == [("check", "done"), ("why", "done")]


def test_a_question_can_be_withdrawn_at_once_and_the_child_stays(qtbot, after_a_run):
    process, _, asker = after_a_run
    pid = process.child_pid
    asker.ask("count_slowly", "occlude")
    qtbot.waitUntil(lambda: asker.is_counting("occlude"), timeout=TIMEOUT_MS)
    start_s = time.monotonic()
    process.withdraw("occlude")
    assert asker.ends() == [("occlude", "withdrawn")]
    qtbot.waitUntil(lambda: not process.is_busy, timeout=3000)
    assert time.monotonic() - start_s < 1
    assert process.child_pid == pid
    process.withdraw("occlude")
    assert asker.ends() == [("occlude", "withdrawn")]


def test_a_run_withdraws_the_questions_and_has_the_same_warm_child(qtbot, after_a_run):
    process, heard, asker = after_a_run
    asker.ask("count_slowly", "occlude")
    asker.ask("answer_at_once", "why")
    asker.ask("answer_at_once", "check", in_background=True)
    qtbot.waitUntil(lambda: asker.is_counting("occlude"), timeout=TIMEOUT_MS)
    process.run(request_of())
    assert asker.ends() == [
        ("occlude", "withdrawn"),
        ("why", "withdrawn"),
        ("check", "withdrawn"),
    ]
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=TIMEOUT_MS)
    assert heard.results[0]["pid"] == heard.results[1]["pid"]
    assert heard.cancels == 0


def test_a_question_that_does_not_listen_is_killed_when_a_run_waits_for_it(qtbot, process_of):
    process, heard, asker = process_of(confirm_within_s=0.3)
    process.run(request_of())
    qtbot.waitUntil(lambda: bool(heard.results), timeout=TIMEOUT_MS)
    asker.ask("never_look_up")
    qtbot.waitUntil(lambda: bool(asker.heard), timeout=TIMEOUT_MS)
    pid = process.child_pid
    process.run(request_of())
    assert process.state is JobState.WAITING
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=TIMEOUT_MS)
    assert heard.results[1]["pid"] != pid
    assert not is_running(pid)
    assert heard.errors == []


def test_a_run_that_waits_for_a_question_can_be_cancelled(qtbot, after_a_run):
    process, heard, asker = after_a_run
    asker.ask("sleep_then_answer")
    qtbot.waitUntil(lambda: bool(asker.heard), timeout=TIMEOUT_MS)
    process.run(request_of())
    process.cancel()
    assert heard.cancels == 1
    qtbot.waitUntil(lambda: not process.is_busy, timeout=TIMEOUT_MS)
    assert len(heard.results) == 1
    assert asker.ends() == [("why", "withdrawn")]


def test_a_question_that_is_refused_says_why(qtbot, after_a_run):
    _, _, asker = after_a_run
    asker.ask("refuse", "explain")
    asker.ask("stumble", "why")
    qtbot.waitUntil(lambda: len(asker.ends()) == 2, timeout=TIMEOUT_MS)
    refused, bug = asker.values("failed")
    assert isinstance(refused, ModelInputError)
    assert isinstance(bug, Bug)


def test_a_child_that_dies_of_one_question_cannot_answer_the_next(qtbot, after_a_run):
    process, heard, asker = after_a_run
    asker.ask("die_at_once", "explain")
    asker.ask("answer_at_once", "why")
    qtbot.waitUntil(lambda: len(asker.ends()) == 2, timeout=TIMEOUT_MS)
    assert asker.ends() == [("explain", "failed"), ("why", "failed")]
    died, forgotten = asker.values("failed")
    assert "signal 9" in died.message
    assert isinstance(forgotten, ResourcesError)
    assert "Run the model again" in forgotten.remedy
    process.run(request_of())
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=TIMEOUT_MS)


def test_without_a_child_nothing_is_started_for_a_question(process_of):
    process, _, asker = process_of()
    asker.ask("answer_at_once")
    assert asker.ends() == [("why", "failed")]
    assert process.child_pid is None


def test_a_child_killed_while_idle_is_noticed_by_the_next_question(qtbot, after_a_run):
    process, _, asker = after_a_run
    os.kill(process.child_pid, 9)
    qtbot.waitUntil(lambda: process.child_pid is None, timeout=3000)
    asker.ask("answer_at_once")
    assert asker.ends() == [("why", "failed")]


def test_close_ends_a_question(qtbot, after_a_run):
    process, _, asker = after_a_run
    asker.ask("never_look_up")
    qtbot.waitUntil(lambda: bool(asker.heard), timeout=TIMEOUT_MS)
    pid = process.child_pid
    process.close()
    assert not is_running(pid)
    qtbot.wait(50)
    assert asker.ends() == []
