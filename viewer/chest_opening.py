"""Clears the way to the lungs and heart for the volume view, so that skin does not hide them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, binary_opening, label

from core.volume import Volume

AIR_HU = -500
"""Darker than this is lung, airway or the air outside."""

BONE_HU = np.int16(160)
"""Brighter than this stays everywhere in the body: ribs, spine, calcium."""

BONE_CONTRAST = np.int16(9)
"""Outside the cavity hounsfield units fall so much faster below bone: soft tissue turns to air."""

LOWEST_HU, HIGHEST_HU = np.int16(-1024), np.int16(3071)
COARSE_STEP = 2
SMALLEST_LUNG_ML = 200.0
WALL_MM = 6.0
"""The wall of the chest cavity is peeled off by this much, or it would close it again."""


def opened_chest(volume: Volume) -> Volume:
    """The volume with all that hides the chest cavity made air; bone of the body stays.

    For drawing only: the cavity is what lies between lung and lung in each row of a reoriented
    volume. Where no lungs are found the volume comes back as it is.
    """
    coarse = volume.hu[::COARSE_STEP, ::COARSE_STEP, ::COARSE_STEP]
    voxel_ml = volume.geometry.voxel_volume_mm3 * COARSE_STEP**3 / 1000
    lungs = _enclosed_air(coarse, SMALLEST_LUNG_ML / voxel_ml)
    if not lungs.any():
        return volume
    spacing_mm = np.array(volume.geometry.spacing_mm) * COARSE_STEP
    reach = [1 + 2 * max(1, round(WALL_MM / mm)) for mm in spacing_mm[1:]]
    cavity = binary_erosion(_between(lungs, axis=2), np.ones((1, *reach), dtype=bool))
    inside = _finer(cavity, volume.geometry.shape)
    body = _finer(_body(coarse), volume.geometry.shape)
    smooth = _smoothed(volume.hu)
    bone = np.where(body, (smooth - BONE_HU) * BONE_CONTRAST + BONE_HU, LOWEST_HU)
    hu = np.where(inside, smooth, np.clip(bone, LOWEST_HU, smooth))
    return replace(volume, hu=hu, padding=None)


def _smoothed(hu: NDArray[np.int16]) -> NDArray[np.int16]:
    """Weights 1 2 1 along each axis, all in int16: the first frame waits for this."""
    smooth = hu.clip(LOWEST_HU, HIGHEST_HU)
    for axis in range(3):
        values = np.moveaxis(smooth, axis, 0)
        between = (values[:-2] + 2 * values[1:-1] + values[2:]) // np.int16(4)
        values[1:-1] = between
    return smooth


def _body(hu: NDArray[np.int16]) -> NDArray[np.bool_]:
    """The largest thing that is not air: the table is too thin to survive the opening."""
    labels, count = label(binary_opening(hu > AIR_HU, np.ones((3, 3, 3), dtype=bool)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    body: NDArray[np.bool_] = labels == int(np.argmax(sizes))
    return body


def _enclosed_air(hu: NDArray[np.int16], smallest_voxels: float) -> NDArray[np.bool_]:
    """Large air spaces that do not reach the sides of the slices."""
    air = binary_opening(hu < AIR_HU)
    labels, count = label(air)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sides = (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1])
    outside = np.unique(np.concatenate([side.ravel() for side in sides]))
    kept = sizes >= smallest_voxels
    kept[outside] = False
    kept[0] = False
    enclosed: NDArray[np.bool_] = kept[labels]
    return enclosed


def _between(mask: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """True from the first to the last voxel of the mask on each line along an axis."""
    begun = np.logical_or.accumulate(mask, axis)
    not_ended = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis), axis)
    between: NDArray[np.bool_] = begun & not_ended
    return between


def _finer(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask on the grid that it was taken from by `COARSE_STEP`."""
    for axis in range(3):
        mask = np.repeat(mask, COARSE_STEP, axis)
    depth, rows, columns = shape
    return mask[:depth, :rows, :columns]
