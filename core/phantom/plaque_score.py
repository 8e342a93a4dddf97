"""What a scan of a plaque scores: the Agatston rule on a picture of it without noise.

This is the phantom's own forward model, apart from the scorer that it is to test. Rule of Agatston
et al. 1990 (J Am Coll Cardiol 15:827): pixels from 130 HU on, at least 1 mm2 of them in a slice,
weighted 1 to 4 by the maximum in the slice, counted per 3 mm.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from core.phantom.kernels import SOFT_SIGMA_MM
from core.phantom.plaque import Plaque, Shares, Voxels, shares

CUT_POINTS_HU = (130.0, 200.0, 300.0, 400.0)
LEAST_AREA_MM2, NORMAL_INCREMENT_MM = 1.0, 3.0

WALL_HU, AROUND_HU = 40.0, -30.0
"""Of the wall of an artery, and between fat and heart muscle: what lies round a plaque."""

PIXEL_MM, FINE_MM = 0.74, 0.37
"""Pixel of the scan for which scores are expected, and of the finer grid that stands for all its
positions."""

STEP_MM = 0.5
"""Of the slice positions over which the expectation is taken."""

OFF_GRID = (0.31, 0.13, 0.23)
"""Place of a plaque between voxels: on none of the symmetries by which many voxels would pass the
threshold at once."""

THICKNESSES_MM = (1.0, 3.0)
"""Slices whose mean score is the expected one: the smallest plaques score up to twice as much in
thin slices, all others about the same."""


def picture(filled: Shares, wall: Shares, hu: float, sigma_px: float) -> NDArray[np.float32]:
    """Slices of a plaque in its wall as the soft kernel shows them, HU (slice, row, column)."""
    seen = np.float32(WALL_HU - AROUND_HU) * wall + np.float32(hu - WALL_HU) * filled
    for axis in (1, 2):
        seen = gaussian_filter1d(seen, sigma_px, axis=axis, mode="constant", truncate=3.0)
    return seen + np.float32(AROUND_HU)


def agatston(seen: NDArray[np.float32], pixel_area_mm2: float, increment_mm: float) -> float:
    """Points of one plaque in slices (slice, row, column) of HU."""
    area_mm2 = (seen >= CUT_POINTS_HU[0]).sum(axis=(1, 2)) * pixel_area_mm2
    weight = np.searchsorted(CUT_POINTS_HU, seen.max(axis=(1, 2)), side="right")
    counted = np.where(area_mm2 >= LEAST_AREA_MM2, area_mm2 * weight, 0)
    return float(counted.sum() * increment_mm / NORMAL_INCREMENT_MM)


def expected_agatston(plaque: Plaque) -> float:
    """Mean points of a plaque over all positions of slices and pixels, soft kernel, 120 kV.

    The mean score over the positions of slices is one third of the integral over z of area times
    weight in a slice centred at z, whatever their increment: it hangs on the thickness alone. It is
    taken here over slices every 0.5 mm, and on pixels of half the size with their larger averages
    made up for by blur.
    """
    points = [_expected(plaque, thickness_mm) for thickness_mm in THICKNESSES_MM]
    return float(np.mean(points))


def _expected(plaque: Plaque, thickness_mm: float) -> float:
    sigma_mm = np.sqrt(SOFT_SIGMA_MM**2 + (PIXEL_MM**2 - FINE_MM**2) / 12)
    reach = plaque.reach_mm(plaque.wall_mm) + 3 * sigma_mm
    reach[2] += thickness_mm / 2 - 3 * sigma_mm
    x, y, z = (
        (np.arange(-np.ceil(r / step) - 1, np.ceil(r / step) + 1) + off) * step
        for r, step, off in zip(reach, (FINE_MM, FINE_MM, STEP_MM), OFF_GRID, strict=True)
    )
    voxels = Voxels(x, y, z, (FINE_MM, FINE_MM), thickness_mm)
    wall = shares(plaque, voxels, grown_mm=plaque.wall_mm)
    seen = picture(shares(plaque, voxels), wall, plaque.hu, sigma_mm / FINE_MM)
    return agatston(seen, FINE_MM**2, STEP_MM)
