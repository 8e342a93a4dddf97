"""Twelve pairs of ribs round the cage, their cartilage, and the breastbone."""

from dataclasses import dataclass

import numpy as np

from core.geometry import Floats
from core.phantom.cage import Cage
from core.phantom.shapes import Canvas, Distance, add_bar, mirrored, oval, profile, spline
from core.phantom.spine import vertebra_step, vertebra_z
from core.phantom.subject import Subject

RIB_COUNT, LAST_CARTILAGE = 12, 9
HALF_THICKNESS_MM, HALF_HEIGHT_MM, OFF_WALL_MM = 3.4, 6.0, 5.5
"""Of a rib; how far its middle lies outside the inner chest wall."""

CARTILAGE_OFF_WALL_MM = 7.0
"""The middle of the cartilage lies no further outside the inner chest wall."""

STERNUM_TOP_Z_MM, STERNUM_LOW_Z_MM, ANGLE_Z_MM = 82.0, -58.0, 51.0
"""Of the breastbone; the gap between its handle and its body."""


@dataclass(frozen=True)
class RibCourse:
    """How one person's ribs run.

    Attributes:
        step_mm: From one vertebra to the next.
        slope: How steeply the ribs fall against the reference's.
        last: Length of the floating ribs against the reference's.
    """

    step_mm: float
    slope: float
    last: float


def rib_course(subject: Subject) -> RibCourse:
    """Drawn from the subject's own stream."""
    slope, last = np.clip(subject.random("ribs").normal(1, (0.07, 0.15)), 0.7, 1.3)
    return RibCourse(vertebra_step(subject), float(slope), float(last))


def rib_path(rib: int, side: int, cage: Cage, course: RibCourse) -> Floats:
    """From the head at the spine, round the chest wall and down, to the front end.

    Args:
        rib: From 0 at the top.
        side: 1 on the patient's left, -1 on the right.
        cage: The inner chest wall.
        course: Of this person.

    Returns:
        LPS mm (n, 3).
    """
    head_z = vertebra_z(rib, course.step_mm) + 8
    drop_mm = course.slope * np.interp(rib, (0, 2, 6, 9, 11), (38, 72, 112, 96, 62))
    end = np.pi * np.interp(rib, (0, 1, 5, 7, 9, 10, 11), (0.86, 0.82, 0.8, 0.74, 0.62, 0.5, 0.36))
    if rib > LAST_CARTILAGE:
        end *= course.last
    angle = np.linspace(0.3, end, 36)
    z = head_z - drop_mm * (1 - np.cos(angle)) / 2
    centre_y, half_depth, half_width = cage.walls(z)
    x = (half_width + OFF_WALL_MM) * np.sin(angle) ** 0.8
    along = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8
    y = centre_y + (half_depth + OFF_WALL_MM) * along
    spine = float(cage.spine_y(np.array(head_z)))
    neck = np.array([(17, spine + 10, head_z), (34, spine + 32, head_z + 1)])
    wall = np.stack([x, y, z], axis=1)[np.flatnonzero(x > 42)]
    return mirrored(spline(np.concatenate([neck, wall]), 8.0), side)


def add_ribs(
    canvas: Canvas, bone: Distance, cartilage: Distance, cage: Cage, subject: Subject
) -> None:
    """Take the lesser of both fields and the distances to ribs and to their cartilage."""
    course = rib_course(subject)
    for side in (-1, 1):
        for rib in range(RIB_COUNT):
            path = rib_path(rib, side, cage, course)
            height = HALF_HEIGHT_MM * (0.75 if rib in (0, RIB_COUNT - 1) else 1)
            add_bar(canvas, bone, path, radius_mm=HALF_THICKNESS_MM, half_height_mm=height)
            if rib <= LAST_CARTILAGE:
                _add_cartilage(canvas, cartilage, path[-1], rib, cage)


def _add_cartilage(canvas: Canvas, cartilage: Distance, end: Floats, rib: int, cage: Cage) -> None:
    meets_z = max(74 - 17 * rib, -46)
    centre_y, half_depth, _ = cage.walls(np.array(meets_z))
    meets = np.array((np.sign(end[0]) * 19, centre_y - half_depth - 6, meets_z))
    bulge_mm = 0.11 * float(np.linalg.norm(end - meets))
    middle = (end + meets) / 2 - (0, 2 + bulge_mm, bulge_mm / 2)
    path = spline([end, middle, meets])
    centre_y, half_depth, half_width = cage.walls(path[:, 2])
    off_mm = oval(path[:, 0], path[:, 1] - centre_y, half_width, half_depth)
    path[:, 1] += np.maximum(off_mm - CARTILAGE_OFF_WALL_MM, 0)
    canvas.add_tube(cartilage, path, 5.3)


def add_sternum(canvas: Canvas, bone: Distance, cage: Cage) -> None:
    """Take the lesser of the field and the distance to the breastbone."""
    box = canvas.box((-36, -130, -62), (36, -30, 90))
    x, y, z = canvas.within(box)
    centre_y, half_depth, _ = cage.walls(z)
    width = profile((-58, -45, 30, 48, 54, 62, 80), (5, 17, 14, 13, 20, 26, 26), z)
    flat = np.hypot(x / width, (y - (centre_y - half_depth - 7)) / 5.5) * 5.5 - 5.5
    # A hair's breadth of gristle between the handle and the body of the breastbone.
    ends = np.maximum(z - STERNUM_TOP_Z_MM, STERNUM_LOW_Z_MM - z)
    ends = np.maximum(ends, 1.5 - np.abs(z - ANGLE_Z_MM))
    np.minimum(bone[box], np.maximum(flat, ends), out=bone[box])
