"""Where the slices of a series lie, and what keeps them from being an even grid.

Places come from Image Position and Image Orientation alone: the gantry tilt tag, slice location and
instance numbers are often missing or wrong. Slices are told to people by the numbers that the views
show (`Stack.numbers`). How the findings are worded and what they forbid stands in `stack_faults`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.data.series import SeriesRecord
from core.geometry import Floats

SAME_POSITION_MM = 1e-3
"""Slices closer than this lie at one position: far below any slice distance."""

GAP_TOLERANCE = 0.01
"""Distances between slices may differ by 1 % of their median: rounding of stored positions."""

GAP_TOLERANCE_MM = 0.01
"""And by 0.01 mm in any case: positions are often stored with two decimals."""

STRAY_TOLERANCE_MM = 0.5
"""No slice may lie further than this from its place on the even grid, in any direction: below a
pixel, and far below what a reader would notice."""

TILT_TOLERANCE_DEGREES = 0.5
"""Slice normal and stacking direction may differ by this; a gantry is tilted by whole degrees."""

MOST_MISSING_SHARE = 1 / 3
"""Where more of the grid than this is missing, the rest is no series any more: not even viewed."""


COUNTED_TOWARDS = np.diag([1.0, 1.0, -1.0])
"""LPS directions in which views count slices: to the left, to the back, to the feet."""

COUNTED_FROM = ("the right", "the front", "the head")
"""Where slice 1 lies, by the patient axis that the normal is nearest to."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Positions of the slices, seen along the normal.

    Attributes:
        positions_mm: (slices, 3) LPS centres of the first pixels, sorted along the normal.
        normal: LPS unit vector perpendicular to the slices.
    """

    positions_mm: Floats
    normal: Floats

    @property
    def gaps_mm(self) -> Floats:
        """Distance from each slice to the next along the normal."""
        gaps: Floats = np.diff(self.positions_mm @ self.normal)
        return gaps

    @property
    def median_gap_mm(self) -> float:
        """Typical distance of slices at different positions; 0 where all share one."""
        apart = self.gaps_mm[self.gaps_mm > SAME_POSITION_MM]
        return float(np.median(apart)) if len(apart) else 0.0

    @property
    def tolerance_mm(self) -> float:
        """How far a distance may be off the median."""
        return max(GAP_TOLERANCE * self.median_gap_mm, GAP_TOLERANCE_MM)

    @property
    def doubled(self) -> tuple[int, ...]:
        """Slices (counted from 0) that the next one shares its position with."""
        return tuple(int(k) for k in np.flatnonzero(self.gaps_mm <= SAME_POSITION_MM))

    @property
    def missing(self) -> dict[int, int]:
        """After which slice (counted from 0) how many are missing: whole multiples of distance."""
        steps = self._steps()
        return {int(k): int(steps[k]) - 1 for k in np.flatnonzero(steps >= 2)}

    @property
    def uneven(self) -> tuple[int, ...]:
        """Slices (counted from 0) whose distance to the next fits no even grid."""
        return tuple(int(k) for k in np.flatnonzero(self._steps() == 0) if k not in self.doubled)

    def _steps(self) -> NDArray[np.int64]:
        """Distance to the next slice in whole median distances; 0 where it is not whole."""
        median = self.median_gap_mm
        if median == 0.0:
            return np.zeros(len(self.gaps_mm), np.int64)
        steps = np.rint(self.gaps_mm / median)
        is_whole = np.abs(self.gaps_mm - steps * median) <= np.maximum(steps, 1) * self.tolerance_mm
        return np.where(is_whole, steps, 0).astype(np.int64)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Index on the even grid of each slice; consecutive where nothing is missing.

        Slices at one position share their place.
        """
        steps = np.maximum(self._steps(), self.gaps_mm > SAME_POSITION_MM)
        return (0, *(int(place) for place in np.cumsum(steps)))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Number of each slice as the views count: missing ones included, see `counted_from`."""
        places, axis = self.places, self._patient_axis
        if self.normal @ COUNTED_TOWARDS[axis] >= 0:
            return tuple(place + 1 for place in places)
        return tuple(places[-1] - place + 1 for place in places)

    @property
    def counted_from(self) -> str:
        """Where slice 1 of `numbers` lies, in words."""
        return COUNTED_FROM[self._patient_axis]

    @property
    def _patient_axis(self) -> int:
        return int(np.abs(self.normal).argmax())

    @property
    def tilt_degrees(self) -> float:
        """Angle between the normal and the direction in which the slices are stacked."""
        direction = self.positions_mm[-1] - self.positions_mm[0]
        length = np.linalg.norm(direction)
        if length <= SAME_POSITION_MM:
            return 0.0
        cosine = float(np.clip(direction @ self.normal / length, -1, 1))
        return float(np.degrees(np.arccos(cosine)))

    @property
    def is_tilted(self) -> bool:
        """True where the slices make a sheared grid."""
        return self.tilt_degrees > TILT_TOLERANCE_DEGREES

    @property
    def off_place_mm(self) -> Floats:
        """How far each slice lies off the straight, even line from the first to the last."""
        places = np.array(self.places, float)
        share = (places / max(places[-1], 1.0))[:, None]
        first, last = self.positions_mm[0], self.positions_mm[-1]
        off: Floats = np.linalg.norm(self.positions_mm - (first + share * (last - first)), axis=1)
        return off


def slice_thickness_mm(record: SeriesRecord) -> float:
    """Axial thickness: the larger of Slice Thickness and the distance between slices."""
    stated = max((s.thickness_mm or 0.0 for s in record.slices), default=0.0)
    return max(stated, stack_of(record).median_gap_mm)


def cosines(record: SeriesRecord) -> tuple[Floats, Floats]:
    """Unit vectors of growing column and of growing row."""
    along_columns, along_rows = np.array(record.slices[0].orientation).reshape(2, 3)
    return along_columns / np.linalg.norm(along_columns), along_rows / np.linalg.norm(along_rows)


def stack_of(record: SeriesRecord) -> Stack:
    """Positions of a series' slices."""
    normal = np.cross(*cosines(record))
    return Stack(np.array([s.position_mm for s in record.slices]), normal)


def slice_places(record: SeriesRecord) -> tuple[tuple[int, ...], int]:
    """Where the stored slices lie on the even grid of the volume.

    Returns:
        Grid index of each of `record.slices`, and the number of grid slices, missing ones included.
    """
    places = stack_of(record).places
    return places, places[-1] + 1
