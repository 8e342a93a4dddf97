"""Asks the model's process about the last run, and puts the answers into the session.

After each finished run the maps are checked in the background: the check gives way to questions
and runs, and is begun again after them.
"""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from core.bugs import Bug
from core.errors import ThoralensError
from core.explanation import (
    OCCLUSION,
    WHY_HERE_SIZE_MM,
    CheckRequest,
    ExplainRequest,
    Explanation,
    OccludeRequest,
    WhyHereRequest,
)
from core.saliency.influence import Influence
from core.saliency.map_trust import MapTrust
from core.saliency.targets import Target
from viewer.jobs import JobState
from viewer.messages import LOGGER, Messages
from viewer.prognosis_process import PrognosisProcess
from viewer.question_queue import Question
from viewer.run_state import IDLE, RunState
from viewer.session import Session, SessionState
from viewer.view_state import Point

EXPLAIN, WHY, OCCLUDE, CHECK = "explain", "why", "occlude", "check"
KINDS = (EXPLAIN, WHY, OCCLUDE, CHECK)
"""Kinds of questions: the newest of a kind replaces the older."""

MODULE = "core.explaining"
"""Whose functions answer in the child process."""


class Explanations(QObject):
    """One question of a kind at a time; all belong to the result that the session holds.

    Every asking method returns False where nothing was asked: there is no result, a run is going
    on, or the answer is known already.

    Args:
        session: Gives the result and receives the answers.
        process: Answers.
        messages: Is told of what fails.
        module: Whose functions answer.

    Signals:
        changed: (kind, RunState): where the question of one of `KINDS` stands.
    """

    changed = Signal(str, object)

    def __init__(
        self,
        session: Session,
        process: PrognosisProcess,
        *,
        messages: Messages,
        module: str = MODULE,
    ) -> None:
        super().__init__()
        self._session = session
        self._process = process
        self._messages = messages
        self._module = module
        self._states = dict.fromkeys(KINDS, IDLE)
        session.changed.connect(self._follow)
        process.cancelled.connect(self._check_again)
        process.failed.connect(self._check_again)

    def state(self, kind: str) -> RunState:
        """Where the question of a kind stands."""
        return self._states[kind]

    def explain(self, target: Target, methods: tuple[str, ...]) -> bool:
        """Ask for maps; those that are there already are not asked for."""
        state = self._session.state
        missing = tuple(each for each in methods if state.made_map(target, each) is None)
        if not missing or not self._may_ask():
            return False
        request = ExplainRequest(self._run_id(), target, missing)
        return self._ask(EXPLAIN, "explain", request, self._keep_maps)

    def ask_why(self, point_mm: Point, size_mm: float = WHY_HERE_SIZE_MM) -> bool:
        """Ask how the output in view changes when the place at `point_mm` is replaced."""
        if not self._may_ask():
            return False
        target = self._session.state.view.target
        request = WhyHereRequest(self._run_id(), point_mm, size_mm, target)
        return self._ask(WHY, "why_here", request, self._keep_influence)

    def occlude(self) -> bool:
        """Ask for the occlusion map of the output in view: minutes on a processor."""
        state = self._session.state
        target = state.view.target
        if state.made_map(target, OCCLUSION) is not None or not self._may_ask():
            return False
        request = OccludeRequest(self._run_id(), target)
        return self._ask(OCCLUDE, "occlude", request, self._keep_maps)

    def check(self) -> bool:
        """Ask how far the maps may be trusted, when nothing else is asked."""
        if self._session.state.trust is not None or not self._may_ask():
            return False
        request = CheckRequest(self._run_id())
        return self._ask(CHECK, "check_maps", request, self._keep_trust)

    def cancel(self, kind: str) -> None:
        """Take the question of a kind back; no-op if there is none."""
        self._process.withdraw(kind)

    def _may_ask(self) -> bool:
        runs = self._process.state in (JobState.WAITING, JobState.RUNNING)
        return self._session.state.result is not None and not runs

    def _run_id(self) -> str:
        return self._session.state.result.provenance.run_id

    def _ask(self, kind: str, function: str, request: object, keep: Callable[[Any], None]) -> bool:
        def done(answer: object) -> None:
            self._show(kind, IDLE)
            keep(answer)

        self._process.withdraw(kind)
        self._show(kind, RunState(running=True, step="Waiting for the model"))
        self._process.ask(
            Question(
                target=f"{self._module}:{function}",
                request=request,
                kind=kind,
                on_done=done,
                on_failed=partial(self._failed, kind),
                on_progress=partial(self._progressed, kind),
                on_withdrawn=partial(self._show, kind, IDLE),
                in_background=kind == CHECK,
            )
        )
        return True

    def _keep_maps(self, answer: Explanation) -> None:
        state = self._session.state
        maps = {(each.target, each.method): each for each in answer.maps}
        shares = {key: answer.organ_share.get(key[1], {}) for key in maps}
        outside = {
            key: answer.outside_region_share[key[1]]
            for key in maps
            if key[1] in answer.outside_region_share
        }
        self._session.replace(
            explanations=MappingProxyType({**state.explanations, **maps}),
            organ_share=MappingProxyType({**state.organ_share, **shares}),
            outside_share=MappingProxyType({**state.outside_share, **outside}),
        )

    def _keep_influence(self, answer: Influence) -> None:
        self._session.replace(influences=(*self._session.state.influences, answer))

    def _keep_trust(self, answer: MapTrust) -> None:
        self._session.replace(trust=answer)

    def _progressed(self, kind: str, fraction: float, step: str) -> None:
        self._show(kind, RunState(running=True, fraction=fraction, step=step))

    def _failed(self, kind: str, error: ThoralensError) -> None:
        self._show(kind, RunState(failure=error.message, remedy=error.remedy))
        if kind == CHECK and not isinstance(error, Bug):  # nobody asked; the badge says it
            LOGGER.warning("%s %s", error.message, error.remedy)
        else:
            self._messages.post_error(error)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        """Another result: questions about the old one are of no use any more."""
        if new.result is old.result:
            return
        for kind in KINDS:
            self._process.withdraw(kind)
            if self._states[kind] != IDLE:
                self._show(kind, IDLE)
        self.check()

    @Slot()
    def _check_again(self) -> None:
        """A run that came to nothing had interrupted the check of the result that stays."""
        if self._process.child_pid is not None:
            self.check()

    def _show(self, kind: str, state: RunState) -> None:
        self._states[kind] = state
        self.changed.emit(kind, state)
