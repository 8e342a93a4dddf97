"""Thin slices averaged to about the 3 mm for which the score was defined.

Thin slices hold more noise and less partial volume: 1 mm slices score about 30 % higher than 3 mm
slices of the same patients. Both scores are shown. Slices that are thick already are never
averaged; where they overlap (3 mm every 1.5 mm), every second one is a scan of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.calcium.click_box import Box
from core.calcium.rule import NORMAL_INCREMENT_MM
from core.geometry import VolumeGeometry
from core.volume import Volume

NORMAL_TOLERANCE_MM = 0.75
"""What lies within 3 mm +- this passes for 3 mm; pairs of 1.9 or 2 mm slices do not."""
STATED_TOLERANCE_MM = 1e-3
"""Increments are computed from positions that are stated to some digits."""


@dataclass(frozen=True)
class Grouping:
    """How slices of about 3 mm are made of a scan's own.

    Attributes:
        together: Slices averaged into one; 1: none are.
        step: Slices from the first of one to the first of the next: there are as many phases,
            since where a scanner's slices begin is chance.
        increment_mm: Distance of what is made.
    """

    together: int
    step: int
    increment_mm: float

    @property
    def averages(self) -> bool:
        """True where the slices are thin, and averages of them pass for 3 mm."""
        return self.together > 1

    @property
    def words(self) -> str:
        """What is made, with its true distance; "" where nothing is."""
        if self.averages:
            return f"averages of {self.increment_mm:.3g} mm"
        return f"slices every {self.increment_mm:.3g} mm" if self.step > 1 else ""


def grouping(increment_mm: float, thickness_mm: float | None) -> Grouping:
    """How slices of about 3 mm are made.

    Averages of n neighbours lie n increments apart and are n - 1 increments and a thickness wide;
    both must lie within 3 mm +- 0.75 mm, and together as near to it as they can.

    Args:
        increment_mm: Distance of the slices.
        thickness_mm: Of one slice; None: not stated, as thick as they lie apart.
    """
    thick = thickness_mm or increment_mm
    if _is_normal(thick):
        return _of_thick(increment_mm, thick)
    best = Grouping(1, 1, increment_mm)
    best_off_mm = np.inf
    for together in range(2, int((NORMAL_INCREMENT_MM + 1) / increment_mm) + 1):
        apart_mm = together * increment_mm
        wide_mm = apart_mm - increment_mm + thick
        off_mm = abs(apart_mm - NORMAL_INCREMENT_MM) + abs(wide_mm - NORMAL_INCREMENT_MM)
        if _is_normal(apart_mm) and _is_normal(wide_mm) and off_mm < best_off_mm:
            best, best_off_mm = Grouping(together, together, apart_mm), off_mm
    return best


def grouping_in(volume: Volume, thickness_mm: float | None) -> Grouping:
    """How slices of about 3 mm are made of a scan; of too few slices none are.

    Args:
        volume: Original slices.
        thickness_mm: As in `grouping`.
    """
    slices, increment_mm = volume.geometry.shape[0], volume.geometry.spacing_mm[0]
    made = grouping(increment_mm, thickness_mm)
    least = made.step - 1 + made.together  # for one of them in the last phase
    return made if slices >= least else Grouping(1, 1, increment_mm)


def _of_thick(increment_mm: float, thickness_mm: float) -> Grouping:
    """Every so many slices that they just do not overlap; each one where they do not anyway."""
    step = max(int((thickness_mm + STATED_TOLERANCE_MM) / increment_mm), 1)
    if not _is_normal(step * increment_mm):
        step = 1
    return Grouping(1, step, step * increment_mm)


def _is_normal(width_mm: float) -> bool:
    return abs(width_mm - NORMAL_INCREMENT_MM) <= NORMAL_TOLERANCE_MM + STATED_TOLERANCE_MM


def regrouped(
    volume: Volume, made: Grouping, *, phase: int = 0, within: Box | None = None
) -> Volume:
    """The slices that a grouping makes.

    Args:
        volume: Original slices.
        made: `grouping_in` it.
        phase: First slice of the first one, 0 to `made.step` - 1.
        within: Only what is made of these original voxels alone; None: of all.

    Returns:
        Contiguous averages, or every so-manieth slice. What does not fill one at the end is left
        out. Padding anywhere in a slice's part is padding of the average. The volume itself where
        there is nothing to make.

    Raises:
        ValueError: No such phase, or too few slices for one of them.
    """
    if not 0 <= phase < made.step:
        raise ValueError(f"phase must be 0 to {made.step - 1}, {phase=}")
    if made.step == 1:
        return volume
    slices, rows, columns = (within or Box.whole(volume.geometry.shape)).slices
    first = phase + -(-max(slices.start - phase, 0) // made.step) * made.step
    count = (slices.stop - first - made.together) // made.step + 1
    if count <= 0:
        raise ValueError(f"{made.together} slices must lie in {slices}, from {first=}")
    starts = range(first, first + count * made.step, made.step)
    hu = _means(volume.hu[:, rows, columns], starts, made.together)
    padding = volume.padding
    if padding is not None:
        held = padding[:, rows, columns]
        padding = np.stack([held[each : each + made.together].any(axis=0) for each in starts])
    begin = (first + (made.together - 1) / 2, rows.start, columns.start)
    affine = np.array(volume.geometry.affine)
    affine[:3, 3] = volume.geometry.to_patient(begin)
    affine[:3, 0] *= made.step
    frame = volume.geometry.frame_of_reference_uid
    count, height, width = hu.shape
    geometry = VolumeGeometry((count, height, width), affine, frame)
    return Volume(hu, geometry, volume.series_uid, padding)


def _means(hu: NDArray[np.int16], starts: range, together: int) -> NDArray[np.int16]:
    if together == 1:
        return hu[starts.start : starts.stop : starts.step]  # a view: no second copy
    found = np.empty((len(starts), *hu.shape[1:]), dtype=np.int16)
    for index, first in enumerate(starts):
        mean = hu[first : first + together].mean(axis=0, dtype=np.float32)
        found[index] = np.rint(mean, out=mean)
    return found
