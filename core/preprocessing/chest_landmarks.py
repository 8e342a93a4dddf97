"""Where things lie in a chest: the space between the lungs, the carina, the diaphragm."""

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from core.geometry import Floats
from core.preprocessing.solids import Booleans, Spacing

LEAST_BRONCHUS_MM2 = 40.0
"""Area in a slice; a tracheal bronchus or a bubble of air in the gullet is smaller."""
LEAST_BRONCHUS_SHARE = 0.25
"""Of the other bronchus."""
CARINA_HEIGHT = 0.68
"""Of the lungs' height above their lowest slice, where airways do not tell: 0.64 to 0.73 in four
scans in which they do."""


def joint_hull(lungs: Booleans) -> Booleans:
    """The convex hull of both lungs in every slice."""
    hull = lungs.copy()
    columns = np.arange(lungs.shape[2])
    for index in np.flatnonzero(lungs.any(axis=(1, 2))):
        rows = np.flatnonzero(lungs[index].any(axis=1))
        left, right = _sides(lungs[index, rows], rows)
        within = slice(int(rows[0]), int(rows[-1]) + 1)
        hull[index, within] = (columns >= left[:, None]) & (columns <= right[:, None])
    return hull


def _sides(lungs: Booleans, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """First and last column of the hull in every row from the first to the last of `rows`."""
    first = lungs.argmax(axis=1) - 0.5
    last = lungs.shape[1] - 0.5 - lungs[:, ::-1].argmax(axis=1)
    ends = np.concatenate((first, last))
    try:
        corners = np.sort(ConvexHull(np.column_stack((np.tile(rows, 2), ends))).vertices)
    except QhullError:  # a single row
        return first, last
    every = np.arange(rows[0], rows[-1] + 1)
    on_left = corners[corners < len(rows)]
    on_right = corners[corners >= len(rows)] - len(rows)
    return (
        np.interp(every, rows[on_left], first[on_left]),
        np.interp(every, rows[on_right], last[on_right]),
    )


def carina_slice(airways: Booleans, lungs: Booleans, spacing_mm: Spacing) -> int:
    """The highest slice that shows both main bronchi.

    Otherwise (no airways found, none of them forked): 68 % of the lungs' height.
    """
    for index in np.flatnonzero(airways.any(axis=(1, 2)))[::-1]:
        labels = cc3d.connected_components(airways[index], connectivity=8)
        area_mm2 = np.sort(np.bincount(labels.ravel())[1:] * spacing_mm[1] * spacing_mm[2])[::-1]
        if len(area_mm2) < 2:
            continue
        if area_mm2[1] >= max(LEAST_BRONCHUS_MM2, LEAST_BRONCHUS_SHARE * area_mm2[0]):
            return int(index)
    slices = np.flatnonzero(lungs.any(axis=(1, 2)))
    return round(float(slices[0] + CARINA_HEIGHT * (slices[-1] - slices[0])))
