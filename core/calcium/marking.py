"""What is marked in a scan, and how each edit changes it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from core.calcium.categories import VisualGrade
from core.calcium.cutting import crosses, parted
from core.calcium.edits import (
    AddLasso,
    AddLesion,
    ConfirmZero,
    Cut,
    Edit,
    Grade,
    Point,
    Remove,
    SetVessel,
)
from core.calcium.growth import SNAP_MM, grow
from core.calcium.lasso import candidates_in_loop
from core.calcium.lesion import Voxels
from core.calcium.rule import Rule
from core.calcium.scores import Vessel
from core.errors import SeriesError
from core.volume import Mask, Volume


@dataclass(frozen=True, eq=False)
class MarkedLesion:
    """A lesion that counts.

    Attributes:
        voxels: In rising order; no voxel is in two lesions.
        vessel: To which it belongs.
        click: What marked it: where, by whom, when.
        words: Why its growth was stopped, "" if it ended by itself.
    """

    voxels: Voxels
    vessel: Vessel
    click: AddLesion
    words: str = ""


@dataclass(frozen=True, eq=False)
class Marks:
    """What has been marked after some edit.

    Attributes:
        lesions: In the order in which they were marked.
        zero_confirmed_by: Initials of the reader who confirmed that there is no calcium.
        grade: Visual grade, if one was given.
    """

    lesions: tuple[MarkedLesion, ...] = ()
    zero_confirmed_by: str = ""
    grade: VisualGrade | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """Where edits act: a scan, a rule, and what is never entered.

    Attributes:
        volume: Original slices.
        rule: How lesions are found.
        barrier: Labels > 0 are never entered by a growth (bones); None without.
        bounds: Labels > 0 are the heart with a margin: no growth crosses its edge; None without.
    """

    volume: Volume
    rule: Rule
    barrier: Mask | None
    bounds: Mask | None = None

    def applied(self, edit: Edit, marks: Marks) -> Marks:
        """The marks after an edit.

        Raises:
            SeriesError: The edit meets nothing.
        """
        match edit:
            case AddLesion():
                after = self._with_lesion(marks, edit)
            case AddLasso():
                after = self._with_lasso(marks, edit)
            case Remove():
                index = self._required(edit.point_mm, marks)
                after = replace(marks, lesions=marks.lesions[:index] + marks.lesions[index + 1 :])
            case SetVessel():
                after = self._with_vessel(marks, edit)
            case Cut():
                after = self._with_cut(marks, edit)
            case ConfirmZero():
                after = _with_zero(marks, edit)
            case Grade():
                after = replace(marks, grade=edit.grade)
        return after

    def lesion_at(self, point_mm: ArrayLike, marks: Marks) -> int | None:
        """Index of the marked lesion at a point, within 2 mm."""
        lesions = marks.lesions
        apart = [self._apart_mm(each.voxels, point_mm) for each in lesions]
        nearest = int(np.argmin(apart)) if apart else 0
        return nearest if apart and apart[nearest] <= SNAP_MM else None

    def _apart_mm(self, voxels: Voxels, point_mm: ArrayLike) -> float:
        geometry = self.volume.geometry
        index = np.rint(geometry.to_index(point_mm)).astype(np.int32)
        if bool((voxels == index).all(axis=1).any()):
            return 0.0
        away = geometry.to_patient(voxels) - np.asarray(point_mm)
        return float(np.linalg.norm(away, axis=1).min())

    def _with_lesion(self, marks: Marks, edit: AddLesion) -> Marks:
        growth = grow(
            self.volume,
            edit.point_mm,
            self.rule,
            barrier=self.barrier,
            bounds=self.bounds,
            only_slice=edit.only_slice,
        )
        voxels = _free(growth.voxels, marks.lesions, self.volume.geometry.shape)
        if not len(voxels):
            raise _nothing_there("calcium that is not marked yet")
        lesion = MarkedLesion(voxels, edit.vessel, edit, growth.words)
        return replace(marks, lesions=(*marks.lesions, lesion), zero_confirmed_by="")

    def _with_lasso(self, marks: Marks, edit: AddLasso) -> Marks:
        points = candidates_in_loop(
            self.volume, edit.loop_mm, self.rule, self.barrier, through_mm=edit.through_mm
        )
        after = marks
        for point_mm in points:
            try:
                after = self._with_lesion(
                    after, AddLesion(point_mm, edit.vessel, by=edit.by, at=edit.at)
                )
            except SeriesError:
                continue  # taken already with a neighbour of the same lesion
        if after is marks:
            raise _nothing_there("calcium within the loop")
        return after

    def _with_vessel(self, marks: Marks, edit: SetVessel) -> Marks:
        index = self._required(edit.point_mm, marks)
        lesions = list(marks.lesions)
        lesions[index] = replace(lesions[index], vessel=edit.vessel)
        return replace(marks, lesions=tuple(lesions), zero_confirmed_by="")

    def _with_cut(self, marks: Marks, edit: Cut) -> Marks:
        lesions: list[MarkedLesion] = []
        for lesion in marks.lesions:
            pieces: tuple[Voxels, ...] = (lesion.voxels,)
            if crosses(lesion.voxels, self.volume, edit):
                pieces = parted(lesion.voxels, self.volume, edit)
            lesions.extend(replace(lesion, voxels=piece) for piece in pieces)
        if len(lesions) == len(marks.lesions):
            raise _nothing_there("a marked lesion under the line")
        return replace(marks, lesions=tuple(lesions))

    def _required(self, point_mm: Point, marks: Marks) -> int:
        index = self.lesion_at(point_mm, marks)
        if index is None:
            raise _nothing_there("a marked lesion")
        return index


def _with_zero(marks: Marks, edit: ConfirmZero) -> Marks:
    if any(lesion.vessel.is_coronary for lesion in marks.lesions):
        raise SeriesError(
            "Zero cannot be confirmed while coronary lesions are marked.",
            "Remove them first, or keep the score.",
        )
    if not edit.initials.strip():
        raise SeriesError("Zero is confirmed by a reader.", "Type your initials.")
    return replace(marks, zero_confirmed_by=edit.initials.strip())


def _free(voxels: Voxels, lesions: tuple[MarkedLesion, ...], shape: tuple[int, int, int]) -> Voxels:
    """Voxels that no lesion holds yet."""
    if not lesions:
        return voxels
    taken = np.concatenate([lesion.voxels for lesion in lesions])
    places, held = (np.ravel_multi_index(tuple(each.T), shape) for each in (voxels, taken))
    kept: Voxels = voxels[~np.isin(places, held)]
    return kept


def _nothing_there(what: str) -> SeriesError:
    return SeriesError(
        f"There is no {what} at this place.",
        "Click on a bright spot of at least 1 mm2 and the threshold's HU.",
    )
