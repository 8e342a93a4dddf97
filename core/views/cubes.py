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
        outside: Value of cubes beyond the array; it is reached one voxel (or block) beyond the
            outermost centres.

    Returns:
        float32 of the cubes' shape.
    """
    factors = np.array([max(1, int(CUBE_MM / spacing)) for spacing in geometry.spacing_mm])
    near = _near(geometry, cubes, factors)
    coarse = _block_means(values[near], factors)
    scale = np.diag([*factors, 1.0]).astype(float)
    scale[:3, 3] = [axis.start for axis in near] + (factors - 1) / 2
    to_coarse = np.linalg.inv(geometry.affine @ scale) @ cubes.affine
    matrix, offset = to_coarse[:3, :3], to_coarse[:3, 3]
    order = np.argmax(np.abs(matrix), axis=0)
    if sorted(order) == [0, 1, 2]:
        steps = matrix[order, range(3)]
        skew = np.abs(matrix[order] - np.diag(steps)).max()
        if skew < PARALLEL_TOLERANCE:
            positions = [
                offset[axis] + step * np.arange(count)
                for axis, step, count in zip(order, steps, cubes.shape, strict=True)
            ]
            return _axis_by_axis(coarse.transpose(order), positions, outside)
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


def _near(
    geometry: VolumeGeometry, cubes: VolumeGeometry, factors: NDArray[np.intp]
) -> tuple[slice, slice, slice]:
    """The part of the array that the cubes can touch, in whole blocks; never empty."""
    last = np.array(cubes.shape) - 1
    corners = geometry.to_index(cubes.to_patient(np.array(list(np.ndindex(2, 2, 2))) * last))
    # One block more on each side: its mean is the outer neighbour of the last position.
    low = np.floor(corners.min(axis=0) / factors).astype(int) - 1
    high = np.ceil(corners.max(axis=0) / factors).astype(int) + 2
    blocks = np.array(geometry.shape) // factors
    low = np.clip(low, 0, blocks - 1)
    high = np.clip(high, low + 1, blocks)
    first, second, third = (
        slice(int(start), int(stop))
        for start, stop in zip(low * factors, high * factors, strict=True)
    )
    return first, second, third


def _axis_by_axis(coarse: NDArray[np.generic], positions: list[Floats], outside: float) -> Values:
    """Linear interpolation at the products of `positions`; what shrinks most goes first."""
    found = np.pad(np.asarray(coarse, np.float32), 1, constant_values=outside)
    growth = [len(place) / count for place, count in zip(positions, coarse.shape, strict=True)]
    for axis in np.argsort(growth):
        last = found.shape[axis] - 1
        place = np.clip(positions[axis] + 1, 0, last)  # the frame of `outside` comes first
        low = np.minimum(place.astype(np.intp), last - 1)
        share = (place - low).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(3)])
        start, rise = found.take(low, axis), found.take(low + 1, axis)
        rise -= start
        rise *= share
        start += rise
        found = start
    return np.ascontiguousarray(found)


def _block_means(values: NDArray[np.generic], factors: NDArray[np.intp]) -> NDArray[np.generic]:
    """Mean over blocks of `factors` voxels; the rest of an incomplete block is left out."""
    if factors.max() == 1:
        return values
    counts = np.array(values.shape) // factors
    total: Values = np.zeros(counts, np.float32)
    for start in np.ndindex(*factors):
        every = tuple(
            slice(first, first + count * factor, factor)
            for first, count, factor in zip(start, counts, factors, strict=True)
        )
        np.add(total, values[every], out=total, casting="unsafe")
    return total / np.float32(np.prod(factors))
