"""Skin, the fat under it, breasts, and the couch."""

import numpy as np

from core.phantom.shapes import Canvas, Distance, blended, mottle, oval, profile
from core.phantom.subject import Subject

SKIN_HU, FAT_HU, GLAND_HU = 10.0, -102.0, 28.0
SHELL_HU, FOAM_HU, FOAM_MM, SHELL_MM = 160.0, -940.0, 30.0, 2.2
SKIN_MM, BED_Y_MM, COUCH_HALF_MM = 2.0, 123.0, 215.0

HEIGHTS_MM = (-165, -90, 0, 40, 75, 100, 125, 165)
FRONT_MM = (-112, -116, -117, -110, -92, -75, -55, -38)
BACK_MM = (117, 122, 127, 130, 131, 125, 115, 101)
HALF_WIDTH_MM = (152, 156, 162, 168, 175, 177, 176, 168)
"""The skin of a lean man, from the feet to the head (LPS mm)."""

FAT_SHARES = (1.0, 0.45, 0.8)
"""How much of `fat_mm` lies in front, behind and at each side."""

GROOVE_MM, SPINE_GROOVE_MM, SWELL_MM = 5.0, 4.0, 5.0
"""Of the skin over the breastbone and over the spine; over the great pectoral muscles."""

WASTING_MM, THINNEST_MM = 9.0, 17.0
"""How far the skin sinks in where all muscle is gone; least distance from chest wall to skin."""


def paint_couch(canvas: Canvas, subject: Subject) -> None:
    """A curved couch of foam in a thin shell, under the back."""
    back_mm = BED_Y_MM + FAT_SHARES[1] * subject.build.fat_mm / canvas.scale[1]
    curve = np.hypot(canvas.x, canvas.y + 780) - np.float32(780 + back_mm + 4)
    half_mm = FOAM_MM / 2
    end_mm = np.float32(COUCH_HALF_MM / canvas.scale[0])
    couch = np.maximum(np.abs(curve - half_mm) - half_mm, np.abs(canvas.x) - end_mm)
    canvas.paint(couch, SHELL_HU)
    canvas.paint(couch, FOAM_HU, inset_mm=SHELL_MM)


def skin_distance(canvas: Canvas, wall: Distance, subject: Subject) -> Distance:
    """Distance in mm to the skin, negative inside the body; float32 on the canvas's grid.

    Args:
        canvas: Gives the grid.
        wall: Distance to the inner chest wall: the skin stays outside its ribs.
        subject: Fat, breasts and muscle.
    """
    wasted = WASTING_MM * (1 - subject.diseases.muscle)
    in_front, behind, beside = (
        np.float32(share * (subject.build.fat_mm - wasted) / by)
        for share, by in zip(FAT_SHARES, canvas.scale[[1, 1, 0]], strict=True)
    )
    front = profile(HEIGHTS_MM, FRONT_MM, canvas.z) - in_front
    back = profile(HEIGHTS_MM, BACK_MM, canvas.z) + behind
    half_width = profile(HEIGHTS_MM, HALF_WIDTH_MM, canvas.z) + beside
    centre_y, half_depth = (front + back) / 2, (back - front) / 2
    bed = np.float32(BED_Y_MM) + behind

    relief, behind_relief = _relief(canvas)

    def skin(at: slice) -> Distance:
        body = oval(canvas.x, canvas.y - centre_y[at], half_width[at], half_depth[at])
        off = (canvas.y - centre_y[at]) / half_depth[at]
        body += relief[at] * np.maximum(-off, 0) + behind_relief * np.maximum(off, 0)
        body = np.minimum(body, wall[at] - np.float32(THINNEST_MM))
        return -blended(-body, bed - canvas.y, 14)  # flat where it lies on the couch

    distance = canvas.field(skin)
    for side in (-1, 1):
        for centre, radii in _breast(subject, side, float(in_front)):
            box, breast = canvas.ellipsoid(centre, radii, margin_mm=16)
            distance[box] = blended(distance[box], breast, 16)
    return distance


def _relief(canvas: Canvas) -> tuple[Distance, Distance]:
    """How far the skin sinks in in front, (slice, 1, column), and behind, (1, 1, column)."""
    chest = profile((-60, -20, 60, 100), (0, 1, 1, 0), canvas.z)
    groove = GROOVE_MM * np.exp(-((canvas.x / 24) ** 2))
    swell = SWELL_MM * np.exp(-(((np.abs(canvas.x) - 66) / 36) ** 2))
    behind = SPINE_GROOVE_MM * np.exp(-((canvas.x / 15) ** 2))
    return (groove - swell * chest).astype(np.float32), behind.astype(np.float32)


def paint_fat(canvas: Canvas, skin: Distance, subject: Subject) -> None:
    """Paint skin, the fat under it, and the glands of the breasts."""
    canvas.paint(skin, SKIN_HU)
    canvas.paint(skin, FAT_HU, inset_mm=SKIN_MM)
    for side in (-1, 1):
        for centre, radii in _breast(subject, side, subject.build.fat_mm / canvas.scale[1]):
            box, gland = canvas.ellipsoid(np.add(centre, (0, -4, 0)), np.multiply(radii, 0.72))
            lobules = mottle(canvas, subject.random("glands"), 9.0, box) + np.float32(0.35)
            lobules = np.maximum(gland, np.maximum(lobules * 8, skin[box] + 4))
            canvas.paint(lobules, GLAND_HU, box)


def _breast(
    subject: Subject, side: int, fat_mm: float
) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """Centre and radii of one breast, flattened as in a person who lies on the back."""
    size = subject.build.breast
    if size <= 0:
        return []
    grown = 0.55 + 0.45 * size
    centre = (side * (78 + 10 * size), -88 - fat_mm + 4 * size, -6 - 8 * size)
    return [(centre, (62 * grown, 36 * grown, 66 * grown))]
