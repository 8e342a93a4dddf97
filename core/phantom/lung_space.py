"""The room inside both pleurae: a box of the canvas, its coordinates, and how deep a voxel lies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.phantom.shapes import FAR_MM, Box, Canvas, Distance

Mask = NDArray[np.bool_]

MARGIN_MM = 6.0
"""How far the box goes beyond the pleura."""


@dataclass(frozen=True, eq=False)
class LungSpace:
    """Both lungs on a box of a canvas; fields have the box's shape (slice, row, column).

    Attributes:
        box: Place on the canvas.
        x: LPS mm of the columns, shape (1, 1, column).
        y: LPS mm of the rows, shape (1, row, 1).
        z: LPS mm of the slices, shape (slice, 1, 1).
        pleura: Distance to the pleura, mm, negative inside.
        inside: Where the pleura's distance is negative.
        spacing_mm: Along slices, rows and columns, in the reference thorax as all of the above.
        scale: Millimetres of the person to one of the reference, along slices, rows and columns.
    """

    box: Box
    x: Distance
    y: Distance
    z: Distance
    pleura: Distance
    inside: Mask
    spacing_mm: tuple[float, float, float]
    scale: tuple[float, float, float]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the box: slices, rows, columns."""
        slices, rows, columns = self.pleura.shape
        return slices, rows, columns

    @property
    def pixel_mm(self) -> float:
        """Width of soft edges."""
        return self.spacing_mm[1]

    @property
    def voxel_mm3(self) -> float:
        """Volume of a voxel in the person."""
        return float(np.prod(self.spacing_mm) * np.prod(self.scale))

    def index(self, points_mm: Floats) -> Floats:
        """Fractional (slice, row, column) in the box of LPS points (n, 3)."""
        origin_mm = np.array((self.z.flat[0], self.y.flat[0], self.x.flat[0]), float)
        found: Floats = (points_mm[:, ::-1] - origin_mm) / self.spacing_mm
        return found

    def pleura_at(self, points_mm: Floats) -> Floats:
        """Distance to the pleura in the voxels nearest to LPS points (n, 3); far out of the box."""
        nearest = np.rint(self.index(points_mm)).astype(np.intp)
        known = ((nearest >= 0) & (nearest < self.shape)).all(1)
        distances = np.full(len(points_mm), FAR_MM)
        distances[known] = self.pleura[tuple(nearest[known].T)]
        return distances

    def rim(self, depth_mm: float) -> Distance:
        """1 at the pleura, fading inwards by e every `depth_mm`; float32."""
        near = np.minimum(self.pleura, 0)
        near /= np.float32(depth_mm)
        return np.exp(near, out=near)

    def cover(self, distance_mm: Distance) -> Distance:
        """Share of every voxel inside a shape, with an edge one pixel wide; float32 0..1."""
        share = distance_mm * np.float32(-1 / self.pixel_mm)
        share += np.float32(0.5)
        np.clip(share, 0, 1, out=share)
        return share


def lung_space(canvas: Canvas, lung_mm: Distance) -> LungSpace:
    """The least box that holds both lungs.

    Args:
        canvas: Where they will be painted.
        lung_mm: Distance to both lungs on the whole canvas, negative inside.
    """
    box = box_of(lung_mm < MARGIN_MM)
    pleura = np.ascontiguousarray(lung_mm[box], np.float32)
    x_scale, y_scale, z_scale = (float(part) for part in canvas.scale)
    return LungSpace(
        box,
        *canvas.within(box),
        pleura,
        pleura < 0,
        canvas.spacing_mm,
        (z_scale, y_scale, x_scale),
    )


def box_of(marked: Mask) -> Box:
    """The least box that holds every marked voxel; empty if there is none."""
    spans = []
    for axis in range(3):
        met = np.flatnonzero(marked.any(axis=tuple(k for k in range(3) if k != axis)))
        spans.append(slice(int(met[0]), int(met[-1]) + 1) if met.size else slice(0, 0))
    return spans[0], spans[1], spans[2]
