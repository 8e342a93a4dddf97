"""What blood in the great vessels says of a scan: its density, and the noise."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_erosion

from core.volume import Mask, Volume

ROI_PIXELS = 7
"""Side of a region of interest: about 5 mm, well inside a vessel of 25 mm."""
CORE_EROSIONS = 2
"""Blocks of 2 to 3 mm taken off: the wall and its partial volume are not blood."""
LEAST_REGIONS = 20
"""Fewer regions of interest do not make a measurement."""


@dataclass(frozen=True)
class BloodPool:
    """Blood as measured.

    Attributes:
        mean_hu: Median over the regions of interest of their means.
        noise_hu: Median of their standard deviations.
    """

    mean_hu: float
    noise_hu: float


def blood_pool(volume: Volume, great_vessels: Mask) -> BloodPool | None:
    """Density and noise in the core of the great vessels; None where they were not found.

    Args:
        volume: Original slices.
        great_vessels: Labels > 0 are vessels, on a grid of about 2 to 3 mm.
    """
    core = binary_erosion(great_vessels.labels > 0, iterations=CORE_EROSIONS)
    centres_mm = great_vessels.geometry.to_patient(np.argwhere(core))
    index = np.rint(volume.geometry.to_index(centres_mm)).astype(np.int64)
    half = ROI_PIXELS // 2
    shape = np.array(volume.geometry.shape)
    whole = np.all((index >= (0, half, half)) & (index < shape - (0, half, half)), axis=1)
    index = np.unique(index[whole], axis=0)
    if len(index) < LEAST_REGIONS:
        return None
    offsets = np.arange(-half, half + 1)
    regions = volume.hu[
        index[:, 0, None, None],
        index[:, 1, None, None] + offsets[:, None],
        index[:, 2, None, None] + offsets,
    ].reshape(len(index), -1)
    return BloodPool(
        mean_hu=float(np.median(regions.mean(axis=1))),
        noise_hu=float(np.median(regions.std(axis=1, ddof=1))),
    )
