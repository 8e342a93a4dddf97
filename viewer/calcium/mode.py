"""Calcium mode: what each gesture and key does to the reading. No drawing here.

Every edit goes to the journal on disk at once. What takes longer than a moment runs as a job.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from math import dist
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.calcium.categories import VisualGrade
from core.calcium.edits import (
    AddLasso,
    AddLesion,
    ConfirmZero,
    Cut,
    Edit,
    Grade,
    Remove,
    SetVessel,
)
from core.calcium.growth import SNAP_MM
from core.calcium.journal import Journal
from core.calcium.patch import patch_score
from core.calcium.protocol import refusal
from core.calcium.reading import Reading
from core.calcium.rule import STANDARD, Rule
from core.calcium.scores import Vessel
from core.data.fitness import Fitness, Level
from core.errors import ReportError, SeriesError, ThoralensError
from core.progress import Progress
from viewer.calcium.preparing import made_ready, with_rule
from viewer.calcium.state import CalciumState, Meant, Tool, is_on
from viewer.calcium.target import Finder, Target, hover_of
from viewer.jobs import Job, JobRunner, JobState
from viewer.messages import Message, MessageLevel, Messages
from viewer.session import Session, SessionState
from viewer.view_state import Point

if TYPE_CHECKING:
    from core.calcium_case import CalciumCase

GROUP = "calcium"
UNANSWERED = Message(
    MessageLevel.WARNING,
    "A reading of this scan is kept on disk.",
    "Choose “Restore” or “Begin anew” in the calcium panel first.",
)


class CalciumMode(QObject):
    """Turns calcium mode on and off and applies what the reader does.

    Args:
        session: Holds the state (`CalciumState`).
        jobs: Runs what takes long.
        messages: Told of refusals and of growths that were stopped.
        initials: The reader's, asked at each edit.
        folder: Of the journals.
    """

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        *,
        messages: Messages,
        initials: Callable[[], str],
        folder: Path,
    ) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._messages = messages
        self._initials = initials
        self._folder = folder
        self._journal: Journal | None = None
        self._finder = Finder()
        session.changed.connect(self._follow)
        jobs.job_changed.connect(self._follow_job)

    @property
    def state(self) -> CalciumState | None:
        """The present state; None where the mode was not entered on this scan."""
        return self._session.state.calcium

    # --- on and off ---

    def toggle(self) -> None:
        """Into the mode, or out of it with the edits kept."""
        if is_on(self.state):
            self.leave()
        else:
            self.enter()

    def enter(self) -> None:
        """Make the scan ready, or go on with the reading that was left."""
        session = self._session.state
        if session.volume is None or session.series is None:
            return
        if self.state is not None and self.state.case is not None:
            self._change(active=True)
            return
        verdict = (session.fitness or {}).get(session.series.uid, Fitness()).calcium
        if verdict.level is Level.BLOCK:
            worst = verdict.worst
            self._tell(f"Calcium cannot be scored on this series. {worst.text}", worst.remedy)
            return
        self._session.replace(calcium=CalciumState())
        regions = None if session.result is None else session.result.regions
        record, volume = session.series, session.volume
        self._jobs.start(
            GROUP,
            lambda progress: made_ready(record, volume, regions, progress),
            on_done=self._begin,
            on_failed=self._give_up,
            label="Preparing the scan for calcium",
        )

    def leave(self) -> None:
        """Out of the mode; the edits are kept. What is not ready yet is given up."""
        self._jobs.cancel(GROUP)
        if self.state is not None:
            self._change(active=False, hovered=None, tool=Tool.CLICK)

    def _begin(self, case: "CalciumCase") -> None:
        refused = refusal(case.checks)
        if refused is not None:
            self._change(case=case, refusal=refused)
            return
        kept = self._kept_edits(case)
        self._change(case=case, reading=case.reading(), kept_edits=kept)

    def _kept_edits(self, case: "CalciumCase") -> int:
        try:
            self._journal = Journal.of_series(self._folder, case.volume.series_uid)
            return len(self._journal.restored(case.reading()).done)
        except ReportError as error:
            self._messages.post_error(error)
            return 0

    def _give_up(self, error: ThoralensError) -> None:
        self._session.replace(calcium=None)
        self._messages.post_error(error)

    def restore(self) -> None:
        """Take up the reading that is kept on disk."""
        state = self.state
        if state is None or state.case is None or self._journal is None:
            return
        rule = self._journal.rule
        if rule is None or rule == STANDARD:
            self._take_up(state.case, state.case.reading())
        else:
            self._start_with_rule(rule, restoring=True)

    def _take_up(self, case: "CalciumCase", empty: Reading) -> None:
        self._change(case=case, reading=self._journal.restored(empty), kept_edits=0, spread=None)

    def begin_anew(self) -> None:
        """Leave what is kept on disk out of account; it stays there to be audited."""
        self._keep(lambda journal: journal.add_clear())
        self._change(kept_edits=0)

    # --- what the hand holds ---

    def choose_vessel(self, vessel: Vessel) -> None:
        """The next click adds to this vessel."""
        self._change(vessel=vessel, hovered=None)

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; the same one again puts it away."""
        if self.state is not None:
            self._change(tool=Tool.CLICK if self.state.tool is tool else tool, hovered=None)

    def take_tool(self, tool: Tool) -> None:
        """Take a tool, whichever was in the hand."""
        self._change(tool=tool, hovered=None)

    def leave_tool(self) -> bool:
        """Put the tool away; False if none was taken."""
        held = is_on(self.state) and self.state.tool is not Tool.CLICK
        if held:
            self._change(tool=Tool.CLICK)
        return held

    def hover(self, point_mm: Point | None) -> None:
        """Show what a click at a point would take."""
        state = self.state
        if state is None or not state.active or state.reading is None:
            return
        target = None if point_mm is None else self._finder.target(state, point_mm)
        if target is None or state.tool is not Tool.CLICK:
            if state.hovered is not None:
                self._change(hovered=None)
        elif state.hovered is None or not _holds(state.hovered.voxels, target):
            self._change(hovered=hover_of(state, target))

    def go_to_next(self) -> None:
        """Look at the largest candidate left unmarked, or the one after the one in view."""
        left = () if self.state is None else self.state.left_over
        if not left:
            return
        here = self._session.state.view.crosshair_mm
        at = [number for number, each in enumerate(left) if dist(each.point_mm, here) < SNAP_MM]
        self._session.move_crosshair(left[(at[0] + 1) % len(left) if at else 0].point_mm)

    # --- edits ---

    def click(self, point_mm: Point, *, only_slice: bool = False) -> None:
        """Add the lesion at a point; remove it if it is marked so already, or reassign it."""
        state = self.state
        if state is None or state.reading is None:
            return
        target = self._finder.target(state, point_mm)
        if target is None:
            return
        if target.lesion is None:
            by, at = self._initials(), _now()
            self._edit(AddLesion(target.point_mm, state.vessel, only_slice, by, at))
            if self.state.reading is not state.reading:
                patch = patch_score(state.reading.volume, target.point_mm, state.reading.rule)
                self._change(patch=patch)
        elif state.reading.marks.lesions[target.lesion].vessel is state.vessel:
            self._edit(Remove(target.point_mm))
        else:
            self._edit(SetVessel(target.point_mm, state.vessel))
        self.hover(point_mm)

    def add_within(self, loop_mm: tuple[Point, ...]) -> None:
        """Add every candidate with its centre inside a loop."""
        if self.state is not None:
            self._edit(AddLasso(loop_mm, self.state.vessel, self._initials(), _now()))

    def cut(self, start_mm: Point, end_mm: Point) -> None:
        """Part the marked lesions that a line crosses."""
        self._edit(Cut(start_mm, end_mm))

    def remove(self, point_mm: Point) -> None:
        """Remove the marked lesion at a point."""
        self._edit(Remove(point_mm))

    def remove_hovered(self) -> None:
        """Remove the marked lesion under the cursor."""
        hovered = None if self.state is None else self.state.hovered
        if hovered is not None and hovered.meant is Meant.MARKED:
            self._edit(Remove(hovered.point_mm))

    def confirm_zero(self, initials: str) -> None:
        """The reader looked and found no calcium."""
        self._edit(ConfirmZero(initials))

    def give_grade(self, grade: VisualGrade) -> None:
        """The visual grade."""
        self._edit(Grade(grade))

    def undo(self) -> None:
        """Take the last edit back."""
        state = self.state
        if state is not None and state.reading is not None and state.reading.done:
            self._keep(lambda journal: journal.add_undo())
            self._show(state.reading.before())

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        state = self.state
        if state is not None and state.reading is not None and state.reading.undone:
            self._keep(lambda journal: journal.add_redo())
            self._show(state.reading.again())

    def choose_rule(self, rule: Rule) -> None:
        """Weigh by another rule: candidates are sought anew, the edits replayed."""
        state = self.state
        if state is None or state.reading is None or state.reading.rule == rule:
            return
        if state.kept_edits:
            self._messages.post(UNANSWERED)
        else:
            self._start_with_rule(rule)

    def _start_with_rule(self, rule: Rule, *, restoring: bool = False) -> None:
        case = self.state.case

        def work(progress: Progress) -> "CalciumCase":
            return with_rule(case, rule, progress)

        def done(found: "CalciumCase") -> None:
            if restoring:
                self._take_up(found, found.reading(rule))
                return
            reading = self.state.reading.replayed(rule=rule)
            self._keep(lambda journal: _rewrite(journal, reading))
            self._change(case=found, reading=reading, spread=None, hovered=None)

        self._jobs.start(GROUP, work, on_done=done, label="Finding candidates by this rule")

    def _edit(self, edit: Edit) -> None:
        state = self.state
        if state is None or state.reading is None:
            return
        if state.kept_edits:
            self._messages.post(UNANSWERED)
            return
        try:
            reading = state.reading.edited(edit)
        except SeriesError as error:
            self._change(note=error.message)
            return
        self._keep(lambda journal: journal.add(edit))
        words = reading.marks.lesions[-1].words if isinstance(edit, AddLesion) else ""
        self._show(reading, note=f"{edit.vessel.value}: {words}" if words else "")

    def _show(self, reading: Reading, note: str = "") -> None:
        self._change(reading=reading, spread=None, hovered=None, note=note)

    def _keep(self, write: Callable[[Journal], None]) -> None:
        """Write to the journal; where the disk does not take it, the reading goes on."""
        if self._journal is None:
            return
        try:
            write(self._journal)
        except ReportError as error:
            self._messages.post_error(error)

    def _change(self, **changes: object) -> None:
        if self.state is not None:
            self._session.replace(calcium=replace(self.state, **changes))

    def _tell(self, text: str, remedy: str = "") -> None:
        self._messages.post(Message(MessageLevel.WARNING, text, remedy))

    def _follow_job(self, job: Job) -> None:
        """Preparing was cancelled: out of the mode."""
        cancelled = job.group == GROUP and job.state is JobState.CANCELLED
        if cancelled and self.state is not None and self.state.case is None:
            self._session.replace(calcium=None)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.volume is not old.volume:
            self._jobs.cancel(GROUP)
            self._journal = None
            self._finder.forget()


def _holds(voxels: object, target: Target) -> bool:
    return bool((voxels == target.voxel).all(axis=1).any())


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _rewrite(journal: Journal, reading: Reading) -> None:
    """The reading from its beginning: what met nothing by the new rule is no longer in it."""
    journal.add_clear()
    journal.add_rule(reading.rule)
    for edit in reading.edits:
        journal.add(edit)
