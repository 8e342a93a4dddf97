"""The air in each slice that may be lung: the first step of Liao et al. (team grt123, DSB 2017)."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from core.progress import Progress
from core.volume import Volume
from core.voxel_runs import Booleans, Floats, Integers, Runs, find_runs, joined, parts

BLUR_SIGMA_MM = 0.75
"""Published as 1 pixel; 0.75 mm is a typical pixel. Counted in pixels the blur would eat a
millimetres-wide rim of the lungs where pixels are coarse."""
BLUR_TRUNCATE_SIGMAS = 2.0
AIR_BELOW_HU = -600
LEAST_AREA_MM2 = 30.0
GREATEST_ECCENTRICITY = 0.99
CORNER_VOXELS = 10
"""A constant corner of this size means that the scanner filled what lies outside its circle."""
SLAB_SLICES = 16
"""Slices between two reports of progress."""
BLOCK_ROWS = 128
"""Rows blurred at once: few enough to stay in the processor's cache."""


def air_in_slices(volume: Volume, progress: Progress) -> Runs:
    """Runs of the air parts that are large and round enough to be lung, slice by slice.

    Each slice is blurred and thresholded; its 8-connected parts stay if larger than 30 mm2 and less
    eccentric than 0.99. Where a slice's corner is constant, what lies outside the circle of the
    reconstruction is left out.

    Args:
        volume: Slices towards the head, rows to the back, columns to the patient's left.
        progress: Stepped once a slab.
    """
    slice_count = volume.geometry.shape[0]
    circle = _inside_circle(volume)
    slabs = []
    for start in range(0, slice_count, SLAB_SLICES):
        progress.step(start / slice_count, "Finding air")
        slab = volume.hu[start : start + SLAB_SLICES]
        air = _air(slab, circle, volume.geometry.spacing_mm)
        runs = find_runs(air, start, slice_count)
        slabs.append(_plausible(runs, volume.geometry.spacing_mm))
    return joined(slabs)


def _air(
    slab: NDArray[np.int16], circle: Booleans, spacing_mm: tuple[float, float, float]
) -> Booleans:
    kernels = [_half_gaussian(BLUR_SIGMA_MM / spacing_mm[axis]) for axis in (1, 2)]
    air = np.empty(slab.shape, dtype=np.bool_)
    for plane, in_plane in zip(slab, air, strict=True):
        _air_in_plane(plane, kernels, in_plane)
    corners = slab[:, :CORNER_VOXELS, :CORNER_VOXELS]
    is_filled = corners.max(axis=(1, 2)) == corners.min(axis=(1, 2))
    air[is_filled] &= circle
    return air


def _air_in_plane(
    plane: NDArray[np.int16], kernels: list[NDArray[np.float32]], air: Booleans
) -> None:
    """Blur one slice, its border mirrored, and mark in `air` what is below -600 HU."""
    row_reach, column_reach = (len(kernel) - 1 for kernel in kernels)
    reach = ((row_reach, row_reach), (column_reach, column_reach))
    framed = np.pad(plane, reach, mode="symmetric").astype(np.float32)
    for start in range(0, len(plane), BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, len(plane))
        block = _blurred(framed[start : stop + 2 * row_reach], kernels[0])
        block = _blurred(block.T, kernels[1]).T
        np.less(block, AIR_BELOW_HU, out=air[start:stop])


def _blurred(framed: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur along the first axis; the result is shorter by the kernel's reach at both ends."""
    reach = len(kernel) - 1
    count = len(framed) - 2 * reach
    blurred: NDArray[np.float32] = framed[reach : reach + count] * kernel[0]
    for distance in range(1, reach + 1):
        pair = framed[reach - distance : reach - distance + count].copy(order="K")
        pair += framed[reach + distance : reach + distance + count]
        pair *= kernel[distance]
        blurred += pair
    return blurred


def _half_gaussian(sigma_voxels: float) -> NDArray[np.float32]:
    """Weights of the middle and of one side; both sides and the middle sum to 1."""
    reach = int(BLUR_TRUNCATE_SIGMAS * sigma_voxels + 0.5)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma_voxels) ** 2)
    half: NDArray[np.float32] = (weights / (2 * weights.sum() - 1)).astype(np.float32)
    return half


def _inside_circle(volume: Volume) -> Booleans:
    """(row, column), True where the blur sees only voxels inside the circle of reconstruction.

    The published circle is inscribed in a square matrix. A matrix that is not square was cut from
    a square: its circle has the longer side as diameter.
    """
    _, rows, columns = volume.geometry.shape
    _, row_mm, column_mm = volume.geometry.spacing_mm
    y_mm = (np.arange(rows) - (rows - 1) / 2) * row_mm
    x_mm = (np.arange(columns) - (columns - 1) / 2) * column_mm
    radius_mm = max(rows * row_mm, columns * column_mm) / 2
    inside = np.hypot(y_mm[:, None], x_mm) < radius_mm
    reach_mm = BLUR_TRUNCATE_SIGMAS * BLUR_SIGMA_MM
    sides = [2 * int(reach_mm / size_mm + 0.5) + 1 for size_mm in (row_mm, column_mm)]
    seen: Booleans = binary_erosion(inside, np.ones(sides), border_value=1)
    return seen


def _plausible(runs: Runs, spacing_mm: tuple[float, float, float]) -> Runs:
    count, part = parts(len(runs.start), runs.links(runs.row_step, diagonal=True))
    area_mm2, eccentricity = shapes(runs, part, count, spacing_mm[1:])
    is_plausible = (area_mm2 > LEAST_AREA_MM2) & (eccentricity < GREATEST_ECCENTRICITY)
    return runs.kept(is_plausible[part])


def shapes(
    runs: Runs, part: Integers, count: int, spacing_mm: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Area in mm2 and eccentricity (of the ellipse with the same moments) of each part."""
    n = runs.lengths.astype(np.float64)
    x = runs.columns + (n - 1) / 2  # middle of the run
    y = runs.rows.astype(np.float64)
    size = np.bincount(part, n, count)

    def mean(values: Floats) -> Floats:
        sums: Floats = np.bincount(part, values * n, count) / size
        return sums

    x_middle, y_middle = mean(x), mean(y)
    x, y = x - x_middle[part], y - y_middle[part]
    xx = mean(x * x + (n * n - 1) / 12) * spacing_mm[1] ** 2  # a run of n has variance (n2 - 1)/12
    yy = mean(y * y) * spacing_mm[0] ** 2
    xy = mean(x * y) * spacing_mm[0] * spacing_mm[1]
    middle, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    longest = np.where(middle + half > 0, middle + half, 1.0)
    eccentricity = np.sqrt(np.clip(1 - (middle - half) / longest, 0, 1))
    eccentricity[middle + half <= 0] = 0.0  # a single voxel is round
    area_mm2 = np.asarray(size * spacing_mm[0] * spacing_mm[1], dtype=np.float64)
    return area_mm2, eccentricity
