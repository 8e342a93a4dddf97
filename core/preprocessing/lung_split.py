"""From the air of both lungs to two lungs: the last steps of Liao et al. (grt123, DSB 2017)."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from core.preprocessing.touching_lungs import GREATEST_SIZE_RATIO, parted
from core.voxel_runs import (
    Booleans,
    Integers,
    Runs,
    filled,
    find_runs_in,
    parts,
    united,
)

COVERED_AREA = 0.95
"""In each slice the largest parts that hold this share of the lung's area are surely lung."""
HALF_VOXEL = np.array([[0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])


def two_lungs(air: Runs, spacing_mm: tuple[float, float, float]) -> tuple[Runs, Runs] | None:
    """The two lungs, in no order, each without stray parts and holes; None if they cannot be told.

    Two parts (18-connected) of similar size are the two lungs. Where they touch, they are eroded
    until they part, and every voxel then belongs to the nearer of the two.
    """
    count, body = parts(len(air.start), air.body_links(corners=False))
    sizes = np.bincount(body, air.lengths, count)
    largest = np.argsort(-sizes, kind="stable")[:2]
    if len(largest) == 2 and sizes[largest[0]] < GREATEST_SIZE_RATIO * sizes[largest[1]]:
        first, second = (air.kept(body == each) for each in largest)
    else:
        box = air.box()
        owner = parted(air.painted_in(box), spacing_mm)
        if owner is None:
            return None
        first, second = (find_runs_in(owner == each, box, air.shape) for each in (1, 2))
    return filled(main_part(first)), filled(main_part(second))


def main_part(lung: Runs) -> Runs:
    """The lung without parts that lie apart, first in each slice, then in 3D."""
    count, part = parts(len(lung.start), lung.links(lung.row_step, diagonal=True))
    sizes = np.asarray(np.bincount(part, lung.lengths, count), dtype=np.float64)
    slices = np.zeros(count, dtype=np.int64)
    slices[part] = lung.slices
    is_large = covering(sizes, slices)
    is_small_run = ~is_large[part]
    in_bends = _inside_large(lung, part, is_small_run)
    kept = united(lung.kept(~is_small_run), in_bends)
    count, body = parts(len(kept.start), kept.body_links(corners=True))
    main = np.argmax(np.bincount(body, kept.lengths, count))
    return kept.kept(body == main)


def covering(sizes: NDArray[np.float64], slices: Integers) -> Booleans:
    """True for the fewest of the largest parts of each slice that cover 95 % of its whole.

    Args:
        sizes: Size of each part.
        slices: Slice of each part.
    """
    order = np.lexsort((-sizes, slices))
    running = np.cumsum(sizes[order])
    whole = np.bincount(slices, sizes)
    before_slice = (np.cumsum(whole) - whole)[slices[order]]
    covered_before = running - sizes[order] - before_slice
    is_large = np.zeros(len(sizes), dtype=np.bool_)
    is_large[order] = covered_before < COVERED_AREA * whole[slices[order]]
    return is_large


def _inside_large(lung: Runs, part: Integers, is_small: Booleans) -> Runs:
    """The voxels of small parts, where within the convex hull of a large part of their slice."""
    position = _voxels(lung.kept(is_small))
    slices = position // lung.slice_step
    points = np.stack((position % lung.slice_step // lung.row_step, position % lung.row_step), 1)
    inside = np.zeros(len(position), dtype=np.bool_)
    bounds = np.searchsorted(lung.slices, np.arange(lung.shape[0] + 1))
    for index in np.unique(slices):
        here = slice(bounds[index], bounds[index + 1])
        rows, columns, lengths = lung.rows[here], lung.columns[here], lung.lengths[here]
        first, last = np.stack((rows, columns), 1), np.stack((rows, columns + lengths - 1), 1)
        asked = slices == index
        for name in np.unique(part[here][~is_small[here]]):
            chosen = part[here] == name
            ends = np.concatenate((first[chosen], last[chosen]))
            inside[asked] |= _in_hull(points[asked], ends)
    single = position[inside]
    return united(Runs(single, single + 1, lung.shape), lung.kept(np.zeros_like(is_small)))


def _voxels(runs: Runs) -> Integers:
    """Frame position of every voxel of the runs."""
    lengths = runs.lengths
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    position: Integers = np.repeat(runs.start, lengths) + offsets
    return position


def _in_hull(points: Integers, voxels: Integers) -> Booleans:
    """True for the points in the convex hull of the voxels' areas."""
    corners = (voxels[:, None] + HALF_VOXEL).reshape(-1, 2)
    equations = ConvexHull(corners).equations
    inside: Booleans = (points @ equations[:, :2].T + equations[:, 2] <= 1e-9).all(axis=1)
    return inside
