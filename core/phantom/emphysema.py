"""Emphysema: holes in the lobules' middle, mostly above, or even loss of tissue, mostly below.

Centrilobular and panlobular as in the Fleischner Society's statement (Lynch et al., Radiology
2015;277:192). Lost tissue lies under -950 HU, the threshold of the COPDGene study.
"""

from dataclasses import dataclass

import numpy as np

from core.phantom.lung_space import LungSpace, Mask
from core.phantom.shapes import Distance
from core.phantom.subject import Subject
from core.phantom.texture import level_of_share, smooth_noise

HOLE_HU, LOSS_HU = -982.0, -974.0
"""What is left in a hole, and where tissue is lost evenly."""

HOLE_GRAINS_MM, REGION_MM = (3.6, 5.2), 32.0
"""Grains whose unevenness makes holes of 2 to 8 mm; patches of lung with more and fewer."""

UPPER_BIAS, LOWER_BIAS, BIAS_MM = 0.55, 0.9, 90.0
"""Preference for the upper lung, or the lower, over this height, in standard deviations."""

LOSS_GRAIN_MM, LOSS_FADE = 24.0, 0.9
"""Of even loss; the width of its edge, in standard deviations of its field."""

EDGE, LOSS_EDGE = 0.22, np.float32(0.68)
"""How far the truth's edge lies inside a hole's (pixels) and inside the fade of even loss, so that
it falls where tissue of average density comes to -950 HU."""

VESSELS_LOST = 0.7
"""Share of the fine vessels' contrast that goes with the tissue of even loss."""


@dataclass(frozen=True, eq=False)
class Emphysema:
    """Where tissue is lost.

    Attributes:
        hole: Share of every voxel in a hole, 0..1.
        loss: How far tissue is lost evenly, 0..1.
        mask: Truth: where what is left lies under about -950 HU.
    """

    hole: Distance | None
    loss: Distance | None
    mask: Mask

    def thin_out(self, shade: Distance) -> None:
        """Bring tissue to what is left of it, in place."""
        for share, hu in ((self.loss, LOSS_HU), (self.hole, HOLE_HU)):
            if share is not None:
                shade += share * (np.float32(hu) - shade)

    def prune(self, twigs: Distance) -> None:
        """Fewer fine vessels where tissue is lost, in place."""
        if self.loss is not None:
            twigs *= 1 - np.float32(VESSELS_LOST) * self.loss
        if self.hole is not None:
            twigs *= 1 - self.hole


def _height(space: LungSpace) -> Distance:
    """-1 at the bases to 1 at the tops."""
    height: Distance = np.clip((space.z - 10) / np.float32(BIAS_MM), -1.2, 1.2)
    return height


def _holes(space: LungSpace, subject: Subject, share: float) -> tuple[Distance, Mask]:
    random = subject.random("centrilobular emphysema")
    field = smooth_noise(space, random, HOLE_GRAINS_MM[0])
    field += smooth_noise(space, random, HOLE_GRAINS_MM[1])
    field *= np.float32(np.sqrt(0.5))
    field += np.float32(0.6) * smooth_noise(space, random, REGION_MM)
    field += np.float32(UPPER_BIAS) * _height(space)
    # Lobules under the pleura are spared at first: holes lie in a lobule's middle.
    field -= np.float32(1.2) * space.rim(3.0)
    level = level_of_share(field, space.inside, share)
    # The field rises by about a standard deviation over half a grain.
    steep = np.float32(HOLE_GRAINS_MM[0] / 2)
    cover = space.cover((np.float32(level) - field) * steep - np.float32(EDGE * space.pixel_mm))
    return cover, (field > level) & space.inside


def _even_loss(space: LungSpace, subject: Subject, share: float) -> tuple[Distance, Mask]:
    random = subject.random("panlobular emphysema")
    field = smooth_noise(space, random, LOSS_GRAIN_MM)
    field -= np.float32(LOWER_BIAS) * _height(space)
    level = level_of_share(field, space.inside, share)
    ramp = np.clip((field - np.float32(level)) / np.float32(LOSS_FADE) + LOSS_EDGE, 0, 1)
    return ramp * ramp * (3 - 2 * ramp), (field > level) & space.inside


def emphysema(space: LungSpace, subject: Subject) -> Emphysema:
    """Where this person's lungs have lost tissue.

    Each kind takes its share of the lungs' volume; where both meet, they count once in the mask.
    """
    diseases = subject.diseases
    mask = np.zeros(space.shape, bool)
    hole = loss = None
    if diseases.centrilobular > 0:
        hole, own = _holes(space, subject, diseases.centrilobular)
        mask |= own
    if diseases.panlobular > 0:
        loss, own = _even_loss(space, subject, diseases.panlobular)
        mask |= own
    return Emphysema(hole, loss, mask)
