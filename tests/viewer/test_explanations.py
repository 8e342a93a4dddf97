"""Questions from the window about its result, answered in a real child process."""

import os
from dataclasses import replace

import pytest

from core.explanation import OCCLUSION
from core.saliency.targets import MORTALITY, RISK_SCORE
from tests.results import example_result, thorax_volume
from viewer.explanations import CHECK, EXPLAIN, OCCLUDE, WHY, Explanations
from viewer.messages import Messages
from viewer.prognosis_process import PrognosisProcess
from viewer.run_state import IDLE
from viewer.runs import Runs
from viewer.session import Session

pytestmark = pytest.mark.usefixtures("nothing_left_running")
TIMEOUT_MS = 20_000
HERE_MM = (10.0, 20.0, -500.0)


class Desk:
    """Session, process and everything between them, without a window."""

    def __init__(self, target: str, module: str) -> None:
        request, _ = example_result()
        self.session = Session()
        self.session.replace(
            series=request.series,
            volume=request.volume,
            fitness={request.series.uid: request.fitness},
        )
        messages = Messages()
        self.told: list[str] = []
        messages.posted.connect(
            lambda message: self.told.append(f"{message.text} {message.remedy}")
        )
        self.process = PrognosisProcess(target=target)
        self.runs = Runs(self.session, self.process, messages=messages)
        self.explanations = Explanations(
            self.session, self.process, messages=messages, module=module
        )
        self.heard: list[tuple[str, bool]] = []
        self.explanations.changed.connect(
            lambda kind, state: self.heard.append((kind, state.running))
        )

    @property
    def state(self):
        return self.session.state

    def run(self, qtbot) -> None:
        before = self.state.result
        assert self.runs.run("mortality-resnet3d-d", {})
        qtbot.waitUntil(lambda: self.state.result is not before, timeout=TIMEOUT_MS)

    def show(self, **changes) -> None:
        self.session.show(replace(self.state.view, **changes))


@pytest.fixture
def desk_of(qtbot):
    desks = []

    def make(
        target: str = "tests.example_analyses:answer", module: str = "tests.example_explanations"
    ) -> Desk:
        desks.append(Desk(target, module))
        return desks[-1]

    yield make
    for desk in desks:
        desk.process.close()


@pytest.fixture
def desk(qtbot, desk_of):
    desk = desk_of()
    desk.run(qtbot)
    return desk


def checked(qtbot, desk) -> None:
    qtbot.waitUntil(lambda: desk.state.trust is not None, timeout=TIMEOUT_MS)


def test_after_a_run_the_maps_are_shown_at_once_and_the_trust_follows_by_itself(qtbot, desk):
    assert desk.state.chosen_map is desk.state.result.saliency_by("gradcam")
    assert desk.state.trust is None
    assert desk.explanations.state(CHECK).running
    checked(qtbot, desk)
    assert len(desk.state.trust.parts) == 3
    assert desk.explanations.state(CHECK) == IDLE
    assert desk.told == []


def test_a_map_that_was_asked_for_is_shown_when_it_comes(qtbot, desk):
    desk.show(target=RISK_SCORE, overlay_method="smoothgrad")
    assert desk.state.chosen_map is None
    assert desk.explanations.explain(RISK_SCORE, ("smoothgrad", "gradcam"))
    qtbot.waitUntil(lambda: desk.state.chosen_map is not None, timeout=TIMEOUT_MS)
    assert desk.state.chosen_map.target == RISK_SCORE.words
    assert desk.state.chosen_map.method == "smoothgrad"
    assert desk.state.chosen_share == {"heart": 0.75, "left lung": 0.25}
    desk.show(overlay_method="gradcam")
    assert desk.state.chosen_map.target == RISK_SCORE.words
    desk.show(target=MORTALITY)
    assert desk.state.chosen_map is desk.state.result.saliency_by("gradcam")


def test_a_map_that_is_there_is_not_asked_for_again(qtbot, desk):
    assert not desk.explanations.explain(MORTALITY, ("gradcam", "gradient"))
    assert desk.explanations.explain(MORTALITY, ("gradcam", "smoothgrad"))
    qtbot.waitUntil(lambda: len(desk.state.explanations) == 1, timeout=TIMEOUT_MS)
    assert not desk.explanations.explain(MORTALITY, ("smoothgrad",))


def test_why_here_answers_before_the_check_and_about_the_output_in_view(qtbot, desk):
    desk.show(target=RISK_SCORE)
    assert desk.explanations.ask_why(HERE_MM, 30.0)
    qtbot.waitUntil(lambda: bool(desk.state.influences), timeout=TIMEOUT_MS)
    assert desk.state.trust is None
    (influence,) = desk.state.influences
    assert (influence.point_mm, influence.size_mm) == (HERE_MM, 30.0)
    assert influence.target == RISK_SCORE
    checked(qtbot, desk)
    desk.explanations.ask_why((0.0, 0.0, 0.0))
    qtbot.waitUntil(lambda: len(desk.state.influences) == 2, timeout=TIMEOUT_MS)
    assert desk.state.influences[0] is influence


def test_occlusion_tells_its_progress_and_is_a_map_at_the_end(qtbot, desk):
    assert desk.explanations.occlude()
    qtbot.waitUntil(lambda: desk.explanations.state(OCCLUDE).fraction > 0, timeout=TIMEOUT_MS)
    assert desk.explanations.state(OCCLUDE).step == "Hiding places"
    qtbot.waitUntil(lambda: bool(desk.state.explanations), timeout=TIMEOUT_MS)
    desk.show(overlay_method=OCCLUSION)
    assert desk.state.chosen_map.method == OCCLUSION
    assert not desk.explanations.occlude()


def test_cancel_takes_a_question_back_at_once(qtbot, desk):
    desk.explanations.occlude()
    qtbot.waitUntil(lambda: desk.explanations.state(OCCLUDE).fraction > 0, timeout=TIMEOUT_MS)
    desk.explanations.cancel(OCCLUDE)
    assert desk.explanations.state(OCCLUDE) == IDLE
    checked(qtbot, desk)
    assert desk.state.explanations == {}
    assert desk.told == []


def test_a_new_run_drops_every_answer_and_checks_anew(qtbot, desk):
    checked(qtbot, desk)
    desk.explanations.ask_why(HERE_MM)
    desk.explanations.explain(RISK_SCORE, ("gradcam",))
    qtbot.waitUntil(lambda: bool(desk.state.explanations), timeout=TIMEOUT_MS)
    desk.show(target=RISK_SCORE)
    desk.run(qtbot)
    state = desk.state
    assert (state.explanations, state.organ_share, state.influences) == ({}, {}, ())
    assert state.trust is None
    assert state.view.target == MORTALITY
    checked(qtbot, desk)


def test_another_scan_drops_every_answer_and_stops_what_is_asked(qtbot, desk):
    checked(qtbot, desk)
    desk.explanations.occlude()
    desk.session.replace(volume=thorax_volume(), result=None)
    assert desk.explanations.state(OCCLUDE) == IDLE
    assert desk.state.trust is None
    qtbot.waitUntil(lambda: not desk.process.is_busy, timeout=TIMEOUT_MS)
    assert desk.state.explanations == {}
    assert not desk.explanations.ask_why(HERE_MM)


def test_nothing_is_asked_while_a_run_goes_on(qtbot, desk):
    checked(qtbot, desk)
    desk.runs.run("mortality-resnet3d-d", {})
    assert not desk.explanations.ask_why(HERE_MM)
    assert not desk.explanations.explain(RISK_SCORE, ("gradcam",))
    assert not desk.explanations.occlude()


def test_a_check_that_a_cancelled_run_interrupted_is_begun_again(qtbot, desk):
    assert desk.explanations.state(CHECK).running
    desk.runs.run("mortality-resnet3d-d", {})
    assert desk.explanations.state(CHECK) == IDLE
    desk.runs.cancel()
    checked(qtbot, desk)


def test_what_fails_is_told_with_its_remedy_and_the_answers_stay(qtbot, desk):
    checked(qtbot, desk)
    desk.explanations.ask_why(HERE_MM)
    qtbot.waitUntil(lambda: bool(desk.state.influences), timeout=TIMEOUT_MS)
    provenance = replace(desk.state.result.provenance, run_id="a run of long ago")
    forgotten = replace(desk.state.result, provenance=provenance)
    answers = {name: getattr(desk.state, name) for name in ("influences", "trust")}
    desk.session.replace(result=forgotten, **answers)
    desk.explanations.explain(RISK_SCORE, ("gradcam",))
    qtbot.waitUntil(lambda: bool(desk.told), timeout=TIMEOUT_MS)
    assert desk.told == ["The run is no longer in memory. Run the model again."]
    assert desk.explanations.state(EXPLAIN).failure == "The run is no longer in memory."
    assert len(desk.state.influences) == 1


def test_a_dead_process_is_told_with_its_remedy(qtbot, desk):
    checked(qtbot, desk)
    os.kill(desk.process.child_pid, 9)
    qtbot.waitUntil(lambda: desk.process.child_pid is None, timeout=3000)
    desk.explanations.ask_why(HERE_MM)
    assert not desk.explanations.state(WHY).running
    qtbot.waitUntil(lambda: bool(desk.told), timeout=TIMEOUT_MS)
    assert "Run the model again" in desk.told[0]
    assert desk.state.result is not None


def test_a_process_that_dies_in_the_middle_of_a_question_is_told(qtbot, desk):
    desk.explanations.occlude()
    qtbot.waitUntil(lambda: desk.explanations.state(OCCLUDE).fraction > 0, timeout=TIMEOUT_MS)
    os.kill(desk.process.child_pid, 9)
    qtbot.waitUntil(lambda: not desk.explanations.state(OCCLUDE).running, timeout=TIMEOUT_MS)
    qtbot.waitUntil(lambda: bool(desk.told), timeout=TIMEOUT_MS)
    assert "signal 9" in desk.told[0]
    assert desk.explanations.state(CHECK).failure  # it waited for the same process


def test_a_check_whose_process_was_killed_troubles_nobody(qtbot, desk_of):
    desk = desk_of()
    desk.run(qtbot)
    assert desk.explanations.state(CHECK).running
    desk.process._line.discard()  # what a cancelled run does to a child that does not stop
    desk.explanations.cancel(CHECK)
    desk.explanations.check()
    qtbot.waitUntil(lambda: not desk.explanations.state(CHECK).running, timeout=TIMEOUT_MS)
    assert desk.explanations.state(CHECK).failure
    qtbot.wait(20)
    assert desk.told == []
    assert desk.state.trust is None


def test_before_a_run_there_is_nothing_to_ask(desk_of):
    desk = desk_of()
    assert not desk.explanations.check()
    assert not desk.explanations.ask_why(HERE_MM)
    assert desk.heard == []
