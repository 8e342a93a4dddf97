"""The patch rule of RiskNet and HyRiskNet: everything calcified round one click on the heart.

Yan, Guo, Wang, De Man, Kalra 2018: scores on 65 x 65 pixels in 5 slices round the click, network
input of 161 x 161 pixels in 3 slices round the same click.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.calcium.axial import require_axial_slices
from core.calcium.candidates import grouped
from core.calcium.categories import bin_name
from core.calcium.rule import STANDARD, Rule
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from core.volume import Volume
from core.voxel_runs import runs_of_voxels

SCORE_PIXELS, SCORE_SLICES = 65, 5
NETWORK_PIXELS, NETWORK_SLICES = 161, 3
AIR_HU = -1024


@dataclass(frozen=True, eq=False)
class PatchScore:
    """Baselines of the paper at one click.

    Attributes:
        agatston: Of all candidates inside the patch, cut off at its border.
        volume_mm3: Of the same.
        root_volume: Square root of the volume.
        category: Of the Agatston score.
        is_whole: False where the patch reaches beyond the scan.
    """

    agatston: float
    volume_mm3: float
    root_volume: float
    category: str
    is_whole: bool


@dataclass(frozen=True, eq=False)
class NetworkPatch:
    """What the network sees of one click.

    Attributes:
        volume: (3, 161, 161) int16 HU, in its place in the patient.
        centre_mm: LPS of the middle voxel, the one nearest to the click.
        is_whole: False where the patch reaches beyond the scan.
    """

    volume: Volume
    centre_mm: tuple[float, float, float]
    is_whole: bool


def patch_score(volume: Volume, point_mm: ArrayLike, rule: Rule = STANDARD) -> PatchScore:
    """Score of everything calcified in the 65 x 65 x 5 patch round a click.

    Raises:
        SeriesError: The slices may not be scored, or the click is outside the scan.
    """
    require_axial_slices(volume)
    low, high, is_whole = _window(volume, point_mm, SCORE_SLICES, SCORE_PIXELS)
    inside = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    bright = volume.hu[inside] >= rule.threshold_hu
    if volume.padding is not None:
        bright &= ~volume.padding[inside]
    voxels = (np.argwhere(bright) + low).astype(np.int32)
    runs = runs_of_voxels(voxels, volume.geometry.shape)
    found = grouped(runs, volume.hu[tuple(voxels.T)], volume.geometry, rule)
    agatston, volume_mm3 = float(found.agatston.sum()), float(found.volume_mm3.sum())
    return PatchScore(agatston, volume_mm3, sqrt(volume_mm3), bin_name(agatston), is_whole)


def network_patch(volume: Volume, point_mm: ArrayLike) -> NetworkPatch:
    """The 3 x 161 x 161 patch round a click: the scan's own HU, air beyond the scan.

    Raises:
        SeriesError: The slices may not be scored, or the click is outside the scan.
    """
    require_axial_slices(volume)
    low, high, is_whole = _window(volume, point_mm, NETWORK_SLICES, NETWORK_PIXELS)
    shape = (NETWORK_SLICES, NETWORK_PIXELS, NETWORK_PIXELS)
    centre = np.rint(volume.geometry.to_index(point_mm)).astype(int)
    corner = centre - np.array(shape) // 2
    hu = np.full(shape, AIR_HU, dtype=np.int16)
    into = tuple(slice(a, b) for a, b in zip(low - corner, high - corner, strict=True))
    hu[into] = volume.hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    affine = np.array(volume.geometry.affine)
    affine[:3, 3] = volume.geometry.to_patient(corner)
    geometry = VolumeGeometry(shape, affine, volume.geometry.frame_of_reference_uid)
    x, y, z = volume.geometry.to_patient(centre)
    patch = Volume(hu, geometry, volume.series_uid)
    return NetworkPatch(patch, (float(x), float(y), float(z)), is_whole)


def _window(
    volume: Volume, point_mm: ArrayLike, slices: int, pixels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """First voxel and the one after the last, clipped to the scan; whether nothing was clipped."""
    if not volume.geometry.contains(point_mm):
        raise SeriesError("The click lies outside the scan.", "Click on the heart.")
    centre = np.rint(volume.geometry.to_index(point_mm)).astype(np.int64)
    half = np.array([slices, pixels, pixels]) // 2
    low, high = centre - half, centre + half + 1
    clipped = np.maximum(low, 0), np.minimum(high, volume.geometry.shape)
    is_whole = bool((clipped[0] == low).all() and (clipped[1] == high).all())
    return clipped[0], clipped[1].astype(np.int64), is_whole
