"""What blood in the great vessels says of a scan: its density, and the noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, find_objects

from core.volume import Mask, Volume

ROI_PIXELS = 7
"""Side of a region of interest: about 5 mm, well inside a vessel of 25 mm."""
CORE_EROSIONS = 2
"""Blocks of 2 to 3 mm taken off: the wall and its partial volume are not blood."""
CHUNK = 1024
"""Regions measured together: all of them would fill memory."""
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
    centres_mm = great_vessels.geometry.to_patient(_core(great_vessels.labels > 0))
    index = np.rint(volume.geometry.to_index(centres_mm)).astype(np.int64)
    half = ROI_PIXELS // 2
    shape = np.array(volume.geometry.shape)
    whole = np.all((index >= (0, half, half)) & (index < shape - (0, half, half)), axis=1)
    index = np.unique(index[whole], axis=0)
    if len(index) < LEAST_REGIONS:
        return None
    chunks = [index[first : first + CHUNK] for first in range(0, len(index), CHUNK)]
    means, deviations = np.concatenate([_statistics(volume, each) for each in chunks], axis=1)
    return BloodPool(float(np.median(means)), float(np.median(deviations)))


def _core(vessels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n, 3): blocks inside the vessels; eroded in their box alone."""
    boxes = find_objects(vessels.view(np.uint8))
    if not boxes:
        return np.zeros((0, 3), dtype=np.int64)
    core = binary_erosion(vessels[boxes[0]], iterations=CORE_EROSIONS)
    found: NDArray[np.int64] = np.argwhere(core) + [side.start for side in boxes[0]]
    return found


def _statistics(volume: Volume, centres: NDArray[np.int64]) -> NDArray[np.float64]:
    """(2, regions): mean and standard deviation of each region."""
    half = ROI_PIXELS // 2
    offsets = np.arange(-half, half + 1)
    regions = volume.hu[
        centres[:, 0, None, None],
        centres[:, 1, None, None] + offsets[:, None],
        centres[:, 2, None, None] + offsets,
    ].reshape(len(centres), -1)
    return np.stack((regions.mean(axis=1), regions.std(axis=1, ddof=1)))
