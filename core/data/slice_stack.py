"""Where the slices of a series lie, and what keeps them from being an even grid.

Places come from Image Position and Image Orientation alone: the gantry tilt tag, slice location and
instance numbers are often missing or wrong. Slices are counted from 1 in sorted order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.fitness import Level, Reason
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

_EXPORT_AGAIN = "Export the complete series again, or choose another series of the study."


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


def stack_faults(stack: Stack) -> list[Reason]:
    """Why the slices are no even grid: doubled, missing, uneven, tilted or astray; all BLOCK."""
    candidates = (_doubled(stack), *_gap_faults(stack), _tilted(stack))
    faults = [fault for fault in candidates if fault is not None]
    if faults:
        return faults
    stray = _stray(stack)  # says the same again wherever another fault was found
    return [] if stray is None else [stray]


def _fault(text: str, remedy: str) -> Reason:
    return Reason(Level.BLOCK, text, remedy)


def _doubled(stack: Stack) -> Reason | None:
    shared = np.flatnonzero(stack.gaps_mm <= SAME_POSITION_MM)
    if not len(shared):
        return None
    first = int(shared[0]) + 1
    count = "One slice lies" if len(shared) == 1 else f"{len(shared)} slices lie"
    return _fault(
        f"{count} at the position of another one (first: slices {first} and {first + 1}): "
        "perhaps two reconstructions or phases under one series.",
        _EXPORT_AGAIN,
    )


def _gap_faults(stack: Stack) -> list[Reason]:
    """Missing slices (a gap of a whole number of distances) and other uneven distances."""
    median = stack.median_gap_mm
    if median == 0.0:
        return []
    gaps = stack.gaps_mm
    tolerance = max(GAP_TOLERANCE * median, GAP_TOLERANCE_MM)
    odd = np.flatnonzero((np.abs(gaps - median) > tolerance) & (gaps > SAME_POSITION_MM))
    multiples = np.rint(gaps / median)
    is_missing = (multiples >= 2) & (np.abs(gaps - multiples * median) <= multiples * tolerance)
    missing = [k for k in odd if is_missing[k]]
    uneven = [k for k in odd if not is_missing[k]]
    faults = []
    if missing:
        faults.append(_missing(missing, gaps, median, multiples))
    if uneven:
        k = int(uneven[0])
        faults.append(
            _fault(
                f"Slices are unevenly spaced: {gaps[k]:.2f} mm between slice {k + 1} and {k + 2} "
                f"instead of {median:.2f} mm (and at {len(uneven) - 1} other places).",
                _EXPORT_AGAIN,
            )
        )
    return faults


def _missing(
    places: list[np.intp], gaps: Floats, median: float, multiples: NDArray[np.float64]
) -> Reason:
    k = int(places[0])
    count = int(multiples[k]) - 1
    total = int(sum(multiples[place] - 1 for place in places))
    text = (
        f"{'One slice is' if count == 1 else f'{count} slices are'} missing between slice {k + 1} "
        f"and {k + 2} ({gaps[k]:.1f} mm instead of {median:.1f} mm)"
    )
    if len(places) > 1:
        text += f"; {total} are missing in all, at {len(places)} places"
    return _fault(f"{text}.", _EXPORT_AGAIN)


def _tilted(stack: Stack) -> Reason | None:
    direction = stack.positions_mm[-1] - stack.positions_mm[0]
    length = np.linalg.norm(direction)
    if length <= SAME_POSITION_MM:
        return None
    cosine = float(np.clip(direction @ stack.normal / length, -1, 1))
    degrees = float(np.degrees(np.arccos(cosine)))
    if degrees <= TILT_TOLERANCE_DEGREES:
        return None
    return _fault(
        f"The slices are tilted by {degrees:.1f} degrees against the direction in which they are "
        "stacked (tilted gantry): the volume is sheared.",
        "Choose a series without tilt, or reconstruct it untilted.",
    )


def _stray(stack: Stack) -> Reason | None:
    """A slice whose place is off the straight, even line through the others."""
    share = np.linspace(0, 1, len(stack.positions_mm))[:, None]
    first, last = stack.positions_mm[0], stack.positions_mm[-1]
    off_mm = np.linalg.norm(stack.positions_mm - (first + share * (last - first)), axis=1)
    k = int(np.argmax(off_mm))
    if off_mm[k] <= STRAY_TOLERANCE_MM:
        return None
    return _fault(
        f"Slice {k + 1} lies {off_mm[k]:.1f} mm away from its place in the stack.", _EXPORT_AGAIN
    )
