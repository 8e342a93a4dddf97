"""Lungs of a plain shape, an ellipsoid each, for tests of what lies within."""

import numpy as np

from core.geometry import VolumeGeometry
from core.phantom.lung_space import LungSpace, lung_space
from core.phantom.shapes import Canvas

HEAD_BACK_LEFT = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
CENTRES_MM, RADII_MM = ((-64.0, 0.0, 0.0), (64.0, 0.0, 0.0)), (54.0, 88.0, 118.0)
LITRES = 2 * 4 / 3 * np.pi * float(np.prod(RADII_MM)) / 1e6


def plain_canvas(spacing_mm=(5.0, 3.0, 3.0), scale=(1.0, 1.0, 1.0)) -> Canvas:
    """Soft tissue with room for both lungs; spacing and scale as those of a canvas."""
    reach_mm = (130, 100, 130)
    shape = [
        2 * int(reach * stretch / step) + 1
        for reach, stretch, step in zip(reach_mm, scale[::-1], spacing_mm, strict=True)
    ]
    origin = [-(n - 1) / 2 * step for n, step in zip(shape, spacing_mm, strict=True)][::-1]
    geometry = VolumeGeometry.from_axes(tuple(shape), origin, HEAD_BACK_LEFT, spacing_mm)
    return Canvas(geometry, 40.0, scale)


def lung_distance(canvas: Canvas):
    """Distance to both ellipsoids, negative inside."""
    field = canvas.distances()
    for centre in CENTRES_MM:
        box, distance = canvas.ellipsoid(centre, RADII_MM, margin_mm=12)
        field[box] = np.minimum(field[box], distance)
    return field


def plain_lungs(spacing_mm=(5.0, 3.0, 3.0), scale=(1.0, 1.0, 1.0)) -> LungSpace:
    """The room inside both ellipsoids."""
    canvas = plain_canvas(spacing_mm, scale)
    return lung_space(canvas, lung_distance(canvas))
