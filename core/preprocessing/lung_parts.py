"""Which air in the chest is lung: the second step of Liao et al. (team grt123, DSB 2017).

The air of each slice is divided into 4-connected parts; parts of neighbouring slices that overlap
are linked. Volumes, distances and connections of 3D parts (6-connected) then follow from a small
graph, and removing top slices costs next to nothing.
"""

from dataclasses import dataclass

import cc3d
import numpy as np
from scipy.ndimage import distance_transform_cdt

from core.geometry import VolumeGeometry
from core.voxel_runs import Booleans, Floats, Integers, Runs, find_runs, parts

VOLUME_LIMITS_MM3 = (0.68e6, 7.5e6)
LARGE_AREA_MM2 = 6000.0
"""Only slices where a part is larger than this tell how far it is from the centre axis."""
GREATEST_CENTRE_DISTANCE_MM = 62.0
LEAST_OF_PAIR_MM3 = 0.34e6
"""Ours: where the published rule finds no lung, two that fluid has pressed small count as one, if
each holds half of its least volume."""
CUT_STEP_SLICES = 2
"""Top slices dropped at a time while the lungs hang together with the air outside."""


@dataclass(frozen=True, eq=False)
class _SliceParts:
    """4-connected parts of air, slice by slice, and their links.

    Attributes:
        of_run: Part of each run.
        slices: Slice of each part.
        area_mm2: Area of each part.
        centre_distance_mm: Least distance of each part to the centre axis.
        links: Pairs of parts that overlap in neighbouring slices.
    """

    of_run: Integers
    slices: Integers
    area_mm2: Floats
    centre_distance_mm: Floats
    links: tuple[Integers, Integers]


def lung_parts(air: Runs, geometry: VolumeGeometry) -> Runs:
    """The 3D air parts that are lung; no runs where there are none.

    A lung touches no corner and no mid-edge of the first and last slice, holds 0.68 to 7.5 L and
    comes near the centre axis. While there is none, two more top slices are dropped; what was
    dropped is put back as far as it hangs together with the lungs and is near to them. Where no
    number of slices helps, small parts are weighed together.

    Args:
        air: Plausible air of every slice.
        geometry: Slices towards the head, rows to the back, columns to the patient's left.
    """
    slice_parts = _slice_parts(air, geometry)
    for lungs_below in (_lungs_below, _small_lungs_below):
        for cut in range(0, geometry.shape[0], CUT_STEP_SLICES):
            top = geometry.shape[0] - cut
            chosen = lungs_below(top, air, slice_parts, geometry)
            if chosen.any():
                lungs = air.kept(chosen[slice_parts.of_run])
                return _with_top(lungs, air, top) if cut else lungs
    return air.kept(np.zeros(len(air.start), dtype=np.bool_))


def _slice_parts(air: Runs, geometry: VolumeGeometry) -> _SliceParts:
    _, row_mm, column_mm = geometry.spacing_mm
    count, of_run = parts(len(air.start), air.links(air.row_step))
    slices = np.zeros(count, dtype=np.int64)
    slices[of_run] = air.slices
    sizes = np.bincount(of_run, air.lengths, count)
    area_mm2 = np.asarray(sizes * row_mm * column_mm, dtype=np.float64)
    centre_row, centre_column = (geometry.shape[1] - 1) / 2, (geometry.shape[2] - 1) / 2
    last_columns = air.columns + air.lengths - 1
    nearest_columns = np.rint(np.clip(centre_column, air.columns, last_columns))
    distance_mm = np.hypot(
        (air.rows - centre_row) * row_mm, (nearest_columns - centre_column) * column_mm
    )
    centre_distance_mm = np.full(count, np.inf)
    np.minimum.at(centre_distance_mm, of_run, distance_mm)
    below, above = air.links(air.slice_step)
    pairs = np.unique(of_run[below] * count + of_run[above])
    return _SliceParts(
        of_run, slices, area_mm2, centre_distance_mm, (pairs // count, pairs % count)
    )


def _lungs_below(
    top: int, air: Runs, slice_parts: _SliceParts, geometry: VolumeGeometry
) -> Booleans:
    """True for the slice parts that belong to a lung when slices from `top` on are dropped."""
    body, volume_mm3 = _inner_bodies(top, air, slice_parts, geometry)
    is_lung = (volume_mm3 >= VOLUME_LIMITS_MM3[0]) & (volume_mm3 <= VOLUME_LIMITS_MM3[1])
    for candidate in np.flatnonzero(is_lung):
        is_lung[candidate] = _is_central(body == candidate, slice_parts)
    return is_lung[body]


def _small_lungs_below(
    top: int, air: Runs, slice_parts: _SliceParts, geometry: VolumeGeometry
) -> Booleans:
    """As `_lungs_below`, of bodies that are too small alone and large enough together."""
    body, volume_mm3 = _inner_bodies(top, air, slice_parts, geometry)
    is_lung = (volume_mm3 >= LEAST_OF_PAIR_MM3) & (volume_mm3 <= VOLUME_LIMITS_MM3[1])
    is_enough = volume_mm3[is_lung].sum() >= VOLUME_LIMITS_MM3[0]
    if not is_enough or not _is_central(is_lung[body], slice_parts):
        is_lung[:] = False
    return is_lung[body]


def _inner_bodies(
    top: int, air: Runs, slice_parts: _SliceParts, geometry: VolumeGeometry
) -> tuple[Integers, Floats]:
    """3D body of each slice part, and volumes of the bodies; 0 of what is outside or dropped."""
    is_left = slice_parts.slices < top
    below, above = slice_parts.links
    whole = is_left[above]
    count, body = parts(len(is_left), (below[whole], above[whole]))
    area_mm2 = np.bincount(body, slice_parts.area_mm2, count)
    volume_mm3 = np.asarray(area_mm2 * geometry.spacing_mm[0], dtype=np.float64)
    for voxel in _outside_voxels(top, geometry):
        volume_mm3[body[slice_parts.of_run[air.holding(voxel)]]] = 0
    volume_mm3[body[~is_left]] = 0  # dropped parts are bodies of their own
    return body, volume_mm3


def _outside_voxels(top: int, geometry: VolumeGeometry) -> list[tuple[int, int, int]]:
    """Corners and mid-edges of the first and the last slice: air there is outside the patient."""
    _, rows, columns = geometry.shape
    return [
        (index, row, column)
        for index in (0, top - 1)
        for row in (0, rows - 1)
        for column in (0, columns // 2, columns - 1)
    ]


def _is_central(members: Booleans, slice_parts: _SliceParts) -> bool:
    """True if the parts' mean least distance to the centre axis, where it is large, is small."""
    slices = slice_parts.slices[members]
    area_mm2 = np.bincount(slices, slice_parts.area_mm2[members])
    distance_mm = np.full(len(area_mm2), np.inf)
    np.minimum.at(distance_mm, slices, slice_parts.centre_distance_mm[members])
    large = area_mm2 > LARGE_AREA_MM2
    return bool(large.any() and distance_mm[large].mean() < GREATEST_CENTRE_DISTANCE_MM)


def _with_top(lungs: Runs, air: Runs, top: int) -> Runs:
    """Put back dropped air within as many steps of the lungs as slices were dropped."""
    mask = lungs.painted()
    cut = len(mask) - top
    base = max(top - cut, 0)
    near_lungs = distance_transform_cdt(~mask[base:], metric="taxicab") <= cut
    block = mask[base:] | (air.painted()[base:] & near_lungs)
    block[: top - base] = mask[base:top]
    labels = cc3d.connected_components(block, connectivity=6)
    hanging = np.zeros(int(labels.max()) + 1, dtype=np.bool_)
    hanging[np.unique(labels[: top - base][mask[base:top]])] = True
    mask[base:] = hanging[labels] & block
    return find_runs(mask, 0, len(mask))
