"""From the scan's own grid to the grid of the model: crop, square, trilinear interpolation.

Lu et al. state only the size, 256 x 256 x 128. [unstated], and chosen here: the crop to the region
(as Liao et al. crop to the lungs, with their margin of 5 voxels of 1 mm), the square in plane, so
that the anatomy keeps its proportions there, and the alignment of voxel edges.
"""

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelInputError
from core.geometry import Floats, VolumeGeometry
from core.volume import Mask

MARGIN_MM = 5.0
"""Distance from the region to the edge of the model's grid (5 voxels of 1 mm in Liao et al.)."""
PARALLEL_TOLERANCE_VOXELS = 1e-3


def model_grid(region: Mask, shape: tuple[int, int, int]) -> VolumeGeometry:
    """The grid of a model on the region's bounding box.

    The box reaches 5 mm beyond the outer edges of the region's voxels; its shorter side in plane is
    widened to the longer one about its centre. It may therefore reach beyond the scan. Edges of the
    first and last voxels of the grid lie on the edges of the box.

    Args:
        region: Labels > 0 are the region.
        shape: (slices, rows, columns) of the grid.

    Returns:
        A geometry with the region's axes and frame of reference.

    Raises:
        ModelInputError: The region is empty.
    """
    low_index, high_index = _bounds(region.labels)
    spacing_mm = np.array(region.geometry.spacing_mm)
    centre_index = (low_index + high_index) / 2
    extent_mm = (high_index - low_index + 1) * spacing_mm + 2 * MARGIN_MM
    extent_mm[1:] = extent_mm[1:].max()
    step_index = extent_mm / spacing_mm / np.array(shape)
    first_index = centre_index - step_index * (np.array(shape) - 1) / 2
    affine = np.array(region.geometry.affine)
    affine[:3, :3] *= step_index
    affine[:3, 3] = region.geometry.to_patient(first_index)
    return VolumeGeometry(shape, affine, region.geometry.frame_of_reference_uid)


def resample(
    values: NDArray[np.generic], geometry: VolumeGeometry, grid: VolumeGeometry, outside: float
) -> NDArray[np.float32]:
    """Values on a parallel grid, by trilinear interpolation at the grid's voxel centres.

    Between the centre and the outer edge of the scan's outermost voxels their value holds.

    Args:
        values: (slice, row, column) on `geometry`.
        geometry: Where the values lie.
        grid: Where they are wanted; its axes run along those of `geometry`.
        outside: Value of grid voxels whose centre lies outside the scan.

    Returns:
        float32 of the grid's shape.
    """
    if values.shape != geometry.shape:
        raise ValueError(f"values must have the shape {geometry.shape}, {values.shape=}")
    positions = _positions(geometry, grid)
    low, high, share = zip(
        *(_neighbours(p, n) for p, n in zip(positions, values.shape, strict=True)), strict=True
    )
    result = np.empty(grid.shape, dtype=np.float32)
    for index in range(grid.shape[0]):
        plane = _between(values[low[0][index]], values[high[0][index]], share[0][index])
        plane = _between(plane[low[1]], plane[high[1]], share[1][:, None])
        result[index] = _between(plane[:, low[2]], plane[:, high[2]], share[2])
    for axis, (position, count) in enumerate(zip(positions, values.shape, strict=True)):
        is_outside = (position < -0.5) | (position > count - 0.5)
        np.moveaxis(result, axis, 0)[is_outside] = outside
    return result


def _bounds(labels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """First and last index of the region along each axis."""
    if not labels.any():
        raise ModelInputError(
            "The region that the model sees is empty: expected lungs, found none.",
            "Choose a series that shows the whole chest.",
        )
    hits = [np.flatnonzero(labels.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    return np.array([h[0] for h in hits], float), np.array([h[-1] for h in hits], float)


def _positions(geometry: VolumeGeometry, grid: VolumeGeometry) -> tuple[Floats, Floats, Floats]:
    """Fractional index in `geometry` of the grid's voxel centres, for each axis by itself."""
    if geometry.frame_of_reference_uid != grid.frame_of_reference_uid:
        raise ValueError("values and grid must share a frame of reference")
    between = np.linalg.inv(geometry.affine) @ grid.affine
    steps = np.diag(between)[:3]
    skew = np.abs(between[:3, :3] - np.diag(steps)) * np.array(grid.shape)
    if skew.max() > PARALLEL_TOLERANCE_VOXELS:
        raise ValueError("the axes of the grid must run along those of the values")
    first = between[:3, 3]
    axes = [first[k] + steps[k] * np.arange(grid.shape[k]) for k in range(3)]
    return axes[0], axes[1], axes[2]


def _neighbours(
    position: Floats, count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Indices below and above each position, and how far it lies from the one below (0..1)."""
    clipped = np.clip(position, 0, count - 1)
    low = np.minimum(np.floor(clipped), max(count - 2, 0)).astype(np.intp)
    high = np.minimum(low + 1, count - 1)
    return low, high, (clipped - low).astype(np.float32)


def _between(
    low: NDArray[np.generic], high: NDArray[np.generic], share: NDArray[np.float32] | np.float32
) -> NDArray[np.float32]:
    start = low.astype(np.float32)
    result: NDArray[np.float32] = start + share * (high.astype(np.float32) - start)
    return result
