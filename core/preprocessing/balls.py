"""Growing, shrinking and closing a mask by a ball whose radius is in mm, on any voxels.

The squared distance to a set is the least sum of the squared distances along the axes, so that it
is found axis by axis (Felzenszwalb & Huttenlocher 2012); looking no further than the radius makes
it a few additions a voxel. Distances are exact between voxel centres.
"""

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Floats = NDArray[np.float32]
Spacing = tuple[float, float, float]

NO_FURTHER = np.float32(1e12)
"""Squared mm that no distance reaches."""


def squared_distance_mm2(mask: Booleans, furthest_mm: float, spacing_mm: Spacing) -> Floats:
    """Squared distance to the mask; further away than asked it is too large or 1e12."""
    squared_mm2 = np.where(mask, np.float32(0), NO_FURTHER)
    for axis, size_mm in enumerate(spacing_mm):
        _spread(squared_mm2, axis, size_mm, furthest_mm)
    return squared_mm2


def grown(mask: Booleans, radius_mm: float, spacing_mm: Spacing) -> Booleans:
    """True within the radius of the mask, which holds the mask itself."""
    within: Booleans = squared_distance_mm2(mask, radius_mm, spacing_mm) <= np.float32(radius_mm**2)
    return within


def shrunk(mask: Booleans, radius_mm: float, spacing_mm: Spacing) -> Booleans:
    """True where everything within the radius is in the mask; what lies beyond the grid counts."""
    return ~grown(~mask, radius_mm, spacing_mm)


def opened(mask: Booleans, radius_mm: float, spacing_mm: Spacing) -> Booleans:
    """The part of the mask that a ball of the radius reaches from within."""
    return mask & grown(shrunk(mask, radius_mm, spacing_mm), radius_mm, spacing_mm)


def _spread(squared_mm2: Floats, axis: int, size_mm: float, furthest_mm: float) -> None:
    """Lower every value to the least of its neighbours along the axis and the way to them."""
    before = np.moveaxis(squared_mm2.copy(), axis, 0)
    further = np.moveaxis(np.empty_like(squared_mm2), axis, 0)
    result = np.moveaxis(squared_mm2, axis, 0)
    for steps in range(1, min(int(furthest_mm / size_mm), len(before) - 1) + 1):
        np.add(before, np.float32((steps * size_mm) ** 2), out=further)
        np.minimum(result[steps:], further[:-steps], out=result[steps:])
        np.minimum(result[:-steps], further[steps:], out=result[:-steps])
