"""From a click to a lesion, and where its growth was stopped.

A calcified plaque may touch what is not coronary. The growth from one click never enters a barrier
(spine, ribs, sternum), never crosses the heart's edge, and takes nothing that begins further off
than a plaque is long. But for the barrier it takes parts of a slice whole: the rule weighs a part
by its own maximum and area, so that half a part would be a wrong number, and the score of several
clicks would depend on their order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.calcium.axial import require_axial_slices
from core.calcium.candidates import Candidates, grouped
from core.calcium.click_box import Box
from core.calcium.lesion import Voxels
from core.calcium.rule import STANDARD, Rule
from core.calcium.within import is_inside
from core.volume import Mask, Volume
from core.voxel_runs import runs_of_voxels, voxels_of

REACH_MM = 30.0
"""Parts with no voxel this near to the click along every axis take a second click."""
SNAP_MM = 2.0
"""A click this near to a candidate means it: about two pixels, or one finger's tremble."""

Cause = Literal["", "bone", "heart", "reach"]
CAUSES: Mapping[Cause, str] = {
    "bone": "bone",
    "heart": "the heart's edge",
    "reach": "the reach of one click",
}


@dataclass(frozen=True, eq=False)
class Growth:
    """What one click reached.

    Attributes:
        voxels: Of the lesion; none if nothing that counts is there.
        stopped_by: "" if the lesion ended by itself, else one of `CAUSES`.
        stopped_at_mm: Distance from the click at which it was stopped first.
    """

    voxels: Voxels
    stopped_by: Cause = ""
    stopped_at_mm: float | None = None

    @property
    def words(self) -> str:
        """Why it ended, for the reader; "" if by itself."""
        if not self.stopped_by:
            return ""
        return f"growth stopped at {self.stopped_at_mm:.0f} mm by {CAUSES[self.stopped_by]}"


def grow(
    volume: Volume,
    point_mm: ArrayLike,
    rule: Rule = STANDARD,
    *,
    barrier: Mask | None = None,
    bounds: Mask | None = None,
    only_slice: bool = False,
) -> Growth:
    """The lesion at a point.

    Args:
        volume: Original slices.
        point_mm: LPS of the click; the nearest candidate within 2 mm is meant.
        rule: Threshold, connectivity, least area.
        barrier: Labels > 0 are never entered (bones), on their own grid.
        bounds: Labels > 0 are the heart with a margin. A growth that begins at a part with a voxel
            there takes only such parts, any other growth only parts without one.
        only_slice: The part of the clicked slice alone.

    Raises:
        SeriesError: The slices may not be scored.
    """
    require_axial_slices(volume)
    reach = Box.round_point(volume, point_mm, REACH_MM, only_slice=only_slice)
    for window in _windows(reach, volume, only_slice=only_slice):
        taken = _taken(volume, point_mm, rule, _Limits(reach, window, barrier, bounds))
        if not window.may_cut(taken.voxels):
            break
    return _with_stop(taken, volume, point_mm)


def _windows(reach: Box, volume: Volume, *, only_slice: bool) -> Iterator[Box]:
    """What is looked at: enough for most plaques, for long ones, and for everything."""
    _, rows, columns = volume.geometry.shape
    _, row_mm, column_mm = volume.geometry.spacing_mm
    beyond = 0 if only_slice else 1  # to see whether it goes on there
    yield reach.wider((beyond, 1, 1))
    yield reach.wider((beyond, round(REACH_MM / row_mm), round(REACH_MM / column_mm)))
    yield reach.wider((beyond, rows, columns))


@dataclass(frozen=True, eq=False)
class _Limits:
    """Where one click may go: `reach` holds a voxel of each part it takes, `window` all of them."""

    reach: Box
    window: Box
    barrier: Mask | None
    bounds: Mask | None


@dataclass(frozen=True, eq=False)
class _Taken:
    """A lesion, and what was left out by its cause."""

    voxels: Voxels
    walls: Mapping[Cause, Voxels]


def _taken(volume: Volume, point_mm: ArrayLike, rule: Rule, limits: _Limits) -> _Taken:
    bright = limits.window.bright_voxels(volume, rule.threshold_hu)
    in_barrier = _inside(bright, volume, limits.barrier)
    candidates = _candidates(bright[~in_barrier], volume, rule)
    part = _nearest_part(candidates, volume, point_mm)
    if part is None:
        return _Taken(bright[:0], {})
    lesion = candidates.lesion_of_part
    chosen = (lesion == lesion[part])[candidates.parts.of_run]
    linked = candidates.runs.kept(chosen)
    voxels = voxels_of(linked)
    part_of_voxel = np.repeat(candidates.parts.of_run[chosen], linked.lengths)
    in_reach = _any_of_part(limits.reach.holds(voxels), part_of_voxel)
    in_heart = _any_of_part(_inside(voxels, volume, limits.bounds), part_of_voxel)
    begun = part_of_voxel == part
    same_side = in_heart == in_heart[begun][0]
    kept = voxels[in_reach & same_side]
    if len(kept) < len(voxels):  # the rest may have hung together through what was left out
        kept = _lesion_with(voxels[begun][0], _candidates(kept, volume, rule))
    return _Taken(
        kept,
        {
            "bone": bright[in_barrier],
            "heart": voxels[~same_side],
            "reach": voxels[same_side & ~in_reach],
        },
    )


def _inside(voxels: Voxels, volume: Volume, mask: Mask | None) -> NDArray[np.bool_]:
    if mask is None:
        return np.zeros(len(voxels), dtype=np.bool_)
    return is_inside(voxels, volume.geometry, mask)


def _any_of_part(holds: NDArray[np.bool_], part_of_voxel: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each voxel: whether it holds for any voxel of its part."""
    found: NDArray[np.bool_] = (np.bincount(part_of_voxel, holds) > 0)[part_of_voxel]
    return found


def _candidates(voxels: Voxels, volume: Volume, rule: Rule) -> Candidates:
    runs = runs_of_voxels(voxels, volume.geometry.shape)
    return grouped(runs, volume.hu[tuple(voxels.T)], volume.geometry, rule)


def _nearest_part(candidates: Candidates, volume: Volume, point_mm: ArrayLike) -> int | None:
    part = candidates.part_at(volume.geometry.to_index(point_mm))
    if part is not None or not len(candidates.parts):
        return part
    voxels = voxels_of(candidates.runs)
    apart_mm = _apart_mm(voxels, volume, point_mm)
    nearest = int(apart_mm.argmin())
    return candidates.part_at(voxels[nearest]) if apart_mm[nearest] <= SNAP_MM else None


def _lesion_with(voxel: Voxels, candidates: Candidates) -> Voxels:
    """The voxels of the lesion that holds this one."""
    lesion = candidates.lesion_of_part
    is_same = lesion == lesion[candidates.part_at(voxel)]
    return voxels_of(candidates.runs.kept(is_same[candidates.parts.of_run]))


def _with_stop(taken: _Taken, volume: Volume, point_mm: ArrayLike) -> Growth:
    """The lesion with the nearest place where something held it back."""
    cause: Cause = ""
    distance_mm = np.inf
    for each, walls in taken.walls.items():
        places = _touching(taken.voxels, walls)
        if len(places):
            apart_mm = float(_apart_mm(places, volume, point_mm).min())
            if apart_mm < distance_mm:
                cause, distance_mm = each, apart_mm
    return Growth(taken.voxels, cause, distance_mm if cause else None)


def _apart_mm(voxels: Voxels, volume: Volume, point_mm: ArrayLike) -> NDArray[np.float64]:
    away = volume.geometry.to_patient(voxels) - np.asarray(point_mm)
    apart_mm: NDArray[np.float64] = np.linalg.norm(away, axis=1)
    return apart_mm


def _touching(voxels: Voxels, walls: Voxels) -> Voxels:
    """The voxels that have a wall among their 26 neighbours."""
    low, high = voxels.min(axis=0) - 1, voxels.max(axis=0) + 1
    near = walls[np.all((walls >= low) & (walls <= high), axis=1)]
    beside = np.zeros(high - low + 1, dtype=np.bool_)
    beside[tuple((near - low).T)] = True
    for axis in range(3):
        line = np.moveaxis(beside, axis, 0)
        along = line.copy()
        line[1:] |= along[:-1]
        line[:-1] |= along[1:]
    touching: Voxels = voxels[beside[tuple((voxels - low).T)]]
    return touching
