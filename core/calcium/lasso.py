"""The candidates inside a loop drawn on one slice, or on an average of several."""

from math import ceil, floor

import numpy as np

from core.calcium.candidates import grouped
from core.calcium.edits import Point
from core.calcium.lesion import Voxels
from core.calcium.rule import Rule
from core.calcium.within import is_inside
from core.volume import Mask, Volume
from core.voxel_runs import Floats, runs_of_voxels, voxels_of

LEAST_CORNERS = 3
INDEX_TOLERANCE = 1e-6
"""Indices are computed from mm."""


def candidates_in_loop(
    volume: Volume,
    loop_mm: tuple[Point, ...],
    rule: Rule,
    barrier: Mask | None,
    *,
    through_mm: float = 0.0,
) -> tuple[Point, ...]:
    """One point inside each candidate whose centre lies within the loop, on the loop's slices.

    Args:
        volume: Original slices.
        loop_mm: Corners of the loop; it is closed from the last to the first.
        rule: Threshold, connectivity, least area.
        barrier: Labels > 0 are not entered.
        through_mm: The loop holds for slices this far to both sides too.
    """
    if len(loop_mm) < LEAST_CORNERS:
        return ()
    loop = volume.geometry.to_index(loop_mm)
    voxels = [
        _bright(volume, index, rule.threshold_hu, barrier)
        for index in _slices(volume, float(np.median(loop[:, 0])), through_mm)
    ]
    if not voxels:
        return ()
    return _inside(volume, np.concatenate(voxels), loop[:, 1:], rule)


def _slices(volume: Volume, middle: float, through_mm: float) -> range:
    count, reach = volume.geometry.shape[0], through_mm / volume.geometry.spacing_mm[0]
    first, last = round(middle), round(middle)
    if reach:
        first = ceil(middle - reach - INDEX_TOLERANCE)
        last = floor(middle + reach + INDEX_TOLERANCE)
    return range(max(first, 0), min(last + 1, count))


def _inside(volume: Volume, voxels: Voxels, loop: Floats, rule: Rule) -> tuple[Point, ...]:
    runs = runs_of_voxels(voxels, volume.geometry.shape)
    found = grouped(runs, volume.hu[tuple(voxels.T)], volume.geometry, rule)
    inside = _in_loop(found.parts.centre_index[:, 1:], loop)
    points = []
    for part in np.flatnonzero(inside):
        first = voxels_of(found.runs.kept(found.parts.of_run == part))[0]
        x, y, z = volume.geometry.to_patient(first)
        points.append((float(x), float(y), float(z)))
    return tuple(points)


def _bright(volume: Volume, index: int, threshold_hu: int, barrier: Mask | None) -> Voxels:
    plane = volume.hu[index] >= threshold_hu
    if volume.padding is not None:
        plane = plane & ~volume.padding[index]
    places = np.argwhere(plane)
    voxels = np.insert(places, 0, index, axis=1).astype(np.int32)
    if barrier is None:
        return voxels
    return voxels[~is_inside(voxels, volume.geometry, barrier)]


def _in_loop(points: Floats, corners: Floats) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """True for the points from which a ray leaves the loop an odd number of times."""
    start, end = corners, np.roll(corners, -1, axis=0)
    above = (start[:, 0] > points[:, :1]) != (end[:, 0] > points[:, :1])
    rise = np.where(end[:, 0] == start[:, 0], 1.0, end[:, 0] - start[:, 0])
    crossing = start[:, 1] + (points[:, :1] - start[:, 0]) / rise * (end[:, 1] - start[:, 1])
    hits = (above & (points[:, 1:] < crossing)).sum(axis=1)
    return np.asarray(hits % 2 == 1)
