"""Parting two lungs that touch: erode until they part, then each voxel goes to the nearer one.

Liao et al. (grt123, DSB 2017) erode by up to 22 voxels. Here the erosion is a distance in mm, and
both steps run on every n-th voxel: only the plane between the lungs is that coarse, no border.
"""

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from core.voxel_runs import Booleans

EROSION_STEP_MM = 0.75
"""One voxel of the published rule, at a typical pixel."""
MOST_EROSIONS = 22
GREATEST_SIZE_RATIO = 4.8
"""Two parts are the two lungs if the larger is less than this many times the smaller."""
COARSE_MM = 2.0

Labels = NDArray[np.uint8]


def parted(mask: Booleans, spacing_mm: tuple[float, float, float]) -> Labels | None:
    """1 and 2 in the two lungs, in no order, 0 outside the mask; None if no erosion parts them."""
    steps = tuple(max(int(COARSE_MM / size_mm), 1) for size_mm in spacing_mm)
    coarse = mask[:: steps[0], :: steps[1], :: steps[2]]
    coarse_mm = tuple(size * step for size, step in zip(spacing_mm, steps, strict=True))
    seeds = _two_seeds(_without_holes(coarse), coarse_mm)
    if seeds is None:
        return None
    nearest = distance_transform_edt(
        seeds == 0, sampling=coarse_mm, return_distances=False, return_indices=True
    )
    owner = seeds[tuple(nearest)]
    for axis, step in enumerate(steps):
        owner = owner.repeat(step, axis=axis)
    labels: Labels = owner[tuple(slice(length) for length in mask.shape)] * mask
    return labels


def _without_holes(mask: Booleans) -> Booleans:
    """The mask with everything that it encloses in 3D: vessels do not help to part the lungs."""
    outside = cc3d.connected_components(~np.pad(mask, 1), connectivity=26)
    whole: Booleans = (outside != outside[0, 0, 0])[1:-1, 1:-1, 1:-1]
    return whole


def _two_seeds(mask: Booleans, spacing_mm: tuple[float, ...]) -> Labels | None:
    """1 and 2 where the two lungs surely are; None if no erosion parts them."""
    depth_mm = distance_transform_edt(np.pad(mask, 1), sampling=spacing_mm)[1:-1, 1:-1, 1:-1]
    for erosions in range(MOST_EROSIONS):
        eroded = depth_mm > erosions * EROSION_STEP_MM
        labels = cc3d.connected_components(eroded, connectivity=18)
        sizes = np.bincount(labels.ravel())[1:]
        if not len(sizes):
            return None
        order = np.argsort(sizes)[::-1]
        if len(sizes) > 1 and sizes[order[0]] < GREATEST_SIZE_RATIO * sizes[order[1]]:
            seed_of_part = np.zeros(len(sizes) + 1, dtype=np.uint8)
            seed_of_part[order[:2] + 1] = (1, 2)
            return seed_of_part[labels]
    return None
