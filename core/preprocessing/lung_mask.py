"""The lungs of a chest CT, twice: as the models see them, and as a radiologist draws them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.preprocessing.air import air_in_slices
from core.preprocessing.airways import find_airways
from core.preprocessing.anatomical_lungs import anatomical_lungs
from core.preprocessing.model_lungs import model_lungs
from core.progress import Progress, Silent, Span
from core.volume import Mask, Volume
from core.voxel_runs import Runs

RIGHT_LUNG = 1
LEFT_LUNG = 2
MM3_PER_LITRE = 1e6
LEAST_LUNG_L = 0.68
"""A lung smaller than this is doubtful: the smallest part that the published rule accepts."""
LEAST_SHARE = {"right": 0.40, "left": 0.34}
"""Of both lungs' volume. Where nothing is wrong the right lung holds a little over half (53 to
57 % in three scans): less than these shares means that a lung is hidden by disease or fluid,
shrunken, or partly removed."""


@dataclass(frozen=True, eq=False)
class Lungs:
    """Lungs and airways of one CT, on its own geometry.

    Attributes:
        model: 1 right, 2 left, by the published rule: what the region of the network is made of.
        anatomical: 1 right, 2 left; vessels and pleural border in, airways out: what is shown,
            measured and exported.
        airways: 1 in the trachea and the main bronchi.
    """

    model: Mask
    anatomical: Mask
    airways: Mask


def find_lungs(volume: Volume, progress: Progress = Silent()) -> Lungs:
    """Find lungs and airways.

    Args:
        volume: Slices towards the head, rows to the back, columns to the patient's left
            (see `core.preprocessing.reorient`).
        progress: Stepped through the work; may cancel it.

    Raises:
        ModelInputError: No part of the scan looks like a lung.
    """
    air = air_in_slices(volume, Span(progress, 0.0, 0.4))
    progress.step(0.4, "Finding the lungs")
    right, left = model_lungs(air, volume)
    progress.step(0.6, "Finding the airways")
    airways = find_airways(air, (right, left), volume)
    progress.step(0.7, "Filling vessels and borders")
    anatomical = anatomical_lungs(volume, air, (right, left), airways)
    geometry = volume.geometry
    lungs = Lungs(
        model=Mask(_labels(right, left), geometry),
        anatomical=Mask(anatomical, geometry),
        airways=Mask(airways.painted().view(np.uint8), geometry),
    )
    progress.step(1.0, "Lungs found")
    return lungs


def lung_volumes_l(lungs: Mask) -> tuple[float, float]:
    """Volumes of the right and of the left lung in litres."""
    voxels = (np.count_nonzero(lungs.labels == label) for label in (RIGHT_LUNG, LEFT_LUNG))
    right, left = (count * lungs.geometry.voxel_volume_mm3 / MM3_PER_LITRE for count in voxels)
    return float(right), float(left)


def lung_warnings(lungs: Lungs) -> tuple[str, ...]:
    """What is doubtful about the lungs, in words; empty if nothing is."""
    volumes_l = lung_volumes_l(lungs.anatomical)
    warnings = [
        f"{side} lung {volume_l:.1f} L, less than {LEAST_LUNG_L} L: mask may be incomplete"
        for side, volume_l in zip(("right", "left"), volumes_l, strict=True)
        if volume_l < LEAST_LUNG_L
    ]
    if not warnings:
        warnings = _unequal(volumes_l)
    labels = lungs.anatomical.labels
    if np.any(labels[0]) or np.any(labels[-1]):
        warnings.append("the scan ends within the lungs: they are not shown as a whole")
    return tuple(warnings)


def _unequal(volumes_l: tuple[float, float]) -> list[str]:
    for (side, least), volume_l in zip(LEAST_SHARE.items(), volumes_l, strict=True):
        if volume_l < least * sum(volumes_l):
            return [
                f"right lung {volumes_l[0]:.1f} L, left {volumes_l[1]:.1f} L: the {side} one is"
                " smaller than expected (disease, fluid or surgery); its mask may be incomplete"
            ]
    return []


def _labels(right: Runs, left: Runs) -> NDArray[np.uint8]:
    labels = right.painted().view(np.uint8)
    if len(left.start):
        inside = labels[left.box()]
        inside += (left.painted_in(left.box()) & (inside == 0)) * np.uint8(LEFT_LUNG)
    return labels
