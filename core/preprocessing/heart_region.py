"""The region that the models see: the lungs and what lies between them, the heart above all.

Liao et al. (DSB 2017) take the convex hull of each lung in each axial slice unless its area is more
than twice the lung's, and dilate by 10 voxels with 6 neighbours. Lu et al. (IEEE Access 2022) take
the convex hull of both together in each axial slice, which keeps the heart; bone inside is kept.

The hull of two hulls is the hull of the two lungs, and the hull of a dilated set is the dilated
hull. The three steps are therefore one: in each slice the hull of the lung's outline in this slice
and in those within reach, each moved by what is left of the dilation. Whether a lung's own hull is
taken makes no difference to the joint hull.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from core.volume import Mask

DILATION_MM = 7.5
"""10 voxels of the published rule, at a typical 0.75 mm pixel in plane.

The published dilation counts voxels, and so reaches 7.5 mm in plane but 10 to 30 mm along the body
in slices of 1 to 3 mm. Here it is the same distance along every axis, and the sum of the distances
along the axes counts, as it does with 6 neighbours.
"""

ROUNDING_MM = 1e-3
"""Added to the dilation: a pixel centre on the hull is inside, and no hull is flat."""

Points = NDArray[np.float64]


def lungs_and_heart(lungs: Mask) -> Mask:
    """The joint hull of both lungs in every axial slice, 7.5 mm wider: 1 inside, 0 outside.

    Args:
        lungs: Labels > 0 are lung; slices towards the head.
    """
    slice_mm, row_mm, column_mm = lungs.geometry.spacing_mm
    outlines = _outlines(lungs)
    reach_mm = DILATION_MM + ROUNDING_MM
    reach = int(reach_mm / slice_mm)
    region = np.zeros(lungs.geometry.shape, dtype=np.uint8)
    for index in range(len(region)):
        nearby = [
            _dilated(outlines[other], reach_mm - abs(other - index) * slice_mm)
            for other in range(max(index - reach, 0), min(index + reach + 1, len(region)))
            if other in outlines
        ]
        if nearby:
            hull = _corners(np.concatenate(nearby))
            region[index] = _inside(hull, lungs.geometry.shape[1:], (row_mm, column_mm))
    return Mask(region, lungs.geometry)


def _outlines(lungs: Mask) -> dict[int, Points]:
    """Corners (row mm, column mm) of the hull of the lungs, for every slice that shows them."""
    _, row_mm, column_mm = lungs.geometry.spacing_mm
    outlines = {}
    for index, labels in enumerate(lungs.labels):
        rows = np.flatnonzero(labels.any(axis=1))
        if not len(rows):
            continue
        mask = labels[rows] > 0
        first = mask.argmax(axis=1)
        last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
        ends = np.concatenate((np.stack((rows, first), axis=1), np.stack((rows, last), axis=1)))
        outlines[index] = _corners(ends * (row_mm, column_mm))
    return outlines


def _dilated(points: Points, distance_mm: float) -> Points:
    """Each point moved by the distance up, down, left and right."""
    moves = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) * distance_mm
    moved: Points = (points[:, None] + moves).reshape(-1, 2)
    return moved


def _corners(points: Points) -> Points:
    """Corners of the convex hull in order round it; all the points where they lie in one line."""
    try:
        corners: Points = points[ConvexHull(points).vertices]
    except QhullError:
        return points
    return corners


def _inside(
    hull: Points, shape: tuple[int, ...], spacing_mm: tuple[float, float]
) -> NDArray[np.bool_]:
    """True for the pixel centres inside the hull, its edge included.

    Args:
        hull: Corners (row mm, column mm), counter-clockwise.
        shape: (rows, columns).
        spacing_mm: Of rows and columns.
    """
    top, bottom = hull[:, 0].min(), hull[:, 0].max()
    rows = slice(max(int(np.ceil(top / spacing_mm[0])), 0), int(bottom / spacing_mm[0]) + 1)
    rows_mm = np.arange(shape[0])[rows] * spacing_mm[0]
    columns_mm = np.arange(shape[1]) * spacing_mm[1]
    left, right = _side(hull, top, bottom), _side(-hull, -bottom, -top)
    left_mm = np.interp(rows_mm, left[:, 0], left[:, 1])[:, None]
    right_mm = -np.interp(-rows_mm, right[:, 0], right[:, 1])[:, None]
    inside = np.zeros(shape, dtype=np.bool_)
    inside[rows] = (columns_mm >= left_mm) & (columns_mm <= right_mm)
    return inside


def _side(hull: Points, first_row: float, last_row: float) -> Points:
    """The corners of the hull's side of low columns, rows rising, from end to end."""
    start, stop = (
        int(np.argmin(np.where(hull[:, 0] == row, hull[:, 1], np.inf)))
        for row in (first_row, last_row)
    )
    rolled = np.roll(hull, -start, axis=0)
    return rolled[: (stop - start) % len(hull) + 1]
