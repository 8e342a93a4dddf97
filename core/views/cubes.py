"""Cubes along the patient's axes, the grid on which the projection is computed."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from core.geometry import Floats, VolumeGeometry
from core.views.planes import PARALLEL_TOLERANCE
from core.volume import Mask

Values = NDArray[np.float32]

CUBE_MM = 1.8
"""Edge of the cubes: finer shows noise rather than anatomy, and costs time by the third power."""

REGION_MARGIN_MM = 30.0
"""Ribs, breastbone and spine lie within this of the lungs; arms and table beyond it."""


def filled_extent(mask: Mask) -> tuple[Floats, Floats]:
    """First and last index that hold a label, along each axis; the whole grid if none does."""
    first, last = np.zeros(3), np.array(mask.geometry.shape) - 1.0
    for axis in range(3):
        others = tuple(k for k in range(3) if k != axis)
        filled = np.flatnonzero(mask.labels.any(axis=others))
        if len(filled):
            first[axis], last[axis] = filled[0], filled[-1]
    return first, last


def cube_grid(geometry: VolumeGeometry, region: Mask | None) -> VolumeGeometry:
    """Cubes along the patient's axes that hold the region with a margin.

    Args:
        geometry: Of the region; without one, all of this grid is held.
        region: Lungs and heart, or None.

    Returns:
        Index order (y to the back, x to the left, z to the feet).
    """
    first, last = np.zeros(3), np.array(geometry.shape) - 1.0
    margin_mm = 0.0
    if region is not None:
        margin_mm = REGION_MARGIN_MM
        first, last = filled_extent(region)
    corners = np.array(np.meshgrid(*np.stack([first, last], axis=1))).reshape(3, -1).T
    points = geometry.to_patient(corners)
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    size = np.ceil((high - low) / CUBE_MM).astype(int) + 1
    return VolumeGeometry.from_axes(
        (int(size[1]), int(size[0]), int(size[2])),
        (low[0], low[1], high[2]),
        ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
        (CUBE_MM,) * 3,
    )


def on_cubes(
    values: NDArray[np.generic], geometry: VolumeGeometry, cubes: VolumeGeometry, *, outside: float
) -> Values:
    """Any array at the centres of the cubes, linear; averaged first where it is finer than they.

    Args:
        values: (slice, row, column).
        geometry: Where they lie.
        cubes: Of `cube_grid`.
        outside: Value of cubes beyond the array.

    Returns:
        float32 of the cubes' shape.
    """
    factors = [max(1, int(CUBE_MM / spacing)) for spacing in geometry.spacing_mm]
    coarse = _block_means(values, factors)
    scale = np.diag([*factors, 1.0]).astype(float)
    scale[:3, 3] = (np.array(factors) - 1) / 2
    to_coarse = np.linalg.inv(geometry.affine @ scale) @ cubes.affine
    order = np.argmax(np.abs(to_coarse[:3, :3]), axis=0)
    matrix, offset = to_coarse[:3, :3], to_coarse[:3, 3]
    if sorted(order) == [0, 1, 2]:
        coarse, matrix, offset = coarse.transpose(order), matrix[order], offset[order]
        if np.abs(matrix - np.diag(np.diag(matrix))).max() < PARALLEL_TOLERANCE:
            matrix = np.diag(matrix)  # parallel axes: SciPy then interpolates axis by axis
    resampled: Values = affine_transform(
        coarse,
        matrix,
        offset,
        output_shape=cubes.shape,
        output=np.float32,
        order=1,
        mode="grid-constant",
        cval=outside,
    )
    return resampled


def _block_means(values: NDArray[np.generic], factors: list[int]) -> NDArray[np.generic]:
    """Mean over blocks of `factors` voxels; the rest of an incomplete block is left out."""
    if max(factors) == 1:
        return values
    counts = [count // factor for count, factor in zip(values.shape, factors, strict=True)]
    total: Values = np.zeros(counts, np.float32)
    for start in np.ndindex(*factors):
        every = [
            slice(first, first + count * factor, factor)
            for first, count, factor in zip(start, counts, factors, strict=True)
        ]
        total += np.asarray(values[tuple(every)], np.float32)
    return total / np.float32(np.prod(factors))
