"""Painting with implicit shapes: signed distances in mm, negative inside, drawn with soft edges.

A shape is evaluated only in the box of voxels that it can reach. Later strokes cover earlier ones.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import zoom

from core.geometry import Floats, VolumeGeometry

Distance = NDArray[np.floating]
Box = tuple[slice, slice, slice]

FAR_MM = 60.0
"""Distance of everything that no shape reaches."""

EVERYWHERE: Box = (slice(None), slice(None), slice(None))


class Canvas:
    """Hounsfield units on a grid whose slices grow to the head, rows to the back, columns left.

    Args:
        geometry: An axis-parallel grid in that order.
        background_hu: Value of every voxel before anything is painted.

    Attributes:
        hu: float32 (slice, row, column).
        z: LPS mm of the slices, shape (slice, 1, 1).
        y: LPS mm of the rows, shape (1, row, 1).
        x: LPS mm of the columns, shape (1, 1, column).
    """

    def __init__(self, geometry: VolumeGeometry, background_hu: float) -> None:
        self.hu = np.full(geometry.shape, background_hu, np.float32)
        self.spacing_mm = geometry.spacing_mm
        self._origin_mm = geometry.to_patient((0, 0, 0))[::-1]
        z, y, x = (
            (self._origin_mm[k] + self.spacing_mm[k] * np.arange(geometry.shape[k])).astype(
                np.float32
            )
            for k in range(3)
        )
        self.z, self.y, self.x = z[:, None, None], y[None, :, None], x[None, None, :]

    def distances(self) -> Distance:
        """A new field of distances that no shape reaches yet."""
        return np.full(self.hu.shape, FAR_MM, np.float32)

    def paint(self, distance_mm: Distance, hu: ArrayLike, box: Box = EVERYWHERE) -> None:
        """Bring the inside of a shape to `hu`, with an edge one pixel wide."""
        target = self.hu[box]
        cover = np.clip(0.5 - distance_mm / np.float32(self.spacing_mm[1]), 0, 1)
        target += cover * (np.asarray(hu, np.float32) - target)

    def box(self, low_mm: ArrayLike, high_mm: ArrayLike) -> Box:
        """The voxels between two LPS corners (x, y, z), one more on every side."""
        low, high = np.asarray(low_mm, float)[::-1], np.asarray(high_mm, float)[::-1]
        starts = np.floor((low - self._origin_mm) / self.spacing_mm).astype(int)
        stops = np.ceil((high - self._origin_mm) / self.spacing_mm).astype(int) + 1
        spans = [
            slice(max(a, 0), min(max(b, 0), n))
            for a, b, n in zip(starts.tolist(), stops.tolist(), self.hu.shape, strict=True)
        ]
        return spans[0], spans[1], spans[2]

    def within(self, box: Box) -> tuple[Distance, Distance, Distance]:
        """Coordinates (x, y, z) of a box, shaped to broadcast against each other."""
        return self.x[:, :, box[2]], self.y[:, box[1]], self.z[box[0]]

    def ellipsoid(
        self,
        centre_mm: ArrayLike,
        radii_mm: ArrayLike,
        *,
        axes: ArrayLike = ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        margin_mm: float = 3.0,
    ) -> tuple[Box, Distance]:
        """Box and distance of an ellipsoid; row k of `axes` is the unit vector of radius k."""
        centre, radii = np.asarray(centre_mm, float), np.asarray(radii_mm, float)
        directions = np.asarray(axes, float)
        reach = np.sqrt(((directions * radii[:, None]) ** 2).sum(0)) + margin_mm
        box = self.box(centre - reach, centre + reach)
        x, y, z = (axis - np.float32(at) for axis, at in zip(self.within(box), centre, strict=True))
        # As if a thousandth of the way out already, so that the very centre has a distance too.
        near = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), 1e-6, np.float32)
        steep = near / np.float32(radii.min() ** 2)
        for (dx, dy, dz), radius in zip(directions.astype(np.float32), radii, strict=True):
            along = ((dx * x + dy * y + dz * z) / np.float32(radius)) ** 2
            near += along
            steep += along / np.float32(radius**2)
        near = np.sqrt(near)
        return box, near * (near - 1) / np.sqrt(steep)

    def paint_ellipsoid(self, centre_mm: ArrayLike, radii_mm: ArrayLike, hu: float) -> None:
        """Paint an ellipsoid with radii along x, y and z."""
        box, distance = self.ellipsoid(centre_mm, radii_mm)
        self.paint(distance, hu, box)

    def add_tube(
        self, field: Distance, path_mm: Floats, radii_mm: ArrayLike, *, margin_mm: float = 3.0
    ) -> None:
        """Take the lesser of `field` and the distance to a round tube along a path.

        Args:
            field: Distances, changed in place.
            path_mm: Points (n, 3), LPS.
            radii_mm: One for all, or one for each point.
            margin_mm: How far outside the tube its distance is still needed.
        """
        radii = np.broadcast_to(np.asarray(radii_mm, float), len(path_mm))
        for k in range(len(path_mm) - 1):
            start, end = path_mm[k], path_mm[k + 1]
            reach = max(radii[k], radii[k + 1]) + margin_mm
            box = self.box(np.minimum(start, end) - reach, np.maximum(start, end) + reach)
            x, y, z = (a - np.float32(s) for a, s in zip(self.within(box), start, strict=True))
            dx, dy, dz = (end - start).astype(np.float32)
            length2 = max(dx * dx + dy * dy + dz * dz, np.float32(1e-6))
            along = np.clip((x * dx + y * dy + z * dz) / length2, 0, 1)
            apart = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2 + (z - along * dz) ** 2)
            apart -= np.float32(radii[k]) + along * np.float32(radii[k + 1] - radii[k])
            np.minimum(field[box], apart, out=field[box])


def spline(points_mm: ArrayLike, step_mm: float = 5.0) -> Floats:
    """A smooth path through points, sampled about every `step_mm`; (n, 3)."""
    points = np.asarray(points_mm, float)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(lengths)])
    count = max(int(at[-1] / step_mm) + 1, 2)
    path: Floats = CubicSpline(at, points)(np.linspace(0, at[-1], count))
    return path


def profile(heights_mm: ArrayLike, values: ArrayLike, at_mm: NDArray[np.floating]) -> Distance:
    """Values at other heights, without overshoot; constant beyond the ends."""
    heights = np.asarray(heights_mm, float)
    curve = PchipInterpolator(heights, np.asarray(values, float))
    shaped: Distance = curve(np.clip(at_mm, heights[0], heights[-1])).astype(np.float32)
    return shaped


def oval(x: Distance, y: Distance, half_width_mm: Distance, half_depth_mm: Distance) -> Distance:
    """Distance to an ellipse of each slice, squared off a little as trunks are.

    Superellipse of exponent 2.3; first-order distance, right near the edge and monotone elsewhere.
    """
    exponent = np.float32(2.3)
    u, v = np.abs(x) / half_width_mm, np.abs(y) / half_depth_mm
    level = (u**exponent + v**exponent) ** (1 / exponent)
    steep = np.sqrt((u**1.3 / half_width_mm) ** 2 + (v**1.3 / half_depth_mm) ** 2)
    slope = steep / np.maximum(level, np.float32(0.05)) ** 1.3
    distance: Distance = (level - 1) / np.maximum(slope, np.float32(1e-3))
    return np.clip(distance, -FAR_MM, FAR_MM)


def blended(one: Distance, other: Distance, fillet_mm: float) -> Distance:
    """The nearer of two shapes, their meeting rounded by a fillet (polynomial smooth minimum)."""
    close = np.maximum(fillet_mm - np.abs(one - other), 0) / np.float32(fillet_mm)
    return np.minimum(one, other) - close**2 * np.float32(fillet_mm / 4)


def mottle(canvas: Canvas, random: np.random.Generator, grain_mm: float) -> Distance:
    """Random unevenness on the canvas's grid, of about unit size, smooth over `grain_mm`."""
    shape = canvas.hu.shape
    coarse = [
        max(round(n * step / grain_mm), 2) for n, step in zip(shape, canvas.spacing_mm, strict=True)
    ]
    values = random.standard_normal(coarse, np.float32)
    uneven: Distance = zoom(
        values, np.array(shape) / coarse, order=1, mode="nearest", grid_mode=True
    )
    return uneven


def mirrored(points_mm: ArrayLike, side: int) -> Floats:
    """The same points on the patient's left (side 1) or right (side -1)."""
    points: Floats = np.asarray(points_mm, float) * (side, 1, 1)
    return points
