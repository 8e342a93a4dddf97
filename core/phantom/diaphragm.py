"""The two domes of the diaphragm, and the space above them."""

import numpy as np

from core.phantom.shapes import Canvas, Distance, blended
from core.phantom.subject import Subject

DOMES = ((-60.0, -62.0, 74.0), (62.0, -74.0, 66.0))
"""x and height of the top after a full breath, and its drop to the rim (mm); right, then left."""

RADII_MM, MIDDLE_Y_MM = (86.0, 98.0), 2.0
VALLEY_MM, FORWARD_TILT, STEEP = 25.0, 0.12, 0.8
"""Fillet between the domes; how much the front part stands lower; cosine of the usual slope."""


def above_diaphragm(canvas: Canvas, subject: Subject) -> Distance:
    """Distance in mm to the space above both domes: negative there.

    The build's `diaphragm_mm` lifts them; single persons differ by some millimetres on each side.
    """
    shift_mm = np.clip(subject.random("diaphragm").normal(0, 4.0, 2), -8, 8)
    shift_mm += subject.build.diaphragm_mm
    shift_mm /= canvas.scale[2]
    fall = [
        np.minimum(
            ((canvas.x - x) / RADII_MM[0]) ** 2 + ((canvas.y - MIDDLE_Y_MM) / RADII_MM[1]) ** 2, 1.4
        )
        ** 1.25
        for x, _, _ in DOMES
    ]
    right, left = (
        (top + lift - drop * down).astype(np.float32)
        for (_, top, drop), lift, down in zip(DOMES, shift_mm, fall, strict=True)
    )
    height = -blended(-right, -left, VALLEY_MM)
    height += np.float32(FORWARD_TILT) * np.minimum(-canvas.y, 0)
    return canvas.field(lambda at: (height - canvas.z[at]) * np.float32(STEEP))
