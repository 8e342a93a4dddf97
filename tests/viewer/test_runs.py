"""A run belongs to the scan that it was started on."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Signal

from core.bugs import Bug
from core.data.fitness import Fitness, Level, Reason, Verdict
from core.errors import ResourcesError
from core.saliency.targets import MORTALITY
from tests.results import example_result, thorax_volume
from viewer.messages import Messages
from viewer.run_state import IDLE
from viewer.runs import STOPPED_BY_OPENING, Runs, request_from
from viewer.session import Session, SessionState
from viewer.view_changes import map_chosen, with_overlay


class Process(QObject):
    """Answers when the test says so; the real one is used in `test_main_window`."""

    progressed = Signal(float, str)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self):
        super().__init__()
        self.requests = []

    def run(self, request):
        self.requests.append(request)

    def cancel(self):
        self.cancelled.emit()


@pytest.fixture
def process(qapp):
    return Process()


@pytest.fixture
def session():
    request, _ = example_result()
    session = Session()
    session.replace(
        series=request.series,
        volume=request.volume,
        fitness={request.series.uid: request.fitness},
    )
    return session


@pytest.fixture
def messages():
    return Messages()


@pytest.fixture
def runs(session, process, messages):
    return Runs(session, process, messages=messages)


def test_the_request_holds_what_is_open(session, runs, process):
    assert runs.run("some-model", {"age_years": 60})
    request = process.requests[0]
    assert request.volume is session.state.volume
    assert request.series is session.state.series
    assert request.fitness is session.state.fitness[session.state.series.uid]
    assert (request.model_id, request.clinical) == ("some-model", {"age_years": 60})


def test_with_nothing_open_there_is_no_request(qapp, process, messages):
    assert request_from(SessionState(), "some-model", {}) is None
    assert not Runs(Session(), process, messages=messages).run("some-model", {})
    assert process.requests == []


def test_a_refused_series_is_not_run(session, runs, process):
    refused = Fitness(model=Verdict((Reason(Level.BLOCK, "too thick"),)))
    session.replace(fitness={session.state.series.uid: refused})
    assert not runs.run("some-model", {})
    assert process.requests == []


def test_progress_is_shown_and_the_result_ends_it(session, runs, process):
    runs.run("some-model", {})
    process.progressed.emit(0.5, "Finding the lungs")
    assert (runs.state.fraction, runs.state.step) == (0.5, "Finding the lungs")
    _, result = example_result(session.state.volume)
    process.finished.emit(result)
    assert runs.state == IDLE
    assert session.state.result is result
    assert session.state.overlay_map.method == "gradcam"


def test_a_result_that_comes_after_another_scan_was_opened_is_dropped(session, runs, process):
    runs.run("some-model", {})
    _, late = example_result(session.state.volume)
    session.replace(volume=thorax_volume())
    assert not runs.state.running
    process.finished.emit(late)
    assert session.state.result is None


def test_opening_another_scan_during_a_run_is_told_and_closing_is_not(
    session, runs, messages, qtbot
):
    told = []
    messages.posted.connect(told.append)
    runs.run("some-model", {})
    session.replace(volume=thorax_volume())
    qtbot.waitUntil(lambda: [each.text for each in told] == [STOPPED_BY_OPENING])
    runs.run("some-model", {})
    session.replace(volume=None)
    assert not runs.state.running
    qtbot.wait(20)
    assert len(told) == 1


def test_the_method_that_was_looked_at_is_kept_by_the_next_run(session, runs, process):
    session.show(replace(session.state.view, overlay_method="gradient"))
    runs.run("some-model", {})
    process.finished.emit(example_result(session.state.volume)[1])
    assert session.state.view.overlay_method == "gradient"


def test_a_raw_threshold_is_kept_by_a_run_of_the_same_model_and_dropped_by_another(
    session, runs, process
):
    _, result = example_result(session.state.volume)
    view = map_chosen(session.state.view, None, target=MORTALITY, method="gradcam")
    another = result.card.model_copy(update={"id": "another"})
    session.replace(result=result, view=with_overlay(view, raw_threshold=0.004))
    for card, kept in ((result.card, 0.004), (another, None)):
        runs.run("some-model", {})
        process.finished.emit(replace(result, card=card))
        assert session.state.view.overlay.raw_threshold == kept


def test_cancel_keeps_the_earlier_result(session, runs, process):
    _, result = example_result(session.state.volume)
    session.replace(result=result)
    runs.run("some-model", {})
    runs.cancel()
    assert runs.state == IDLE
    assert session.state.result is result


def test_a_failure_stands_in_the_state_with_its_remedy(session, runs, process, qtbot, messages):
    told = []
    messages.posted.connect(told.append)
    runs.run("some-model", {})
    process.failed.emit(ResourcesError("Too little memory.", "Close something."))
    assert (runs.state.failure, runs.state.remedy) == ("Too little memory.", "Close something.")
    qtbot.wait(20)
    assert told == []  # the panel tells it; the bar is for what no panel shows
    session.replace(volume=thorax_volume())
    assert runs.state == IDLE


def test_a_bug_is_told_with_its_details(runs, process, qtbot, messages):
    runs.run("some-model", {})
    with qtbot.waitSignal(messages.posted) as posted:
        process.failed.emit(Bug("KeyError", "line 12"))
    assert posted.args[0].details == "line 12"
