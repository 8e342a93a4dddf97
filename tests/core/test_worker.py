"""The door is opened for real: a spawned child, a pipe, a shared block."""

import ctypes
import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from core.analysis_result import AnalysisRequest
from core.bugs import Bug
from core.data.fitness import Fitness
from core.data.series import SeriesRecord
from core.errors import ModelInputError, ResourcesError
from core.geometry import VolumeGeometry
from core.shared_volume import release, share
from core.volume import Volume
from core.worker import Ask, Done, Failed, Quit, Run, Step, Stopped, serve

ANSWER_WITHIN_S = 20


def request_of(hu: np.ndarray, **others) -> AnalysisRequest:
    geometry = VolumeGeometry(hu.shape, np.diag([2.5, 0.7, 0.7, 1.0]))
    volume = Volume(hu, geometry, "1.2.3", hu < -2000)
    return AnalysisRequest(volume, SeriesRecord("1.2.3", ()), Fitness(), **others)


class Child:
    """A child and its pipe, as a parent without any viewer would hold them."""

    def __init__(self, target: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.cancel_flag = context.RawValue(ctypes.c_bool, False)
        self.process = context.Process(
            target=serve,
            args=(theirs, self.cancel_flag, f"tests.small_analyses:{target}"),
            daemon=True,
        )
        self.process.start()
        theirs.close()

    def answer(self):
        assert self.connection.poll(ANSWER_WITHIN_S), "the child is silent"
        return self.connection.recv()

    def ask(self, ticket: int, request: AnalysisRequest) -> list:
        block, shared = share(request.volume)
        try:
            self.connection.send(Run.of(ticket, request, shared))
            answers = [self.answer()]
        finally:
            release(block)  # the first answer says that it was read
        while isinstance(answers[-1], Step):
            answers.append(self.answer())
        return answers


@pytest.fixture
def child_of():
    children = []

    def start(target: str) -> Child:
        children.append(Child(target))
        return children[-1]

    yield start
    for child in children:
        child.connection.close()
        child.process.join(5)
        is_over = not child.process.is_alive()
        child.process.kill()
        assert is_over, "a child must end when its parent closes the pipe"


def test_the_child_gets_the_volume_and_answers_again_and_again(child_of):
    child = child_of("describe")
    hu = np.arange(-3000, -3000 + 2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    *steps, done = child.ask(7, request_of(hu, clinical={"age": 61.0}, model_id="a-model"))
    assert all(isinstance(each, Step) and each.ticket == 7 for each in steps)
    assert [each.message for each in steps] == ["Starting the analysis", "Adding up"]
    assert isinstance(done, Done)
    assert done.ticket == 7
    assert done.result["sum"] == int(hu.sum())
    assert done.result["padded"] == 24
    assert done.result["writeable"] is False
    assert np.array_equal(done.result["affine"], np.diag([2.5, 0.7, 0.7, 1.0]))
    assert (done.result["clinical"], done.result["model_id"]) == ({"age": 61.0}, "a-model")
    assert done.result["heavy"] == []
    assert done.result["pid"] == child.process.pid

    again = child.ask(8, request_of(hu + np.int16(1)))[-1]
    assert again.result["sum"] == int(hu.sum()) + 24
    assert again.result["pid"] == child.process.pid


def test_a_question_is_answered_by_the_function_that_it_names(child_of):
    child = child_of("describe")
    child.connection.send(Ask(3, "tests.small_analyses:answer_at_once", ("here", 20.0)))
    answers = [child.answer() for _ in range(3)]
    assert answers[0] == Step(3, 0.0, "Asking the model")
    assert answers[1].message == "Thinking"
    assert answers[2] == Done(3, (("here", 20.0), child.process.pid))


def test_a_question_that_nobody_can_answer_is_a_bug_and_the_child_lives(child_of):
    child = child_of("describe")
    child.connection.send(Ask(4, "tests.small_analyses:there_is_none", None))
    assert isinstance(child.answer(), Step)
    assert isinstance(child.answer().error, Bug)
    child.connection.send(Ask(5, "tests.small_analyses:answer_at_once", None))
    assert child.answer().ticket == 5


def test_cancel_stops_the_run_but_not_the_child(child_of):
    child = child_of("count_slowly")
    request = request_of(np.zeros((2, 2, 2), np.int16))
    block, shared = share(request.volume)
    child.connection.send(Run.of(1, request, shared))
    while child.answer().message != "Counting":
        pass
    release(block)
    start_s = time.monotonic()
    child.cancel_flag.value = True
    answer = child.answer()
    while isinstance(answer, Step):
        answer = child.answer()
    assert answer == Stopped(1)
    assert time.monotonic() - start_s < 1
    assert child.process.is_alive()


def test_an_error_for_the_user_arrives_whole(child_of):
    answer = child_of("refuse").ask(1, request_of(np.zeros((1, 1, 1), np.int16)))[-1]
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, ModelInputError)
    assert answer.error.message == "Slices are 8 mm thick; 2.5 mm were expected."
    assert answer.error.remedy == "Use a thinner series."


def test_a_bug_arrives_as_a_bug_without_its_secrets_and_the_child_lives(child_of):
    child = child_of("stumble")
    request = request_of(np.zeros((1, 1, 1), np.int16))
    answer = child.ask(1, request)[-1]
    assert isinstance(answer.error, Bug)
    assert answer.error.kind == "ValueError"
    assert "in stumble:" in answer.error.details
    assert answer.error.details.endswith("they may name a patient or a file")
    assert child.ask(2, request)[-1].ticket == 2


@pytest.mark.parametrize(
    ("target", "kind"), [("want_too_much", ResourcesError), ("return_what_cannot_travel", Bug)]
)
def test_what_goes_wrong_at_the_edges_is_an_answer_too(child_of, target, kind):
    answer = child_of(target).ask(1, request_of(np.zeros((1, 1, 1), np.int16)))[-1]
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, kind)


def test_quit_ends_the_child_and_ctrl_c_does_not(child_of):
    child = child_of("describe")
    child.ask(1, request_of(np.zeros((1, 1, 1), np.int16)))
    os.kill(child.process.pid, signal.SIGINT)
    assert isinstance(child.ask(2, request_of(np.zeros((1, 1, 1), np.int16)))[-1], Done)
    child.connection.send(Quit())
    child.process.join(5)
    assert child.process.exitcode == 0


def test_the_child_dies_before_the_viewer_when_memory_runs_out(child_of):
    score_file = "/proc/{}/oom_score_adj"
    if not os.path.exists(score_file.format("self")):
        pytest.skip("only Linux chooses by score")
    child = child_of("describe")
    child.ask(1, request_of(np.zeros((1, 1, 1), np.int16)))
    with (
        open(score_file.format(child.process.pid)) as theirs,
        open("/proc/self/oom_score_adj") as ours,
    ):
        assert int(theirs.read()) > int(ours.read())
