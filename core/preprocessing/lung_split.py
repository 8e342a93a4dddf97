"""From one mask of lung air to two lungs: the last steps of Liao et al. (grt123, DSB 2017)."""

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import ConvexHull

from core.preprocessing.air_runs import Booleans

MOST_EROSIONS = 22
GREATEST_SIZE_RATIO = 4.8
"""Two parts are the two lungs if the larger is less than this many times the smaller."""
COVERED_AREA = 0.95
"""In each slice the largest parts that hold this share of the lung's area are surely lung."""


def filled_holes(mask: Booleans) -> Booleans:
    """The mask with everything that it encloses in 3D."""
    closed_below_and_above = np.pad(mask, 1)
    outside = cc3d.connected_components(~closed_below_and_above, connectivity=26)
    filled: Booleans = (outside != outside[0, 0, 0])[1:-1, 1:-1, 1:-1]
    return filled


def two_lungs(
    mask: Booleans, spacing_mm: tuple[float, float, float]
) -> tuple[Booleans, Booleans] | None:
    """The two lungs, in no order, each without stray parts and holes; None if they cannot be told.

    The mask is eroded until its two largest parts (18-connected) are of similar size; every voxel
    then belongs to the nearer of the two.
    """
    seeds = _two_seeds(mask)
    if seeds is None:
        return None
    owner = _nearest_seed(mask, seeds, spacing_mm)
    first, second = (filled_slices(_main_part(owner == label)) for label in (1, 2))
    return first, second


def filled_slices(mask: Booleans) -> Booleans:
    """The mask with everything that it encloses within a slice."""
    outside = _labelled_slices(~np.pad(mask, ((0, 0), (1, 1), (1, 1))))
    filled: Booleans = (outside != outside[0, 0, 0])[:, 1:-1, 1:-1]
    return filled


def _labelled_slices(framed: Booleans) -> NDArray[np.uint32]:
    """8-connected parts of each slice; the slices are laid under each other as one sheet.

    The mask's slices must have a frame of False, or one of True that may hang together.
    """
    sheet = framed.reshape(-1, framed.shape[2])
    labels = np.asarray(cc3d.connected_components(sheet, connectivity=8), dtype=np.uint32)
    return labels.reshape(framed.shape)


def _two_seeds(mask: Booleans) -> NDArray[np.uint8] | None:
    """1 and 2 where the two lungs surely are; None if no erosion parts them."""
    eroded = mask
    for _ in range(MOST_EROSIONS):
        labels = cc3d.connected_components(eroded, connectivity=18)
        sizes = np.bincount(labels.ravel())[1:]
        if not len(sizes):
            return None
        order = np.argsort(sizes)[::-1]
        if len(sizes) > 1 and sizes[order[0]] < GREATEST_SIZE_RATIO * sizes[order[1]]:
            seed_of_part = np.zeros(len(sizes) + 1, dtype=np.uint8)
            seed_of_part[order[:2] + 1] = (1, 2)
            return seed_of_part[labels]
        eroded = _eroded(eroded)
    return None


def _eroded(mask: Booleans) -> Booleans:
    """One erosion with the six neighbours; beyond the border is background."""
    padded = np.pad(mask, 1)
    result = mask.copy()
    middle = slice(1, -1)
    for axis in range(3):
        for neighbours in (slice(None, -2), slice(2, None)):
            window = [middle, middle, middle]
            window[axis] = neighbours
            result &= padded[tuple(window)]
    return result


def _nearest_seed(
    mask: Booleans, seeds: NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """1 or 2 for every voxel of the mask: the seed that is nearer in mm."""
    if np.array_equal(mask, seeds > 0):
        return seeds
    nearest = distance_transform_edt(
        seeds == 0, sampling=spacing_mm, return_distances=False, return_indices=True
    )
    owner: NDArray[np.uint8] = np.where(mask, seeds[tuple(nearest)], np.uint8(0))
    return owner


def _main_part(lung: Booleans) -> Booleans:
    """The lung without parts that lie apart, first in each slice, then in 3D."""
    labels = _labelled_slices(np.pad(lung, ((0, 0), (1, 1), (1, 1))))[:, 1:-1, 1:-1]
    kept = lung.copy()
    for index in range(len(lung)):
        names, sizes = np.unique(labels[index][lung[index]], return_counts=True)
        large = _covering(sizes)
        if not large.all():
            kept[index] &= ~_apart(labels[index], names[large], names[~large])
    bodies = cc3d.connected_components(kept, connectivity=26)
    largest = int(np.argmax(np.bincount(bodies.ravel())[1:])) + 1
    main: Booleans = bodies == largest
    return main


def _covering(sizes: NDArray[np.intp]) -> Booleans:
    """True for the fewest of the largest parts that cover 95 % of the whole."""
    order = np.argsort(-sizes, kind="stable")
    covered_before = np.cumsum(sizes[order]) - sizes[order]
    is_large = np.zeros(len(sizes), dtype=np.bool_)
    is_large[order] = covered_before < COVERED_AREA * sizes.sum()
    return is_large


def _apart(
    labels: NDArray[np.uint32], large: NDArray[np.uint32], small: NDArray[np.uint32]
) -> Booleans:
    """True in the small parts of a slice, where outside the convex hulls of the large parts."""
    apart: Booleans = np.isin(labels, small)
    points = np.argwhere(apart)
    inside = np.zeros(len(points), dtype=np.bool_)
    for name in large:
        inside |= _in_hull(points, np.argwhere(labels == name))
    apart[tuple(points[inside].T)] = False
    return apart


def _in_hull(points: NDArray[np.intp], voxels: NDArray[np.intp]) -> Booleans:
    """True for the points in the convex hull of the voxels' areas."""
    half = np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
    corners = (voxels[:, None] + half).reshape(-1, 2)
    equations = ConvexHull(corners).equations
    inside: Booleans = (points @ equations[:, :2].T + equations[:, 2] <= 1e-9).all(axis=1)
    return inside
