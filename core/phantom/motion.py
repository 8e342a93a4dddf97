"""What moves while the table does: the heart, and the lungs' bases where the breath is not held."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

HEART_SIGMA_MM = 0.8
"""Blur of the heart over half a turn of an ungated scanner, standard deviation in the plane."""

HEART_RIM_MM = 5.0
"""The motion fades out over this distance round the heart."""

BASES_MM, APICES_MM = -60.0, 60.0
"""LPS heights: the diaphragm moves most; above the carina nothing moves."""

SAMPLES = 64
"""Points of each half of a slice profile."""


def slice_weights(
    thickness_mm: float, increment_mm: float, motion_mm: float = 0.0
) -> NDArray[np.float32]:
    """Share that slices drawn at every increment have in a slice as the scanner sees it.

    The slice profile is a box of the thickness, blurred by motion; between drawn slices the body is
    taken as linear.

    Returns:
        Weights of the slices -n to n round the slice itself; their sum is 1.
    """
    reach_mm = thickness_mm / 2 + 4 * motion_mm
    count = max(math.ceil(reach_mm / increment_mm), 1)
    at_mm = np.linspace(-count, count, 2 * count * SAMPLES + 1) * increment_mm
    half = thickness_mm / 2
    sigma_mm = max(motion_mm, 1e-3 * increment_mm)
    profile = ndtr((at_mm + half) / sigma_mm) - ndtr((at_mm - half) / sigma_mm)
    places = np.arange(-count, count + 1) * increment_mm
    hats = np.maximum(1 - np.abs(at_mm[None] - places[:, None]) / increment_mm, 0)
    weights: NDArray[np.float32] = (hats @ profile).astype(np.float32)
    weights /= weights.sum()
    return weights


def breathing_at(z_mm: float, breathing_mm: float) -> float:
    """Motion along the body at a height: all of it at the bases, none at the apices."""
    share = min(max((APICES_MM - z_mm) / (APICES_MM - BASES_MM), 0.0), 1.0)
    return breathing_mm * share * share * (3 - 2 * share)


def blur_heart(picture: NDArray[np.float32], heart: NDArray[np.bool_], pixel_mm: float) -> None:
    """Blur the heart in one slice, in place.

    Args:
        picture: HU, (rows, columns).
        heart: Where the heart is, (rows, columns).
        pixel_mm: Distance of pixels.
    """
    rows, columns = np.flatnonzero(heart.any(1)), np.flatnonzero(heart.any(0))
    if rows.size == 0:
        return
    margin = math.ceil(2 * HEART_RIM_MM / pixel_mm)
    box = (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
    )
    share = gaussian_filter(heart[box].astype(np.float32), HEART_RIM_MM / 2 / pixel_mm)
    moved = gaussian_filter(picture[box], HEART_SIGMA_MM / pixel_mm)
    picture[box] += np.minimum(2 * share, 1) * (moved - picture[box])
