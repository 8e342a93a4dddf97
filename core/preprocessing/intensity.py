"""Hounsfield units to the intensities of Liao et al. (DSB 2017) and Lu et al. (2022)."""

import numpy as np
from numpy.typing import NDArray

from core.volume import Mask, Volume

HU_WINDOW = (-1200, 600)
"""Values outside are clipped to the ends (`lumTrans` of Liao et al.; Lu et al., section on D)."""
GREATEST_INTENSITY = 255
OUTSIDE_INTENSITY = 170
"""What lies outside the region is set to this, the intensity of water (0 HU)."""


def to_intensity(volume: Volume, region: Mask) -> NDArray[np.uint8]:
    """HU in [-1200, 600] as 0..255, rounded down as published; 170 outside the region.

    Voxels in which the scanner stored no measurement count as outside. Bone inside the region
    stays: Lu et al. show ribs and vertebrae (their figure 9).

    Args:
        volume: The scan.
        region: Labels > 0 are inside; on the geometry of the scan.

    Returns:
        uint8 (slice, row, column).
    """
    if not region.geometry.agrees_with(volume.geometry):
        raise ValueError("the region must lie on the geometry of the volume")
    inside = region.labels > 0
    if volume.padding is not None:
        inside &= ~volume.padding
    intensity = np.full(volume.hu.shape, OUTSIDE_INTENSITY, dtype=np.uint8)
    intensity[inside] = _scaled(volume.hu[inside])
    return intensity


def _scaled(hu: NDArray[np.int16]) -> NDArray[np.uint8]:
    low, high = HU_WINDOW
    above = np.clip(hu, low, high).astype(np.int32) - low
    return (above * GREATEST_INTENSITY // (high - low)).astype(np.uint8)
