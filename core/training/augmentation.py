"""Small changes that leave a chest a chest: shift, size, brightness, contrast, noise.

No flips: the heart lies on the left. Hounsfield units are calibrated, and 50 HU tell emphysema from
healthy lung: brightness and contrast change by less. A scan moves and grows along the axes only, so
that one linear interpolation along each axis suffices.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.preprocessing.intensity import GREATEST_INTENSITY, OUTSIDE_INTENSITY

OUTSIDE = OUTSIDE_INTENSITY / GREATEST_INTENSITY


@dataclass(frozen=True)
class Augmentation:
    """Greatest changes; each is drawn evenly between minus and plus.

    Attributes:
        shift: Along each axis, share of the side.
        size: Of the chest, as a share, along each axis by itself about a common change.
        contrast: Factor about the intensity of water, less 1.
        brightness: Added to the intensities 0..1.
        noise: SD of white noise, drawn evenly from 0.
    """

    shift: float = 0.04
    size: float = 0.06
    contrast: float = 0.02
    brightness: float = 0.004
    noise: float = 0.02

    def __call__(self, image: Tensor, random: np.random.Generator) -> Tensor:
        """A changed copy of a scan (D, H, W) of intensities 0..1."""
        common = random.uniform(-self.size, self.size)
        for axis in range(image.dim()):
            scale = 1 + common + random.uniform(-self.size, self.size) / 3
            shift = random.uniform(-self.shift, self.shift)
            image = _moved(image, axis, scale=scale, shift=shift * image.shape[axis])
        factor = 1 + random.uniform(-self.contrast, self.contrast)
        offset = random.uniform(-self.brightness, self.brightness)
        changed = (image - OUTSIDE) * factor + (OUTSIDE + offset)
        noise = torch.Generator().manual_seed(int(random.integers(2**62)))
        sigma = random.uniform(0, self.noise)
        changed += sigma * torch.randn(image.shape, generator=noise)
        return changed.clamp_(0, 1)


def _moved(image: Tensor, axis: int, *, scale: float, shift: float) -> Tensor:
    """Voxel i from (i - centre - shift) / scale + centre along `axis`; outside is water."""
    count = image.shape[axis]
    centre = (count - 1) / 2
    position = (torch.arange(count, dtype=torch.float64) - centre - shift) / scale + centre
    low = position.floor().clamp(0, max(count - 2, 0)).long()
    high = (low + 1).clamp(max=count - 1)
    sides = [1] * image.dim()
    sides[axis] = count
    share = (position - low).clamp(0, 1).float().reshape(sides)
    near, far = image.index_select(axis, low), image.index_select(axis, high)
    moved = torch.lerp(near, far, share)
    outside = ((position < -0.5) | (position > count - 0.5)).reshape(sides)
    return moved.masked_fill_(outside, OUTSIDE)
