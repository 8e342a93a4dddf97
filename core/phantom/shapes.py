"""Painting with implicit shapes: signed distances in mm, negative inside, drawn with soft edges.

A shape is evaluated only in the box of voxels that it can reach. Later strokes cover earlier ones.
"""

import functools
import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from core.geometry import Floats, VolumeGeometry

Distance = NDArray[np.floating]
Box = tuple[slice, slice, slice]

FAR_MM = 60.0
"""Distance of everything that no shape reaches."""

MOTTLE_REACH_MM = (200.0, 180.0, 230.0)
"""The knots of unevenness lie within this of the thorax's middle, along z, y and x."""

EVERYWHERE: Box = (slice(None), slice(None), slice(None))


class Canvas:
    """Hounsfield units on a grid whose slices grow to the head, rows to the back, columns left.

    Shapes are given in the reference thorax, whose millimetre is `scale` of the patient's.

    Args:
        geometry: An axis-parallel grid in that order, in the patient's LPS mm.
        background_hu: Value of every voxel before anything is painted.
        scale: The patient's millimetres to one of the reference thorax, along x, y and z.

    Attributes:
        hu: float32 (slice, row, column).
        geometry: The grid, in the patient's LPS mm.
        scale: As given.
        spacing_mm: Distance of neighbours along (slice, row, column), in the reference thorax.
        z: LPS mm of the slices, shape (slice, 1, 1).
        y: LPS mm of the rows, shape (1, row, 1).
        x: LPS mm of the columns, shape (1, 1, column).
    """

    def __init__(
        self, geometry: VolumeGeometry, background_hu: float, scale: ArrayLike = (1.0, 1.0, 1.0)
    ) -> None:
        self.hu = np.full(geometry.shape, background_hu, np.float32)
        self.geometry = geometry
        self.scale = np.asarray(scale, float)
        slice_mm, row_mm, column_mm = np.array(geometry.spacing_mm) / self.scale[::-1]
        self.spacing_mm = (float(slice_mm), float(row_mm), float(column_mm))
        self._origin_mm = (geometry.to_patient((0, 0, 0)) / self.scale)[::-1]
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

    def paint(
        self,
        distance_mm: Distance,
        hu: ArrayLike,
        box: Box = EVERYWHERE,
        *,
        inset_mm: float = 0.0,
    ) -> None:
        """Bring the inside of a shape to `hu`, with an edge one pixel wide.

        Args:
            distance_mm: To the shape, negative inside; broadcasts to the box.
            hu: Broadcasts to the box.
            box: Where to paint.
            inset_mm: Leave out so much of the shape's rim.
        """
        target = self.hu[box]
        if not target.size:
            return
        distance = np.broadcast_to(distance_mm, target.shape)
        values = np.broadcast_to(np.asarray(hu, np.float32), target.shape)
        pixel_mm = np.float32(self.spacing_mm[1])
        reach_mm = pixel_mm / 2 - np.float32(inset_mm)
        for k in range(len(target)):  # slice by slice: all of it stays in the processor's cache
            reached = np.flatnonzero(distance[k].min(axis=1) < reach_mm)
            if reached.size:
                rows = slice(reached[0], reached[-1] + 1)
                cover = np.subtract(reach_mm, distance[k, rows])
                cover *= 1 / pixel_mm
                np.clip(cover, 0, 1, out=cover)
                cover *= values[k, rows] - target[k, rows]
                target[k, rows] += cover

    def field(self, distance: Callable[[slice], Distance]) -> Distance:
        """A distance everywhere, worked out slice by slice within the processor's cache.

        Args:
            distance: Gets a slice of slices; gives what broadcasts to (1, row, column).
        """
        field: Distance = np.empty(self.hu.shape, np.float32)
        for k in range(len(field)):
            field[k] = distance(slice(k, k + 1))[0]
        return field

    def coarse(self, step_mm: float = 5.5) -> "Canvas":
        """A canvas of every second voxel along axes whose steps stay below `step_mm`.

        For smooth distances, which `refined` brings back to this canvas. It reaches at least as far
        as this one.
        """
        stride = self._stride(step_mm)
        shape = [-(-(n - 1) // by) + 1 for n, by in zip(self.hu.shape, stride, strict=True)]
        geometry = VolumeGeometry(
            (shape[0], shape[1], shape[2]), self.geometry.affine * np.array((*stride, 1))
        )
        return Canvas(geometry, 0.0, self.scale)

    def refined(self, field: Distance, step_mm: float = 5.5) -> Distance:
        """A field of `coarse(step_mm)` on this canvas's grid, by linear interpolation."""
        refined: Distance = np.empty(self.hu.shape, np.float32)
        by, *in_plane = self._stride(step_mm)
        for k in range(len(refined)):
            plane, rest = field[k // by], np.float32((k % by) / by)
            if rest:
                plane = plane + rest * (field[k // by + 1] - plane)
            for axis, stride in enumerate(in_plane):
                plane = _stretched(plane, stride, axis)
            refined[k] = plane[: refined.shape[1], : refined.shape[2]]
        return refined

    def _stride(self, step_mm: float) -> list[int]:
        return [2 if 2 * step <= step_mm else 1 for step in self.spacing_mm]

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


def add_bar(
    canvas: Canvas,
    field: Distance,
    path_mm: Floats,
    *,
    radius_mm: float,
    half_height_mm: float,
    up: ArrayLike = (0, 0, 1),
) -> None:
    """Take the lesser of `field` and the distance to a flat bar along a path, such as a rib.

    Args:
        canvas: Of the field.
        field: Distances, changed in place; right up to 2 mm outside.
        path_mm: Points (n, 3), LPS.
        radius_mm: Half the bar's thickness; its edges are round.
        half_height_mm: Half its height, along `up`, more than the radius.
        up: Unit vector along the bar's height.
    """
    reach = np.float32(radius_mm + 2) + np.abs(np.asarray(up)) * half_height_mm
    rise, radius = np.float32(half_height_mm - radius_mm), np.float32(radius_mm)
    ux, uy, uz = np.asarray(up, np.float32)
    for start, end in itertools.pairwise(path_mm):
        box = canvas.box(np.minimum(start, end) - reach, np.maximum(start, end) + reach)
        x, y, z = (a - np.float32(s) for a, s in zip(canvas.within(box), start, strict=True))
        dx, dy, dz = (end - start).astype(np.float32)
        along = (x * dx + y * dy + z * dz) / max(dx * dx + dy * dy + dz * dz, np.float32(1e-6))
        np.clip(along, 0, 1, out=along)
        x, y, z = x - along * dx, y - along * dy, z - along * dz
        above = np.clip(x * ux + y * uy + z * uz, -rise, rise)
        x, y, z = x - above * ux, y - above * uy, z - above * uz
        apart = np.sqrt(x * x + y * y + z * z)
        apart -= radius
        np.minimum(field[box], apart, out=field[box])


def _stretched(plane: Distance, stride: int, axis: int) -> Distance:
    """Rows or columns with their middles between them, if the stride is two."""
    if stride == 1:
        return plane
    ends = np.moveaxis(plane, axis, 0)
    wide = np.empty((2 * len(ends) - 1, ends.shape[1]), np.float32)
    wide[::2] = ends
    np.add(ends[:-1], ends[1:], out=wide[1::2])
    wide[1::2] *= np.float32(0.5)
    return np.moveaxis(wide, 0, axis)


def spline(points_mm: ArrayLike, step_mm: float = 5.0) -> Floats:
    """A smooth path through points, sampled about every `step_mm`; (n, 3)."""
    points = np.asarray(points_mm, float)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(lengths)])
    along = np.linspace(0, at[-1], max(int(at[-1] / step_mm) + 1, 2))
    path: Floats = _parabola(at, points, along) if len(at) == 3 else CubicSpline(at, points)(along)
    return path


def _parabola(at: Floats, points: Floats, along: Floats) -> Floats:
    """What a cubic spline makes of three points, without a system of equations to solve."""
    first, second = np.diff(points, axis=0) / np.diff(at)[:, None]
    bend = (second - first) / (at[2] - at[0])
    off = along[:, None]
    path: Floats = points[0] + off * first + off * (off - at[1]) * bend
    return path


@functools.lru_cache(maxsize=64)
def _monotone(heights_mm: tuple[float, ...], values: tuple[float, ...]) -> PchipInterpolator:
    return PchipInterpolator(heights_mm, values)


def profile(heights_mm: ArrayLike, values: ArrayLike, at_mm: NDArray[np.floating]) -> Distance:
    """Values at other heights, without overshoot; constant beyond the ends."""
    heights = np.asarray(heights_mm, float)
    curve = _monotone(tuple(heights.tolist()), tuple(np.asarray(values, float).tolist()))
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


def mottle(
    canvas: Canvas, random: np.random.Generator, grain_mm: float, box: Box = EVERYWHERE
) -> Distance:
    """Random unevenness of about unit size on a box of the canvas, smooth over `grain_mm`.

    Linear between knots that are fixed in the body: the same on a coarse and on a fine grid.
    """
    shape = [int(2 * reach / grain_mm) + 2 for reach in MOTTLE_REACH_MM]
    values = random.standard_normal(shape, np.float32)
    lows, rests = [], []
    for axis, reach_mm, n in zip(canvas.within(box)[::-1], MOTTLE_REACH_MM, shape, strict=True):
        place = np.clip((axis.ravel() + reach_mm) / grain_mm, 0, n - 1.001)
        lows.append(place.astype(np.intp))
        rests.append((place - lows[-1]).astype(np.float32))
    uneven: Distance = np.empty([len(low) for low in lows], np.float32)
    for k, (low, rest) in enumerate(zip(lows[0], rests[0], strict=True)):
        plane = values[low] + rest * (values[low + 1] - values[low])
        plane = plane[lows[1]] + rests[1][:, None] * (plane[lows[1] + 1] - plane[lows[1]])
        across = plane[:, lows[2]]
        across += rests[2] * (plane[:, lows[2] + 1] - across)
        uneven[k] = across
    return uneven


def mirrored(points_mm: ArrayLike, side: int) -> Floats:
    """The same points on the patient's left (side 1) or right (side -1)."""
    points: Floats = np.asarray(points_mm, float) * (side, 1, 1)
    return points
