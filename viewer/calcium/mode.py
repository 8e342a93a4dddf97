"""Calcium mode: what each gesture and key does to the reading. No drawing here.

Every edit goes to the journal on disk at once. What takes longer than a moment runs as a job.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from math import dist
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
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
from core.calcium.journal import Journal, Kept
from core.calcium.patch import patch_score
from core.calcium.protocol import refusal
from core.calcium.reading import Reading
from core.calcium.rule import STANDARD, Rule
from core.calcium.scores import Vessel
from core.data.fitness import Fitness, Level
from core.errors import ReportError, SeriesError, ThoralensError
from core.progress import Progress
from core.views.planes import Plane, nearest_slice
from viewer.axial_averages import averaged_around
from viewer.calcium.heart_box import box_between, with_box
from viewer.calcium.preparing import made_ready, with_rule
from viewer.calcium.state import CalciumState, Hover, Meant, Tool, is_on
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
        self._is_behind = False
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
            kept = self._journal.kept()
            if not kept.done and kept != Kept():
                self._journal.add_clear()  # a rule without edits would weigh those to come
            return len(kept.done)
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
        try:
            kept = self._journal.kept()
        except ReportError as error:
            self._messages.post_error(error)
            return
        if kept.rule == STANDARD:
            self._take_up(state.case, kept)
        else:
            self._start_with_rule(kept.rule, restoring=kept)

    def _take_up(self, case: "CalciumCase", kept: Kept) -> None:
        reading = case.reading(kept.rule).with_history(kept.done, kept.undone)
        self._change(case=case, reading=reading, kept_edits=0, spread=None)
        if kept.not_understood:
            self._tell(
                f"Of the reading on disk {kept.not_understood} edits could not be understood.",
                "A newer version wrote them: compare the marks with what you remember.",
            )

    def begin_anew(self) -> None:
        """Leave what is kept on disk out of account; it stays there to be audited."""
        if self.state is not None and self.state.reading is not None:
            self._keep(self.state.reading, lambda journal: journal.add_clear())
            self._change(kept_edits=0)

    # --- what the hand holds ---

    def choose_vessel(self, vessel: Vessel) -> None:
        """The next click adds to this vessel."""
        self._change(vessel=vessel, hovered=None)

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; the same one again puts it away."""
        if self.state is not None:
            self._change(tool=Tool.CLICK if self.state.tool is tool else tool, hovered=None)

    def choose_box(self) -> None:
        """Take the box where a heart region may be drawn."""
        if self.state is not None and self.state.may_draw_box:
            self.choose_tool(Tool.BOX)

    def take_tool(self, tool: Tool) -> None:
        """Take a tool, whichever was in the hand."""
        self._change(tool=tool, hovered=None)

    def leave_tool(self) -> bool:
        """Put the tool away; False if none was taken."""
        held = is_on(self.state) and self.state.tool is not Tool.CLICK
        if held:
            self._change(tool=Tool.CLICK)
        return held

    def toggle_averages(self) -> None:
        """Thin slices as averages of about 3 mm, or each by itself."""
        if is_on(self.state) and self.state.grouping is not None:
            self._change(averages=not self.state.averages, hovered=None)

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

    def lies_at(self, point_mm: Point) -> Hover | None:
        """The candidate or marked lesion at a point; None for bone or nothing."""
        state = self.state
        if not is_on(state) or state.reading is None:
            return None
        target = self._finder.target(state, point_mm)
        found = None if target is None else hover_of(state, target)
        return None if found is None or found.meant is Meant.BONE else found

    def mark_as(self, point_mm: Point, vessel: Vessel) -> None:
        """Give the candidate or marked lesion at a point to a vessel, which stays chosen."""
        self.choose_vessel(vessel)
        found = self.lies_at(point_mm)
        if found is not None and found.vessel is not vessel:
            self.click(point_mm)

    def add_within(self, loop_mm: tuple[Point, ...]) -> None:
        """Add every candidate with its centre inside a loop."""
        state = self.state
        if state is None or state.reading is None:
            return
        centred_mm, through_mm = _through(state, loop_mm)
        self._edit(AddLasso(centred_mm, state.vessel, self._initials(), _now(), through_mm))

    def cut(self, start_mm: Point, end_mm: Point) -> None:
        """Part the marked lesions that a line crosses."""
        self._edit(Cut(start_mm, end_mm))

    def draw_box(self, first_mm: Point, second_mm: Point) -> None:
        """The heart lies between two corners of the axial view; what lies beside it is dimmed."""
        state = self.state
        if state is None or not state.may_draw_box:
            return
        case = state.case
        box = box_between(case.volume.geometry, first_mm, second_mm)
        self._jobs.start(
            GROUP,
            lambda progress: with_box(case, box, progress),
            on_done=lambda found: self._change(case=found, box=box, tool=Tool.CLICK, hovered=None),
            label="Finding the candidates in the box",
        )

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
            before = state.reading.before()
            self._keep(before, lambda journal: journal.add_undo())
            self._show(before, note=_unseen(before, state.reading))

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        state = self.state
        if state is not None and state.reading is not None and state.reading.undone:
            again = state.reading.again()
            self._keep(again, lambda journal: journal.add_redo())
            self._show(again, note=_unseen(state.reading, again))

    def choose_rule(self, rule: Rule) -> None:
        """Weigh by another rule: candidates are sought anew, the edits replayed."""
        state = self.state
        if state is None or state.reading is None or state.reading.rule == rule:
            return
        if state.kept_edits:
            self._messages.post(UNANSWERED)
        else:
            self._start_with_rule(rule)

    def _start_with_rule(self, rule: Rule, *, restoring: Kept | None = None) -> None:
        case = self.state.case

        def work(progress: Progress) -> "CalciumCase":
            return with_rule(case, rule, progress)

        def done(found: "CalciumCase") -> None:
            if restoring is not None:
                self._take_up(found, restoring)
                return
            reading = self.state.reading.replayed(rule=rule)
            self._keep(reading, lambda journal: journal.add_rule(rule))
            self._change(case=found, reading=reading, spread=None, hovered=None, note="")

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
        self._keep(reading, lambda journal: journal.add(edit))
        words = reading.marks.lesions[-1].words if isinstance(edit, AddLesion) else ""
        self._show(reading, note=f"{edit.vessel.value}: {words}" if words else "")

    def _show(self, reading: Reading, note: str = "") -> None:
        self._change(reading=reading, spread=None, hovered=None, note=note)

    def _keep(self, after: Reading, write: Callable[[Journal], None]) -> None:
        """Write to the journal what leads to a reading.

        Where the disk does not take it, the reading goes on, and the next time the whole of it is
        written: an undo must never meet another edit than here.
        """
        if self._journal is None:
            return
        try:
            if self._is_behind:
                self._journal.add_whole(after)
            else:
                write(self._journal)
            self._is_behind = False
        except ReportError as error:
            self._is_behind = True
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
            self._journal, self._is_behind = None, False
            self._finder.forget()
        elif self.state is not None and self.state.note and _moved(old, new):
            self._change(note="")


def _through(state: CalciumState, loop_mm: tuple[Point, ...]) -> tuple[tuple[Point, ...], float]:
    """A loop in the middle of the slices that are shown together, and how far they reach."""
    geometry = state.reading.volume.geometry
    index = geometry.to_index(loop_mm)
    block = averaged_around(round(float(np.median(index[:, 0]))), state.slices_together,
                            geometry.shape[0])  # fmt: skip
    index[:, 0] = (block[0] + block[-1]) / 2
    points = geometry.to_patient(index).tolist()
    return tuple((x, y, z) for x, y, z in points), (len(block) - 1) / 2 * geometry.spacing_mm[0]


def _moved(old: SessionState, new: SessionState) -> bool:
    """True if another axial slice is looked at."""
    if new.volume is None or old.view.crosshair_mm == new.view.crosshair_mm:
        return False
    before, now = (
        nearest_slice(new.volume, Plane.AXIAL, each.view.crosshair_mm) for each in (old, new)
    )
    return before != now


def _holds(voxels: object, target: Target) -> bool:
    return bool((voxels == target.voxel).all(axis=1).any())


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _unseen(fewer: Reading, more: Reading) -> str:
    """Words where the edit between two readings changes nothing that is marked."""
    return "" if fewer.marks is not more.marks else "That edit meets nothing by this rule."
