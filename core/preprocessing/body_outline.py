"""The body of the patient: what is solid and hangs together, without table, blanket and cables."""

import numpy as np
from numpy.typing import NDArray

from core.preprocessing.solids import (
    Booleans,
    box_of,
    grown_in_plane,
    largest_part,
    shrunk_in_plane,
    without_holes,
)

SOLID_ABOVE_HU = -300
"""Skin with half a block of air; fat is about -100, foam and clothes are below -600."""
THIN_STEPS = 2
"""Blocks eaten from each side before parts are told: a table's shell and its contact go with it."""


def body_outline(hu: NDArray[np.int16], inside: Booleans) -> Booleans:
    """The patient's body, with everything that it encloses within a slice.

    The solid is thinned by two blocks in plane, its largest part kept and widened again, so that
    shells, tubes and sheets thinner than about 10 mm fall off even where they touch the skin. Arms
    beside the body count where they hang together with it.

    Args:
        hu: Means of blocks (slice, row, column).
        inside: True in lungs and airways, which are the body's whatever their HU.
    """
    solid = (hu > SOLID_ABOVE_HU) | inside
    thin = solid
    for _ in range(THIN_STEPS):
        thin = shrunk_in_plane(thin)
    body = largest_part(thin)
    for _ in range(THIN_STEPS):
        body = grown_in_plane(body) & solid
    body |= inside
    if body.any():
        box = box_of(body)
        body[box] = without_holes(body[box])
    return body
