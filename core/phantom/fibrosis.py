"""Pulmonary fibrosis of the usual kind: reticulation under the pleura and at the bases.

Pattern after the ATS/ERS/JRS/ALAT guideline (Raghu et al., Am J Respir Crit Care Med 2018;198:e44):
lines, some ground glass between them, and clustered cysts with walls (honeycomb) where it is worst.
"""

from dataclasses import dataclass

import numpy as np

from core.phantom.lung_space import LungSpace, Mask
from core.phantom.shapes import Distance
from core.phantom.subject import Subject
from core.phantom.texture import level_of_share, smooth_noise

RIM_MM, BASE_MM = 14.0, 55.0
"""How deep below the pleura, and how far above the bases, disease reaches."""

PATCH_MM, NET_MM = 17.0, 4.7
"""Grain of diseased patches; of the net of lines."""

GLASS_HU, LINE_HU, CYST_HU = -690.0, -130.0, -930.0
"""Of ground glass, lines, and the air in a honeycomb's cysts."""

LINE_HALF, WALL_HALF = 0.20, 0.34
"""Half the width of lines and of the cysts' walls, in standard deviations of the net's field."""

FADE, HONEYCOMB_FROM, HONEYCOMB_MM = 0.30, 0.10, 16.0
"""Width of a patch's edge in standard deviations; share of the lung from which honeycomb appears,
and how deep below the pleura it lies."""


@dataclass(frozen=True, eq=False)
class Fibrosis:
    """Where lung is scarred.

    Attributes:
        weight: How far tissue is replaced, 0..1.
        hu: Of what replaces it.
        mask: Truth.
    """

    weight: Distance
    hu: Distance
    mask: Mask

    def scar(self, shade: Distance) -> None:
        """Replace tissue, in place."""
        shade += self.weight * (self.hu - shade)


def _severity(space: LungSpace, random: np.random.Generator) -> Distance:
    """How likely fibrosis is, in standard deviations of its patches; the same for every amount."""
    field = smooth_noise(space, random, PATCH_MM)
    field += np.float32(3.2) * space.rim(RIM_MM)
    above_base = np.clip((space.z + 85) / np.float32(BASE_MM), -0.5, 3)
    field += np.float32(-0.85) * above_base + np.float32(0.008) * space.y
    return field


def fibrosis(space: LungSpace, subject: Subject) -> Fibrosis | None:
    """Where this person's lungs are scarred; None in a healthy lung.

    The mask takes the share of the lungs' volume that the subject has.
    """
    share = subject.diseases.fibrosis
    if share <= 0:
        return None
    random = subject.random("fibrosis")
    severity = _severity(space, random)
    level = level_of_share(severity, space.inside, share)
    weight = np.clip((severity - np.float32(level)) / np.float32(FADE) + 0.35, 0, 1)
    net = np.abs(smooth_noise(space, random, NET_MM))
    finer = np.abs(smooth_noise(space, random, NET_MM * 0.7))
    lines = np.maximum(_ridge(net, LINE_HALF), 0.7 * _ridge(finer, LINE_HALF))
    hu = GLASS_HU + lines * np.float32(LINE_HU - GLASS_HU)
    # At a fixed distance from the level, so that more disease never heals a place.
    worst = np.clip((share - HONEYCOMB_FROM) / 0.1, 0, 1)
    if worst > 0:
        comb = worst * np.clip((severity - np.float32(level)) / 0.8 - 0.4, 0, 1)
        comb *= np.clip(2 + space.pleura / np.float32(HONEYCOMB_MM / 2), 0, 1)
        walls = CYST_HU + _ridge(net, WALL_HALF) * np.float32(LINE_HU - CYST_HU)
        hu += comb.astype(np.float32) * (walls - hu)
    return Fibrosis(weight, hu.astype(np.float32, copy=False), (severity > level) & space.inside)


def _ridge(field: Distance, half: float) -> Distance:
    """1 on a sheet, falling to 0 beyond its edge; `field` is the absolute value round it."""
    ridge: Distance = np.clip(1.5 - field / np.float32(half), 0, 1)
    return ridge
