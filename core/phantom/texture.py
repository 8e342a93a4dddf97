"""Random unevenness that hangs on the person alone: the same on a coarse and on a fine grid."""

import numpy as np
from numpy.typing import NDArray

from core.phantom.lung_space import LungSpace, Mask
from core.phantom.shapes import Distance

REACH_MM = (190.0, 150.0, 190.0)
"""The knots of every texture lie within this of the thorax's middle, along z, y and x."""

SPLINE_VARIANCE = 0.55
"""Mean of the sum of squares of a quadratic B-spline's weights, along one axis."""


def smooth_noise(space: LungSpace, random: np.random.Generator, grain_mm: float) -> Distance:
    """Random values of mean 0 and standard deviation about 1, smooth over `grain_mm`.

    Knots lie on a grid fixed in the person and are joined by quadratic B-splines.

    Args:
        space: Where the values are wanted.
        random: Source of the knots.
        grain_mm: Distance of the knots.

    Returns:
        float32 on the box of `space`.
    """
    values = random.standard_normal([int(2 * r / grain_mm) + 4 for r in REACH_MM], np.float32)
    for axis, (at_mm, reach_mm) in enumerate(
        zip((space.z, space.y, space.x), REACH_MM, strict=True)
    ):
        knot, weights = _spline(at_mm.ravel(), reach_mm, grain_mm)
        knot = np.clip(knot, 1, values.shape[axis] - 2)
        shape = [-1 if k == axis else 1 for k in range(3)]
        spread = np.take(values, knot, axis)
        spread *= weights[1].reshape(shape)
        for step, weight in ((-1, weights[0]), (1, weights[2])):
            neighbour = np.take(values, knot + step, axis)
            neighbour *= weight.reshape(shape)
            spread += neighbour
        values = spread
    values *= np.float32(SPLINE_VARIANCE**-1.5)
    return values


def _spline(
    at_mm: Distance, reach_mm: float, grain_mm: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The nearest knot and the weights of it and its two neighbours, (3, n)."""
    place = (at_mm + reach_mm) / grain_mm + 1
    knot = np.rint(place)
    off = place - knot
    weights = np.stack([0.5 * (0.5 - off) ** 2, 0.75 - off**2, 0.5 * (0.5 + off) ** 2])
    return knot.astype(np.intp), weights.astype(np.float32)


def level_of_share(field: Distance, where: Mask, share: float) -> float:
    """The level that this share of the voxels in `where` lies above.

    A field that does not depend on the share makes greater shares contain the lesser ones.

    Args:
        field: Any values on the grid of `where`.
        where: The voxels that count.
        share: 0 to 1, not 0 voxels.
    """
    values = field[where]
    rank = min(max(values.size - 1 - round(share * values.size), 0), values.size - 1)
    return float(np.partition(values, rank)[rank])
