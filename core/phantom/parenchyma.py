"""Healthy lung tissue: denser below, uneven, and parted into lobes by fissures.

A full breath leaves normal lungs at about -860 HU, with a gradient from front to back in a person
who lies on the back (Verschakelen et al., AJR 1993;161:713).
"""

import numpy as np
from numpy.typing import NDArray

from core.phantom.lung_space import LungSpace
from core.phantom.shapes import Distance
from core.phantom.subject import Subject
from core.phantom.texture import smooth_noise

TISSUE_HU, GRAVITY_HU_PER_MM = -888.0, 0.36
"""Of tissue without visible vessels at the thorax's middle, and its rise towards the back."""

DEPENDENT_HU, DEPENDENT_MM = 70.0, 7.0
"""Rise right in front of the pleura of the back, and how quickly it fades."""

COARSE_HU, COARSE_MM, FINE_HU, FINE_MM = 7.0, 26.0, 11.0, 7.0
"""Unevenness from region to region, and from lobule to lobule."""

PERSON_HU = 8.0
"""Standard deviation between persons."""

FISSURE_HU, FISSURE_HALF_MM = 135.0, 0.6
"""Rise in a fissure, half its thickness."""

OBLIQUE = {-1: (8.0, -8.0, 0.64), 1: (10.0, -2.0, 0.60)}
"""Of the right and the left lung: y and z of a point in the fissure, its normal's part along z."""


def oblique_fissure(
    x: NDArray[np.floating], y: NDArray[np.floating], z: NDArray[np.floating], *, side: int
) -> NDArray[np.floating]:
    """Distance in mm to the oblique fissure; negative in front and above, in the upper lobe."""
    middle_y, middle_z, rise = OBLIQUE[side]
    run = float(np.sqrt(1 - rise**2))
    bowed = 0.0008 * (x - 40 * side) ** 2
    sheet: NDArray[np.floating] = run * (y - middle_y) + bowed - rise * (z - middle_z)
    return sheet


def above_oblique_fissure(
    x: NDArray[np.floating], y: NDArray[np.floating], z: NDArray[np.floating], *, side: int
) -> NDArray[np.bool_]:
    """True in the upper (and the middle) lobe of one lung."""
    return -oblique_fissure(x, y, z, side=side) > 0


def fissure_distance(space: LungSpace, subject: Subject) -> Distance:
    """Distance in mm to the nearest fissure: both oblique ones, and the right horizontal one."""
    waves = 2.5 * smooth_noise(space, subject.random("fissures"), 45.0)
    shift = subject.random("fissure places").normal(0, 4.0, 3).astype(np.float32)
    right = oblique_fissure(space.x, space.y, space.z, side=-1) + shift[0] + waves
    left = oblique_fissure(space.x, space.y, space.z, side=1) + shift[1] + waves
    level = space.z - 3 + shift[2] + np.float32(0.0015) * (space.y + 30) ** 2 + waves
    horizontal = np.maximum(np.abs(level), right)
    right = np.minimum(np.abs(right), horizontal)
    sheets: Distance = np.where(space.x < 0, right, np.abs(left)).astype(np.float32, copy=False)
    return sheets


def tissue_hu(space: LungSpace, subject: Subject) -> Distance:
    """Hounsfield units of lung tissue without vessels; float32 on the box of `space`."""
    shade = COARSE_HU * smooth_noise(space, subject.random("lung regions"), COARSE_MM)
    shade += FINE_HU * smooth_noise(space, subject.random("lung lobules"), FINE_MM)
    own = PERSON_HU * subject.random("lung tissue").standard_normal()
    shade += np.float32(TISSUE_HU + own) + np.float32(GRAVITY_HU_PER_MM) * space.y
    behind = np.clip((space.y - 30) / 40, 0, 1).astype(np.float32)
    shade += np.float32(DEPENDENT_HU) * behind * space.rim(DEPENDENT_MM)
    sheet = fissure_distance(space, subject)
    shade += np.float32(FISSURE_HU) * space.cover(sheet - np.float32(FISSURE_HALF_MM))
    return shade
