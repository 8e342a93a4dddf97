"""The heart: four chambers with their walls, turned and enlarged with the person.

Each chamber is an ellipsoid of the reference thorax (LPS mm), set by eye beside real scans. An
enlarged heart grows to the left, to the back and towards the feet, where a chest has room; its
ventricles grow more than its atria.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from core.geometry import Floats
from core.phantom.cage import Cage
from core.phantom.frame import scale
from core.phantom.shapes import Canvas, Distance, blended, oval
from core.phantom.subject import Subject

MYOCARDIUM_HU, BLOOD_HU = 49.0, 41.0
BLOOD_SPREAD_HU = 2.5
"""Blood is darker the fewer cells it holds; the wall of the heart stays."""

PIVOT_MM = np.array((0.0, -40.0, -15.0))
"""Where the great vessels hold the heart: it turns and grows about this point."""

GROWTH = np.array((1.0, 0.8, 0.6))
"""Share of the growth of the heart that moves its chambers apart along x, y and z."""

ATRIAL_GROWTH = 0.7
LIFT_FROM_MM, LIFT_WHOLE_MM = 70.0, -60.0
"""A raised diaphragm lifts the heart wholly and the arch of the aorta not at all."""

TENDON_SHARE, TILT_DEGREES_PER_MM = 0.5, 0.25
"""The tendon under the heart rises half as far as the domes; the heart lies down on it."""

FILLET_MM = 12.0
"""Rounds the meeting of the two ventricles, which muscle fills."""

CHEST_WALL_MM = 2.5
"""Between the heart and the inner wall of the chest."""


class Chamber(StrEnum):
    """Of the heart, with the ears of its atria."""

    LEFT_VENTRICLE = "left ventricle"
    RIGHT_VENTRICLE = "right ventricle"
    OUTFLOW = "outflow of the right ventricle"
    RIGHT_ATRIUM = "right atrium"
    LEFT_ATRIUM = "left atrium"
    RIGHT_EAR = "right auricle"
    LEFT_EAR = "left auricle"


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """A chamber where it lies in one person, in the frame of the reference thorax.

    Attributes:
        centre_mm: LPS.
        radii_mm: Outer, along each of the axes.
        axes: (3, 3); row k is the unit vector of radius k.
        wall_mm: Thickness of its wall.
    """

    centre_mm: Floats
    radii_mm: Floats
    axes: Floats
    wall_mm: float

    def distance(self, points_mm: Floats) -> Floats:
        """First-order distance (mm) of points (..., 3), negative inside."""
        along: Floats = (points_mm - self.centre_mm) @ self.axes.T / self.radii_mm
        near = np.sqrt((along**2).sum(-1) + 1e-9)
        steep = np.sqrt(((along / self.radii_mm) ** 2).sum(-1) + 1e-12)
        distance: Floats = near * (near - 1) / steep
        return distance


_APEX, _RIGHT_APEX = (0.74, -0.48, -0.47), (0.82, -0.20, -0.54)
_UPRIGHT = (0.0, 0.0, 1.0)

# Centre, direction of the first radius, outer radii (along it, towards the front, across), wall.
_REFERENCE: dict[Chamber, tuple[ArrayLike, ArrayLike, ArrayLike, float]] = {
    Chamber.LEFT_VENTRICLE: ((38, -34, -63), _APEX, (53, 34, 35), 9.5),
    Chamber.RIGHT_VENTRICLE: ((17, -56, -62), _RIGHT_APEX, (45, 27, 33), 4.0),
    Chamber.OUTFLOW: ((17, -61, -33), (0.05, 0.35, 1.0), (24, 17, 18), 4.0),
    Chamber.RIGHT_ATRIUM: ((-19, -31, -50), _UPRIGHT, (33, 27, 23), 2.5),
    Chamber.LEFT_ATRIUM: ((9, -3, -27), (1.0, 0.0, 0.1), (34, 16, 22), 2.5),
    Chamber.RIGHT_EAR: ((-21, -49, -24), (0.5, -0.6, 0.5), (17, 10, 12), 2.0),
    Chamber.LEFT_EAR: ((42, -23, -14), (0.4, -0.8, 0.1), (17, 8, 12), 2.0),
}

VENTRICLES = (Chamber.LEFT_VENTRICLE, Chamber.RIGHT_VENTRICLE, Chamber.OUTFLOW)


@dataclass(frozen=True, eq=False)
class Placement:
    """How one person's heart lies beside the reference: grown, turned and lifted.

    Attributes:
        growth: Linear size of the heart.
        turn: Rotation matrix about `PIVOT_MM`.
        lift_mm: Of the tendon under the heart, in the frame of the reference thorax.
    """

    growth: float
    turn: Floats
    lift_mm: float

    def points(self, reference_mm: ArrayLike) -> Floats:
        """Points (..., 3) of the reference heart where they lie in this person."""
        away = np.asarray(reference_mm, float) - PIVOT_MM
        placed: Floats = PIVOT_MM + (away * (1 + (self.growth - 1) * GROWTH)) @ self.turn.T
        height = (LIFT_FROM_MM - placed[..., 2]) / (LIFT_FROM_MM - LIFT_WHOLE_MM)
        placed[..., 2] += self.lift_mm * np.clip(height, 0, 1)
        return placed


def placement(subject: Subject) -> Placement:
    """Of the heart of a person."""
    build = subject.build
    turn = np.radians(build.heart_turn_degrees)
    tilt = np.radians(TILT_DEGREES_PER_MM * build.diaphragm_mm)
    to_the_left = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    lying_down = np.array(
        [[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0], [np.sin(tilt), 0, np.cos(tilt)]]
    )
    lift_mm = TENDON_SHARE * build.diaphragm_mm / scale(build)[2]
    return Placement(subject.diseases.heart_scale, to_the_left @ lying_down, float(lift_mm))


def chambers(subject: Subject) -> dict[Chamber, Ellipsoid]:
    """The chambers of a person's heart, in the frame of the reference thorax."""
    placed = placement(subject)
    found = {}
    for chamber, (centre, long, radii, wall_mm) in _REFERENCE.items():
        share = 1.0 if chamber in VENTRICLES else ATRIAL_GROWTH
        size = 1 + share * (placed.growth - 1)
        axes = _axes(long) @ placed.turn.T
        found[chamber] = Ellipsoid(
            placed.points(centre), size * np.asarray(radii, float), axes, wall_mm
        )
    return found


def _axes(long: ArrayLike) -> Floats:
    """Rows: a direction, what is nearest to the front at right angles to it, and their cross."""
    first = np.asarray(long, float) / np.linalg.norm(long)
    front = np.array((0.0, -1.0, 0.0)) - first * -first[1]
    front /= np.linalg.norm(front)
    axes: Floats = np.stack([first, front, np.cross(first, front)])
    return axes


def distance_at(points_mm: Floats, heart: dict[Chamber, Ellipsoid]) -> Floats:
    """Distance (mm) of points (..., 3) to the nearest chamber, negative inside."""
    nearest: Floats = np.min([each.distance(points_mm) for each in heart.values()], axis=0)
    return nearest


def add_heart(
    canvas: Canvas,
    field: Distance,
    heart: dict[Chamber, Ellipsoid],
    *,
    cage: Cage,
    margin_mm: float,
) -> None:
    """Take the lesser of `field` and the distance to the heart, which ends at the chest's wall.

    Args:
        canvas: Where it will be painted.
        field: Distances (mm), changed in place.
        heart: Of `chambers`.
        cage: The person's inner chest wall.
        margin_mm: How far outside the heart its distance is needed.
    """
    body = canvas.distances()
    for chamber, each in heart.items():
        box, distance = canvas.ellipsoid(
            each.centre_mm, each.radii_mm, axes=each.axes, margin_mm=margin_mm
        )
        fillet_mm = FILLET_MM if chamber in VENTRICLES else 2.0
        body[box] = blended(body[box], distance, fillet_mm)
    inside = canvas.box(*_reach(heart, margin_mm))
    x, y, z = canvas.within(inside)
    centre_y, half_depth, half_width = cage.walls(z)
    wall = oval(x, y - centre_y, half_width, half_depth) + np.float32(CHEST_WALL_MM)
    np.maximum(body[inside], wall, out=body[inside])
    np.minimum(field[inside], body[inside], out=field[inside])


def _reach(heart: dict[Chamber, Ellipsoid], margin_mm: float) -> tuple[Floats, Floats]:
    """Two corners of the box that holds the heart and a margin."""
    reach = [
        np.sqrt(((each.axes * each.radii_mm[:, None]) ** 2).sum(0)) + margin_mm
        for each in heart.values()
    ]
    centres = [each.centre_mm for each in heart.values()]
    return (
        np.min(np.subtract(centres, reach), axis=0),
        np.max(np.add(centres, reach), axis=0),
    )


def blood_hu(subject: Subject) -> float:
    """Of a person's blood, unenhanced."""
    off = np.clip(subject.random("blood").standard_normal(), -2, 2)
    return BLOOD_HU + BLOOD_SPREAD_HU * float(off)


def paint_heart(
    canvas: Canvas, distance: Distance, heart: dict[Chamber, Ellipsoid], blood: float
) -> None:
    """Paint the muscle of the heart, then the blood in its chambers.

    Args:
        canvas: Painted in place.
        distance: Of `add_heart`.
        heart: Of `chambers`.
        blood: HU.
    """
    canvas.paint(distance, MYOCARDIUM_HU)
    for each in heart.values():
        box, cavity = canvas.ellipsoid(
            each.centre_mm, each.radii_mm - each.wall_mm, axes=each.axes, margin_mm=2.0
        )
        canvas.paint(np.maximum(cavity, distance[box] + np.float32(each.wall_mm)), blood, box)
