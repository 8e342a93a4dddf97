"""Undo the shear of a tilted gantry: each slice moved within its own plane, by linear weights."""

import math

import numpy as np
from numpy.typing import NDArray

from core.data.hounsfield import AIR_HU, Padding


def moved(
    hu: NDArray[np.int16], padding: Padding, shift: tuple[float, float]
) -> tuple[NDArray[np.int16], Padding]:
    """A slice moved by a fraction of pixels.

    Args:
        hu: (rows, columns).
        padding: Where nothing was measured.
        shift: Pixels along growing row and growing column: what lay at row r lies at r + shift.

    Returns:
        HU, and where nothing was measured: what came in from outside the slice, and every pixel
        with padding in its linear mixture; these hold `AIR_HU`.
    """
    values = hu.astype(np.float32)
    unmeasured = np.zeros(hu.shape, np.bool_) if padding is None else padding.copy()
    for axis, pixels in enumerate(shift):
        if pixels:
            values, unmeasured = _moved_along(values, unmeasured, pixels, axis)
    result = np.rint(values, out=values).astype(np.int16)
    result[unmeasured] = AIR_HU
    return result, unmeasured if unmeasured.any() else None


def _moved_along(
    values: NDArray[np.float32], unmeasured: NDArray[np.bool_], shift: float, axis: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    whole = math.floor(-shift)
    weight = np.float32(-shift - whole)
    first, outside = _taken(values, unmeasured, whole, axis)
    if weight == 0:
        return first, outside
    second, outside_too = _taken(values, unmeasured, whole + 1, axis)
    return first * (1 - weight) + second * weight, outside | outside_too


def _taken(
    values: NDArray[np.float32], unmeasured: NDArray[np.bool_], step: int, axis: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The slice seen `step` pixels further; what lies outside counts as unmeasured."""
    wanted = np.arange(values.shape[axis]) + step
    places = np.clip(wanted, 0, values.shape[axis] - 1)
    outside = np.expand_dims(wanted != places, 1 - axis)
    return values.take(places, axis), unmeasured.take(places, axis) | outside
