"""From a click to a lesion, and where its growth was stopped.

A calcified plaque may touch what is not coronary: the growth from one click never enters a barrier
(spine, ribs, sternum), and never goes further than a plaque is long.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.calcium.axial import require_axial_slices
from core.calcium.candidates import Candidates, grouped
from core.calcium.lesion import Voxels
from core.calcium.rule import STANDARD, Rule
from core.calcium.within import is_inside
from core.volume import Mask, Volume
from core.voxel_runs import runs_of_voxels, voxels_of

REACH_MM = 30.0
"""No further than this from the click along any axis: longer plaques take a second click."""
SNAP_MM = 2.0
"""A click this near to a candidate means it: about two pixels, or one finger's tremble."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What one click reached.

    Attributes:
        voxels: Of the lesion; none if nothing that counts is there.
        stopped_by: "" if the lesion ended by itself, else "bone" or "reach".
        stopped_at_mm: Distance from the click at which it was stopped first.
    """

    voxels: Voxels
    stopped_by: str = ""
    stopped_at_mm: float | None = None

    @property
    def words(self) -> str:
        """Why it ended, for the reader; "" if by itself."""
        if not self.stopped_by:
            return ""
        reason = "bone" if self.stopped_by == "bone" else "the reach of one click"
        return f"growth stopped at {self.stopped_at_mm:.0f} mm by {reason}"


def grow(
    volume: Volume,
    point_mm: ArrayLike,
    rule: Rule = STANDARD,
    *,
    barrier: Mask | None = None,
    only_slice: bool = False,
) -> Growth:
    """The lesion at a point.

    Args:
        volume: Original slices.
        point_mm: LPS of the click; the nearest candidate within 2 mm is meant.
        rule: Threshold, connectivity, least area.
        barrier: Labels > 0 are never entered (bones), on their own grid.
        only_slice: The part of the clicked slice alone.

    Raises:
        SeriesError: The slices may not be scored.
    """
    require_axial_slices(volume)
    nothing = Growth(np.zeros((0, 3), dtype=np.int32))
    box = _box(volume, point_mm)
    bright = _bright_voxels(volume, box, rule.threshold_hu)
    in_barrier = (
        np.zeros(len(bright), dtype=np.bool_)
        if barrier is None
        else is_inside(bright, volume.geometry, barrier)
    )
    free, walls = bright[~in_barrier], bright[in_barrier]
    runs = runs_of_voxels(free, volume.geometry.shape)
    candidates = grouped(runs, volume.hu[tuple(free.T)], volume.geometry, rule)
    part = _nearest_part(candidates, volume, point_mm)
    if part is None:
        return nothing
    voxels = _voxels(candidates, part, only_slice=only_slice)
    if only_slice:
        return Growth(voxels)
    return _with_stop(voxels, walls, volume, box, point_mm)


def _box(volume: Volume, point_mm: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last voxel within reach, clipped to the scan; empty where the point is far off."""
    index = volume.geometry.to_index(point_mm)
    reach = REACH_MM / np.array(volume.geometry.spacing_mm)
    low = np.maximum(np.ceil(index - reach), 0).astype(np.int64)
    high = np.minimum(np.floor(index + reach), np.array(volume.geometry.shape) - 1)
    return low, high.astype(np.int64)


def _bright_voxels(
    volume: Volume, box: tuple[NDArray[np.int64], NDArray[np.int64]], threshold_hu: int
) -> Voxels:
    low, high = box
    window = tuple(slice(int(a), max(int(b) + 1, int(a))) for a, b in zip(low, high, strict=True))
    bright = volume.hu[window] >= threshold_hu
    if volume.padding is not None:
        bright &= ~volume.padding[window]
    return (np.argwhere(bright) + low).astype(np.int32)


def _nearest_part(candidates: Candidates, volume: Volume, point_mm: ArrayLike) -> int | None:
    part = candidates.part_at(volume.geometry.to_index(point_mm))
    if part is not None or not len(candidates.parts):
        return part
    voxels = voxels_of(candidates.runs)
    apart_mm = np.linalg.norm(volume.geometry.to_patient(voxels) - np.asarray(point_mm), axis=1)
    nearest = int(apart_mm.argmin())
    return candidates.part_at(voxels[nearest]) if apart_mm[nearest] <= SNAP_MM else None


def _voxels(candidates: Candidates, part: int, *, only_slice: bool) -> Voxels:
    of_run = candidates.parts.of_run
    if only_slice:
        return voxels_of(candidates.runs.kept(of_run == part))
    lesion = candidates.lesion_of_part
    return voxels_of(candidates.runs.kept(lesion[of_run] == lesion[part]))


def _with_stop(
    voxels: Voxels,
    walls: Voxels,
    volume: Volume,
    box: tuple[NDArray[np.int64], NDArray[np.int64]],
    point_mm: ArrayLike,
) -> Growth:
    """The lesion with the nearest place where barrier or reach held it back."""
    low, high = box
    last = np.array(volume.geometry.shape) - 1
    at_reach = ((voxels == low) & (low > 0)) | ((voxels == high) & (high < last))
    stops = {"reach": voxels[at_reach.any(axis=1)], "bone": _touching(voxels, walls)}
    nearest = ("", np.inf)
    for cause, places in stops.items():
        if len(places):
            apart = np.linalg.norm(
                volume.geometry.to_patient(places) - np.asarray(point_mm), axis=1
            )
            nearest = min(nearest, (cause, float(apart.min())), key=lambda stop: stop[1])
    cause, distance_mm = nearest
    return Growth(voxels, cause, distance_mm if cause else None)


def _touching(voxels: Voxels, walls: Voxels) -> Voxels:
    """The voxels that have a wall among their 26 neighbours."""
    if not len(voxels) or not len(walls):
        return voxels[:0]
    from scipy.spatial import cKDTree  # slow to import: the window must not wait for it

    apart, _ = cKDTree(walls).query(voxels, distance_upper_bound=1.5, p=np.inf)
    touching: Voxels = voxels[apart <= 1]
    return touching
