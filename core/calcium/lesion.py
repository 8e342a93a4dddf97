"""One lesion: a set of voxels in 3D, measured by the rule slice by slice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.calcium.parts import counts, find_parts
from core.calcium.rule import EIGHT, Rule
from core.volume import Volume
from core.voxel_runs import Runs, runs_of_voxels

Voxels = NDArray[np.int32]
"""(n, 3) of (slice, row, column), in rising order, each once."""


@dataclass(frozen=True)
class LesionScore:
    """What the rule gives for one lesion.

    Attributes:
        agatston: Points; 0 if no part of a slice is large enough.
        volume_mm3: Of the voxels that count, with the increment as their height.
        mass_mg: Of hydroxyapatite; None without a calibration.
        area_mm2: Sum over the slices.
        max_hu: Highest value that counts.
        mean_hu: Of the voxels that count.
        slices: (first, last) slice with a part that counts.
        parts: Number of parts that count.
        centre_mm: LPS, mean of the voxels that count.
    """

    agatston: float
    volume_mm3: float
    mass_mg: float | None
    area_mm2: float
    max_hu: int
    mean_hu: float
    slices: tuple[int, int]
    parts: int
    centre_mm: tuple[float, float, float]


def ordered(voxels: NDArray[np.integer], shape: tuple[int, int, int]) -> Voxels:
    """The voxels in rising order, each once."""
    flat = np.unique(np.ravel_multi_index(tuple(voxels.T), shape))
    return np.stack(np.unravel_index(flat, shape), axis=1).astype(np.int32)


def measure(
    volume: Volume, voxels: Voxels, rule: Rule, calibration_mg_per_mm3_hu: float | None = None
) -> LesionScore | None:
    """Score of one lesion; None if nothing of it counts.

    Args:
        volume: Original slices.
        voxels: Of the lesion; those under the threshold do not count.
        rule: Weights, connectivity, least area.
        calibration_mg_per_mm3_hu: Mass per mm3 and HU (McCollough et al., Radiology 2007;243:527),
            measured with a phantom on this scanner.
    """
    hu = volume.hu[tuple(voxels.T)]
    bright = hu >= rule.threshold_hu
    runs = runs_of_voxels(voxels[bright], volume.geometry.shape)
    return _measured(runs, hu[bright], volume, rule, calibration_mg_per_mm3_hu)


def _measured(
    runs: Runs, hu: NDArray[np.int16], volume: Volume, rule: Rule, calibration: float | None
) -> LesionScore | None:
    slice_mm, row_mm, column_mm = volume.geometry.spacing_mm
    found = find_parts(runs, hu, row_mm * column_mm, diagonal=rule.connectivity == EIGHT)
    large = counts(found, rule)
    if not large.any():
        return None
    found = found.chosen(large, found.of_run[:0])
    voxel_count = found.voxels.sum()
    volume_mm3 = float(voxel_count * volume.geometry.voxel_volume_mm3)
    mean_hu = float(found.sum_hu.sum() / voxel_count)
    centre = np.average(found.centre_index, axis=0, weights=found.voxels)
    x, y, z = volume.geometry.to_patient(centre)
    return LesionScore(
        agatston=float(found.agatston(rule, slice_mm).sum()),
        volume_mm3=volume_mm3,
        mass_mg=None if calibration is None else calibration * volume_mm3 * mean_hu,
        area_mm2=float(found.area_mm2.sum()),
        max_hu=int(found.max_hu.max()),
        mean_hu=mean_hu,
        slices=(int(found.slices.min()), int(found.slices.max())),
        parts=len(found),
        centre_mm=(float(x), float(y), float(z)),
    )
