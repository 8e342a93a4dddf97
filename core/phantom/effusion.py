"""Fluid beside the lungs of a person who lies on the back: at the back, with a meniscus.

The fluid rises further along the chest wall than against the lung, and the lung floats in front of
it, its rim compressed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

from core.errors import ReportError
from core.phantom.lung_space import LungSpace, Mask
from core.phantom.shapes import Distance
from core.phantom.subject import Subject

FLUID_HU = (2.0, 18.0)
"""Of simple fluid, from person to person."""

MENISCUS, MENISCUS_MM, BASAL = 1.3, 24.0, 0.38
"""Rise along the pleura against the depth below it, down to this depth; preference for the base
against the back."""

SMOOTH_MM = 14.0
"""Over which the depth below the pleura is averaged: where wall and dome meet it has an edge."""

BOWL_PER_MM, MIDDLE_MM = 0.006, 68.0
"""How the lung's back hollows the fluid's front: rise per square mm off the middle of a lung."""

RIM_HU, RIM_MM, RIM_MM_PER_ML, SQUEEZED_HU, SQUEEZED_MM = 800.0, 4.0, 0.008, 130.0, 20.0
"""Rise of the lung next to the fluid and how quickly it fades; of the lung further off."""

MOST = 0.9
"""Share of a pleural cavity that fluid may take."""


@dataclass(frozen=True, eq=False)
class Effusion:
    """Fluid in the pleural cavities.

    Attributes:
        cover: Share of every voxel in fluid, 0..1.
        squeeze_hu: Rise of the lung beside it.
        hu: Of the fluid.
        mask: Truth.
    """

    cover: Distance
    squeeze_hu: Distance
    hu: float
    mask: Mask


def effusion(space: LungSpace, subject: Subject) -> Effusion | None:
    """Fluid beside this person's right and left lung; None where there is none.

    Raises:
        ReportError: More is asked for than a pleural cavity can hold.
    """
    if max(subject.diseases.effusion_ml) <= 0:
        return None
    random = subject.random("effusion")
    hu = float(random.uniform(*FLUID_HU))
    inward = np.clip(space.pleura, -MENISCUS_MM, 10)
    inward = uniform_filter(inward, [max(round(SMOOTH_MM / s), 1) for s in space.spacing_mm])
    lowness = space.y - np.float32(BASAL) * space.z + np.float32(MENISCUS) * inward
    lowness += np.float32(BOWL_PER_MM) * (np.abs(space.x) - np.float32(MIDDLE_MM)) ** 2
    depth, squeeze = np.full(space.shape, -1e3, np.float32), np.zeros(space.shape, np.float32)
    for side, volume_ml in zip((-1, 1), subject.diseases.effusion_ml, strict=True):
        if volume_ml > 0:
            own = space.inside & (np.sign(space.x) == side)
            level = _level(lowness[own], volume_ml * 1e3 / space.voxel_mm3)
            half = np.broadcast_to(np.sign(space.x) == side, space.shape)
            depth[half] = lowness[half] - np.float32(level)
            squeeze[half] = _squeezed(depth[half], volume_ml)
    return Effusion(space.cover(-depth), squeeze, hu, (depth > 0) & space.inside)


def _squeezed(depth_mm: Distance, volume_ml: float) -> Distance:
    """Rise of the lung's Hounsfield units by fluid beside it."""
    above = np.minimum(depth_mm, 0)
    rise: Distance = RIM_HU * np.exp(above / np.float32(RIM_MM + RIM_MM_PER_ML * volume_ml))
    rise += SQUEEZED_HU * np.exp(above / np.float32(SQUEEZED_MM))
    return rise


def _level(lowness: Distance, wanted: float) -> float:
    """The height above which so many voxels lie."""
    if wanted > MOST * lowness.size:
        raise ReportError(
            f"Expected an effusion of at most {MOST:.0%} of the pleural cavity, "
            f"found {wanted / max(lowness.size, 1):.0%}.",
            "Ask for less fluid, or for a larger chest.",
        )
    rank = lowness.size - 1 - round(wanted)
    return float(np.partition(lowness, rank)[rank])
