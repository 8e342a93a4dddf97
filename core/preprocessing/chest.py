"""What is known of a chest before its heart and vessels are told apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from core.geometry import Floats
from core.preprocessing.solids import Booleans, Spacing, box_of

SOFT_ABOVE_HU = 0
"""Blood and muscle; blocks with much fat in them are below."""
SMOOTH_MM = 8.0
"""Length over which the HU of soft tissue are averaged: noise would riddle it with holes."""
EVEN_HU = (-120, 200)
"""HU are clipped to these first, as far below blood as above it: noise must not shift the mean, and
lung and calcium not outweigh the tissue beside them."""


@dataclass(frozen=True, eq=False)
class Chest:
    """A chest in blocks (slice, row, column): slices to the head, rows to the back, columns left.

    Attributes:
        lungs: 1 right, 2 left.
        soft: Blood and muscle in the joint hull of the lungs: no lung, airway, bone or fat.
        hull: The joint convex hull of the lungs in every slice.
        spine_axis: (row, column) of the vertebral column in every slice.
        spine_front: Row of the front of the vertebral bodies in every slice.
        carina: Slice that shows both main bronchi.
        spacing_mm: Of the blocks.
    """

    lungs: NDArray[np.uint8]
    soft: Booleans
    hull: Booleans
    spine_axis: Floats
    spine_front: Floats
    carina: int
    spacing_mm: Spacing

    def steps(self, distance_mm: float) -> int:
        """Slices in a distance along the body."""
        return round(distance_mm / self.spacing_mm[0])

    @property
    def ahead_of_spine_mm(self) -> Floats:
        """(slice, row): how far in front of the vertebral bodies."""
        rows = np.arange(self.hull.shape[1])
        ahead: Floats = (self.spine_front[:, None] - rows) * self.spacing_mm[1]
        return ahead

    @property
    def left_of_spine_mm(self) -> Floats:
        """(slice, column): how far to the patient's left of the vertebral column."""
        columns = np.arange(self.hull.shape[2])
        left: Floats = (columns - self.spine_axis[:, 1:]) * self.spacing_mm[2]
        return left


def soft_tissue(hu: NDArray[np.int16], within: Booleans, spacing_mm: Spacing) -> Booleans:
    """True where the smoothed HU within a region is that of blood or muscle."""
    soft = np.zeros_like(within)
    if not within.any():
        return soft
    box = box_of(within)
    smooth = np.clip(hu[box], *EVEN_HU).astype(np.float32)
    size = [1 if step > SMOOTH_MM / 2 else round(SMOOTH_MM / step) for step in spacing_mm]
    uniform_filter(smooth, size, output=smooth)
    soft[box] = (smooth > SOFT_ABOVE_HU) & within[box]
    return soft
