"""The lung mask of Liao et al. (team grt123, DSB 2017), step by step as it was published.

Written anew from the description of the steps, plainly, with scipy and scikit-image: slow, in
voxels where the publication counts voxels. The oracle of `core.preprocessing.lung_mask`. Only the
crash on an empty mask and the assumption of a square matrix are mended.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    distance_transform_edt,
    gaussian_filter,
)
from skimage.measure import label, regionprops

Booleans = NDArray[np.bool_]
Spacing = tuple[float, float, float]

SIGMA_VOXELS = (1.0, 1.0)


def published_lung_mask(
    hu: NDArray[np.int16], spacing_mm: Spacing, sigma_voxels: tuple[float, float] = SIGMA_VOXELS
) -> Booleans:
    """Both lungs.

    Args:
        hu: Slices towards the head.
        spacing_mm: Along (slice, row, column).
        sigma_voxels: Of the blur along (row, column): 1 as published.
    """
    air = np.stack([_air_of_slice(plane, spacing_mm, sigma_voxels) for plane in hu])
    for cut in range(0, len(air), 2):
        lungs = _lungs_of(air, spacing_mm, cut)
        if lungs.any():
            return _two_lungs(_without_holes(lungs), spacing_mm)
    return np.zeros_like(air)


def _air_of_slice(
    plane: NDArray[np.int16], spacing_mm: Spacing, sigma_voxels: tuple[float, float]
) -> Booleans:
    values = plane.astype(np.float32)
    if len(np.unique(values[:10, :10])) == 1:
        rows, columns = values.shape
        y, x = np.ogrid[:rows, :columns]
        from_middle = np.hypot(y - (rows - 1) / 2, x - (columns - 1) / 2)
        values[from_middle >= max(rows, columns) / 2] = np.nan
    dark = gaussian_filter(values, sigma_voxels, truncate=2.0) < -600
    parts = label(dark)
    kept = [
        part.label
        for part in regionprops(parts)
        if part.area * spacing_mm[1] * spacing_mm[2] > 30 and part.eccentricity < 0.99
    ]
    return np.isin(parts, kept)


def _lungs_of(air: Booleans, spacing_mm: Spacing, cut: int) -> Booleans:
    below = air.copy()
    if cut:
        below[-cut:] = False
    parts = label(below, connectivity=1)
    last, middle = len(air) - 1 - cut, air.shape[2] // 2
    for z in (0, last):
        for y in (0, -1):
            for x in (0, middle, -1):
                if parts[z, y, x]:
                    parts[parts == parts[z, y, x]] = 0
    voxel_litres = np.prod(spacing_mm) / 1e6
    kept = [
        part.label
        for part in regionprops(parts)
        if 0.68 <= part.area * voxel_litres <= 7.5 and _is_central(parts == part.label, spacing_mm)
    ]
    lungs = np.isin(parts, kept)
    return _with_cut_slices(lungs, air, cut) if cut and kept else lungs


def _is_central(part: Booleans, spacing_mm: Spacing) -> bool:
    _, rows, columns = part.shape
    y, x = np.ogrid[:rows, :columns]
    from_axis_mm = np.hypot(
        (y - (rows - 1) / 2) * spacing_mm[1], (x - (columns - 1) / 2) * spacing_mm[2]
    )
    nearest_mm = [
        from_axis_mm[plane].min()
        for plane in part
        if plane.sum() * spacing_mm[1] * spacing_mm[2] > 6000
    ]
    return bool(nearest_mm) and np.mean(nearest_mm) < 62


def _with_cut_slices(lungs: Booleans, air: Booleans, cut: int) -> Booleans:
    whole = lungs.copy()
    whole[-cut:] = air[-cut:]
    whole &= binary_dilation(lungs, iterations=cut)
    parts = label(whole, connectivity=1)
    return np.isin(parts, np.unique(parts[lungs]))


def _without_holes(mask: Booleans) -> Booleans:
    gaps = label(np.pad(~mask, 1, constant_values=True))
    return (gaps != gaps[0, 0, 0])[1:-1, 1:-1, 1:-1]


def _two_lungs(mask: Booleans, spacing_mm: Spacing) -> Booleans:
    eroded = mask
    for _ in range(22):
        parts = label(eroded, connectivity=2)
        sizes = np.bincount(parts.ravel())[1:]
        order = np.argsort(sizes)[::-1] + 1
        if len(order) > 1 and sizes[order[0] - 1] / sizes[order[1] - 1] < 4.8:
            to_first, to_second = (
                distance_transform_edt(parts != name, sampling=spacing_mm) for name in order[:2]
            )
            first = _main_part(mask & (to_first < to_second))
            second = _main_part(mask & (to_first > to_second))
            return _filled(first) | _filled(second)
        eroded = binary_erosion(eroded)
    return _filled(mask)


def _main_part(lung: Booleans) -> Booleans:
    kept = lung.copy()
    for plane in kept:
        parts = sorted(regionprops(label(plane)), key=lambda part: part.area, reverse=True)
        whole, covered = sum(part.area for part in parts), 0.0
        allowed = np.zeros_like(plane)
        for part in parts:
            if covered > 0.95 * whole:
                break
            covered += part.area
            top, left, bottom, right = part.bbox
            allowed[top:bottom, left:right] |= part.image_convex
        plane &= allowed
    bodies = label(kept)
    return bodies == np.argmax(np.bincount(bodies.ravel())[1:]) + 1


def _filled(lung: Booleans) -> Booleans:
    filled = lung.copy()
    for plane in filled:
        for part in regionprops(label(plane)):
            top, left, bottom, right = part.bbox
            plane[top:bottom, left:right] |= part.image_filled
    return filled
