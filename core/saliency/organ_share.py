"""How much of a saliency map lies in which organ, and outside what the model is shown.

The mass of a cell is its attribution without sign times its volume, spread evenly over the cell; so
a coarse GradCAM cell that lies half in the heart and half in the lung gives half its mass to each.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.preprocessing.organ_regions import ORGAN_NAMES, Organ
from core.volume import Mask, SaliencyMap

PARALLEL_TOLERANCE_VOXELS = 0.05
"""Grids whose axes drift apart by less than this over their whole length count as parallel."""


def outside_region_share(maps: Sequence[SaliencyMap], shown: Mask) -> dict[str, float]:
    """Share of each map's mass outside the region that the model is shown, not thresholded.

    There the model is given one constant. Attribution to it says nothing about the patient: it
    comes from the network's padding, its wide cells and the edge of the region.

    Args:
        maps: On their own grids.
        shown: 1 in the region. What lies beyond this grid is outside.

    Returns:
        Method -> share, 0..1, without the maps that are empty.

    Raises:
        ValueError: A map and `shown` have different frames of reference.
    """
    found = {}
    for each in maps:
        if (held := _share_of_labels(each, shown)) is not None:
            found[each.method] = float(held[0])
    return found


def organ_share(saliency: SaliencyMap, regions: Mask) -> dict[str, float]:
    """Share of the map's mass in each organ, not thresholded.

    Between parallel grids (flipped and permuted ones too) shares are exact; cells of an oblique
    map are probed at points at most one voxel of the regions apart.

    Args:
        saliency: On its own grid; negative values count as much as positive ones.
        regions: Labels of `Organ` on theirs. What lies beyond this grid is outside the body.

    Returns:
        Name of the organ -> share, only of organs that hold some; they sum to 1. Empty for an
        empty map.

    Raises:
        ValueError: The two have different frames of reference.
    """
    found = _share_of_labels(saliency, regions)
    if found is None:
        return {}
    return {ORGAN_NAMES[organ]: float(found[organ]) for organ in Organ if found[organ] > 0}


def _share_of_labels(saliency: SaliencyMap, regions: Mask) -> Floats | None:
    """Share of the map's mass under each label, 0 also beyond the grid; None for an empty map."""
    if saliency.geometry.frame_of_reference_uid != regions.geometry.frame_of_reference_uid:
        raise ValueError("map and regions must share a frame of reference")
    mass = np.abs(saliency.values)
    total = float(mass.sum(dtype=np.float64))
    if total <= 0:
        return None
    if saliency.geometry.agrees_with(regions.geometry):
        return _normalised(_held(mass, regions.labels) / total)
    box = tuple(
        slice(int(hit[0]), int(hit[-1]) + 1)
        for hit in (np.flatnonzero(mass.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
    )
    to_regions = np.linalg.inv(regions.geometry.affine) @ saliency.geometry.affine
    to_regions[:3, 3] += to_regions[:3, :3] @ [side.start for side in box]
    order = _parallel_order(to_regions, mass[box].shape)
    if order is None:
        found = _probed(mass[box], to_regions, regions.labels)
    else:
        found = _overlapped(mass[box].transpose(order), to_regions[:, [*order, 3]], regions.labels)
    return _normalised(found / total)


def _normalised(found: Floats) -> Floats:
    """Shares that sum to 1: what no label holds is outside."""
    found = np.maximum(found, 0)
    found[Organ.OUTSIDE] = max(1 - found[1:].sum(), 0)
    shares: Floats = found / found.sum()
    return shares


def _held(mass: NDArray[np.floating], labels: NDArray[np.uint8]) -> Floats:
    """Mass under each label, on one grid."""
    held = np.bincount(labels.ravel(), mass.ravel(), minlength=len(Organ))
    return held.astype(np.float64)


def _parallel_order(to_regions: Floats, cells: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Axis of the map along each axis of the regions; None if the grids are oblique."""
    along = np.abs(to_regions[:3, :3])
    order = along.argmax(axis=1)
    if len(set(order.tolist())) < 3:
        return None
    drift = along * np.array(cells)
    drift[np.arange(3), order] = 0
    if drift.max() > PARALLEL_TOLERANCE_VOXELS:
        return None
    return int(order[0]), int(order[1]), int(order[2])


def _overlapped(mass: NDArray[np.float32], to_regions: Floats, labels: NDArray[np.uint8]) -> Floats:
    """Mass in each organ; the map's axes run along those of the regions."""
    spread: NDArray[np.floating] = mass
    for axis in (2, 1, 0):
        shares = _overlaps(
            float(to_regions[axis, 3]),
            float(to_regions[axis, axis]),
            (spread.shape[axis], labels.shape[axis]),
        )
        spread = np.moveaxis(np.tensordot(spread, shares, axes=(axis, 0)), -1, axis)
    return _held(spread, labels)


def _overlaps(first: float, step: float, counts: tuple[int, int]) -> NDArray[np.float32]:
    """(cell, voxel): share of the cell's length within the voxel.

    Args:
        first: Middle of cell 0 in voxels, where voxel j reaches from j - 1/2 to j + 1/2.
        step: From one cell to the next, in voxels; may be negative.
        counts: Number of cells and of voxels.
    """
    middles = first + step * np.arange(counts[0])[:, None]
    voxels = np.arange(counts[1])
    half = abs(step) / 2
    low = np.maximum(middles - half, voxels - 0.5)
    high = np.minimum(middles + half, voxels + 0.5)
    shares: NDArray[np.float32] = (np.clip(high - low, 0, None) / abs(step)).astype(np.float32)
    return shares


def _probed(mass: NDArray[np.float32], to_regions: Floats, labels: NDArray[np.uint8]) -> Floats:
    """Mass in each organ, from points spread evenly over every cell that has some."""
    cells = np.argwhere(mass > 0)
    weights = mass[tuple(cells.T)].astype(np.float64)
    counts = np.ceil(np.abs(to_regions[:3, :3]).max(axis=0)).astype(int)
    offsets = [(np.arange(n) + 0.5) / n - 0.5 for n in counts]
    centres = cells @ to_regions[:3, :3].T + to_regions[:3, 3]
    points = np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3)
    result = np.zeros(len(Organ))
    for offset in points @ to_regions[:3, :3].T:
        index = np.rint(centres + offset).astype(np.intp)
        within = np.all((index >= 0) & (index < labels.shape), axis=1)
        organs = labels[tuple(index[within].T)]
        result += np.bincount(organs, weights[within], minlength=len(Organ))
    return result / len(points)
