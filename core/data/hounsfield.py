"""From stored values to hounsfield units, and where nothing was measured."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.pixel_encoding import PixelEncoding

UNMEASURED_HU = -2000
"""At or below this a value is a fill outside the scan circle, declared or not: noise around air
(-1000) does not reach it, and GE scanners store raw -2000 there without declaring it."""

AIR_HU = -1024
"""Padding is never shown denser than this, whatever value the scanner chose to mark it."""

INT16 = np.iinfo(np.int16)

Stored = NDArray[Any]
"""Integers or floating point values."""
Padding = NDArray[np.bool_] | None


def to_hu(stored: Stored, encoding: PixelEncoding, hu: NDArray[np.int16]) -> Padding:
    """Convert one slice.

    Rounded to the nearest hounsfield unit and clipped to int16. Padding keeps its own HU, except
    that it is never above `AIR_HU`; a value that is not a number is padding.

    Args:
        stored: (rows, columns); overwritten. May share its memory with `hu`.
        encoding: Of this slice.
        hu: Receives the result, (rows, columns).

    Returns:
        True where nothing was measured: the declared padding value or range, or a fill at or below
        `UNMEASURED_HU`. None where no pixel is.
    """
    values = _own_bits(stored, encoding)
    low, high = float(values.min()), float(values.max())
    padding = _declared(values, low, high, encoding.padding)
    if _is_plain_shift(values, low, high, encoding):
        # Modulo 65,536, which is exact as the sum fits: in place, no wider copy.
        np.add(values.view(np.int16), np.int16(encoding.intercept), out=hu)
        least_hu = low + encoding.intercept
    else:
        padding = _merged(padding, _rescaled(values, encoding, hu))
        least_hu = int(hu.min())
    if least_hu <= UNMEASURED_HU:
        padding = _merged(padding, hu <= UNMEASURED_HU)
    if padding is not None:
        np.minimum(hu, AIR_HU, out=hu, where=padding)
    return padding


def _rescaled(values: Stored, encoding: PixelEncoding, hu: NDArray[np.int16]) -> Padding:
    """Write HU by table or by slope and intercept; where they are no numbers."""
    table = encoding.table
    if table is not None and values.dtype.kind != "f":
        places = np.clip(values.astype(np.int64) - table.first, 0, len(table.values) - 1)
        exact = table.values[places]
    else:
        exact = values.astype(np.float64)
        exact *= encoding.slope
        exact += encoding.intercept
    senseless = np.isnan(exact)
    any_senseless = bool(senseless.any())
    if any_senseless:
        exact[senseless] = AIR_HU
    np.rint(exact, out=exact)
    np.clip(exact, INT16.min, INT16.max, out=exact)
    hu[...] = exact
    return senseless if any_senseless else None


def _merged(one: Padding, other: Padding) -> Padding:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _declared(
    values: Stored, low: float, high: float, padding: tuple[float, float] | None
) -> Padding:
    """Where stored values lie in the declared range; None where none does."""
    if padding is None or padding[1] < low or padding[0] > high:
        return None
    if values.dtype.kind == "f":
        declared = (values >= padding[0]) & (values <= padding[1])
    else:  # whole bounds, so that integers are compared as they are and not as floats
        least, most = math.ceil(padding[0]), math.floor(padding[1])
        declared = values == least if least == most else (values >= least) & (values <= most)
    return declared if declared.any() else None


def _is_plain_shift(values: Stored, low: float, high: float, encoding: PixelEncoding) -> bool:
    """True where adding a whole intercept to 16-bit values is all, and the sums fit int16."""
    shift = encoding.intercept
    return (
        values.dtype.kind in "iu"
        and values.dtype.itemsize == 2
        and encoding.table is None
        and encoding.slope == 1
        and shift.is_integer()
        and INT16.min <= shift <= INT16.max
        and low + shift >= INT16.min
        and high + shift <= INT16.max
    )


def _own_bits(stored: Stored, encoding: PixelEncoding) -> Stored:
    """Values of the stored bits alone: others may hold overlays of old scanners."""
    if stored.dtype.kind == "f":
        return stored
    values = stored.astype(encoding.integer_kind, copy=not stored.flags.writeable)
    above = encoding.bits_allocated - 1 - encoding.high_bit
    below = encoding.high_bit + 1 - encoding.bits_stored
    if above or below:
        # Shifting up drops the bits above, shifting back down keeps the sign of signed values.
        values <<= above
        values >>= above + below
    return values
