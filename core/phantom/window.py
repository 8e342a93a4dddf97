"""A part of a canvas as a canvas of its own: what is painted there is painted on the whole."""

import numpy as np
from numpy.typing import ArrayLike

from core.geometry import VolumeGeometry
from core.phantom.shapes import Box, Canvas


def window(canvas: Canvas, low_mm: ArrayLike, high_mm: ArrayLike) -> tuple[Canvas, Box]:
    """The part between two corners, which shares its values with the canvas.

    Args:
        canvas: The whole.
        low_mm: LPS in the reference thorax; beyond the canvas is allowed.
        high_mm: The opposite corner.

    Returns:
        The part, and the box of the canvas that it covers.
    """
    box = canvas.box(low_mm, high_mm)
    shape = canvas.hu[box].shape
    affine = np.array(canvas.geometry.affine)
    affine[:3, 3] = canvas.geometry.to_patient([span.start for span in box])
    geometry = VolumeGeometry((shape[0], shape[1], shape[2]), affine)
    part = Canvas(geometry, 0.0, canvas.scale)
    part.hu = canvas.hu[box]
    return part, box
