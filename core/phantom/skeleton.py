"""Spine, ribs, costal cartilage, sternum, collar bones, shoulder blades and upper arms.

Lengths and places are those of an average adult, set by eye beside real scans.
"""

from dataclasses import dataclass

import numpy as np

from core.geometry import Floats
from core.phantom.shapes import Canvas, Distance, mirrored, profile, spline

CORTEX_HU, MARROW_HU, CARTILAGE_HU, DISC_HU, CORD_HU = 800.0, 190.0, 95.0, 80.0, 25.0
CORTEX_MM = 1.9
FIRST_VERTEBRA_Z_MM, VERTEBRA_STEP_MM, DISC_MM = 114.0, 22.0, 5.0
RIB_COUNT = 12

# Height above the middle of the scan, and the inner wall of the chest there (LPS mm).
HEIGHTS_MM = (-165, -130, -90, -50, 0, 40, 75, 100, 118, 130)
CAGE_FRONT_MM = (-88, -92, -97, -99, -95, -82, -58, -30, -6, 12)
CAGE_BACK_MM = (80, 85, 89, 91, 90, 87, 80, 70, 58, 45)
CAGE_HALF_WIDTH_MM = (130, 133, 136, 135, 129, 118, 97, 76, 55, 26)
SPINE_Y_MM = (34, 39, 44, 48, 50, 48, 44, 40, 36, 33)


def cage(z_mm: Floats | Distance) -> tuple[Distance, Distance, Distance]:
    """Centre in y, half depth and half width of the inner chest wall at some heights."""
    front, back = (profile(HEIGHTS_MM, wall, z_mm) for wall in (CAGE_FRONT_MM, CAGE_BACK_MM))
    return (front + back) / 2, (back - front) / 2, profile(HEIGHTS_MM, CAGE_HALF_WIDTH_MM, z_mm)


def spine_y(z_mm: Floats | Distance) -> Distance:
    """LPS y of the middle of the vertebral bodies: the curve of the thoracic spine."""
    return profile(HEIGHTS_MM, SPINE_Y_MM, z_mm)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Distances (mm) to everything hard; see `paint_skeleton`."""

    bone: Distance
    disc: Distance
    cartilage: Distance
    cord: Distance


def build_skeleton(canvas: Canvas) -> Skeleton:
    """Distances to the skeleton on the canvas's grid; nothing is painted yet."""
    skeleton = Skeleton(*(canvas.distances() for _ in range(4)))
    _add_spine(canvas, skeleton)
    for side in (-1, 1):
        for rib in range(RIB_COUNT):
            _add_rib(canvas, skeleton, rib, side)
        _add_shoulder(canvas, skeleton.bone, side)
    _add_sternum(canvas, skeleton.bone)
    return skeleton


def paint_skeleton(canvas: Canvas, skeleton: Skeleton) -> None:
    """Paint cartilage, discs, compact bone, spongy bone and the spinal cord, in this order."""
    canvas.paint(skeleton.cartilage, CARTILAGE_HU)
    canvas.paint(skeleton.disc, DISC_HU)
    canvas.paint(skeleton.bone, CORTEX_HU)
    canvas.paint(skeleton.bone + np.float32(CORTEX_MM), MARROW_HU)
    canvas.paint(skeleton.cord, CORD_HU)


def _add_spine(canvas: Canvas, skeleton: Skeleton) -> None:
    low_z, high_z = float(canvas.z.min()), float(canvas.z.max())
    box = canvas.box((-28, -10, low_z), (28, 90, high_z))
    x, y, z = canvas.within(box)
    centre_y = spine_y(z)
    phase = (z - FIRST_VERTEBRA_Z_MM) / VERTEBRA_STEP_MM
    from_middle_mm = np.abs(phase - np.rint(phase)) * VERTEBRA_STEP_MM
    width = profile((-165, 130), (23, 16), z) * (0.88 + 0.0015 * from_middle_mm**2)
    depth = width * np.float32(0.78)
    round_body = np.sqrt((x / width) ** 2 + ((y - centre_y) / depth) ** 2)
    column = (round_body - 1) * depth
    skeleton.disc[box] = column + 1
    flat = 2 * from_middle_mm - (VERTEBRA_STEP_MM - DISC_MM)  # end plates are half as thick
    skeleton.bone[box] = np.maximum(column, flat)
    skeleton.cord[box] = np.hypot(x / 9.5, (y - centre_y - 23) / 8) * 8 - 8
    for k in range(-3, RIB_COUNT + 3):
        _add_arch(canvas, skeleton.bone, FIRST_VERTEBRA_Z_MM - k * VERTEBRA_STEP_MM)


def _add_arch(canvas: Canvas, bone: Distance, z_mm: float) -> None:
    """Pedicles, laminae, transverse and spinous processes of one vertebra."""
    y = float(spine_y(np.array(z_mm)))
    for side in (-1, 1):
        ring = [(10, y + 9, z_mm + 4), (13, y + 24, z_mm + 2), (8, y + 31, z_mm - 3)]
        ring.append((0, y + 36, z_mm - 5))
        canvas.add_tube(bone, mirrored(ring, side), (4.0, 4.2, 3.8, 3.6))
        wing = [(13, y + 24, z_mm + 2), (33, y + 33, z_mm + 5)]
        canvas.add_tube(bone, mirrored(wing, side), (4.5, 4.0))
    tip = np.array([(0, y + 36, z_mm - 5), (0, y + 48, z_mm - 16), (0, y + 56, z_mm - 26)], float)
    canvas.add_tube(bone, tip, (3.8, 3.2, 3.4))


def _rib_path(rib: int, side: int) -> Floats:
    """From the head at the spine, round the chest wall and down, to the front end."""
    head_z = FIRST_VERTEBRA_Z_MM + 8 - rib * VERTEBRA_STEP_MM
    drop_mm = np.interp(rib, (0, 2, 6, 11), (20, 44, 68, 50))
    end = np.pi * np.interp(rib, (0, 1, 5, 7, 9, 10, 11), (0.86, 0.82, 0.8, 0.74, 0.62, 0.5, 0.36))
    angle = np.linspace(0.3, end, 36)
    z = head_z - drop_mm * (1 - np.cos(angle)) / 2
    centre_y, half_depth, half_width = cage(z)
    x = (half_width + 6) * np.sin(angle) ** 0.8
    y = centre_y + (half_depth + 6) * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8
    spine = float(spine_y(np.array(head_z)))
    neck = np.array([(17, spine + 10, head_z), (34, spine + 32, head_z + 1)])
    wall = np.stack([x, y, z], axis=1)[np.flatnonzero(x > 42)]
    return mirrored(spline(np.concatenate([neck, wall]), 6.0), side)


def _add_rib(canvas: Canvas, skeleton: Skeleton, rib: int, side: int) -> None:
    path = _rib_path(rib, side)
    for shift_mm in (-2.6, 2.6):  # two round bars make one that is taller than thick
        canvas.add_tube(skeleton.bone, path + np.array((0, 0, shift_mm)), 4.2)
    if rib < 10:
        end = path[-1]
        meets_z = max(74 - 17 * rib, -46)
        centre_y, half_depth, _ = cage(np.array(meets_z))
        meets = np.array((side * 19, centre_y - half_depth - 6, meets_z))
        bulge_mm = 0.11 * float(np.linalg.norm(end - meets))
        middle = (end + meets) / 2 - (0, 2 + bulge_mm, bulge_mm / 2)
        canvas.add_tube(skeleton.cartilage, spline([end, middle, meets]), 5.5)


def _add_sternum(canvas: Canvas, bone: Distance) -> None:
    box = canvas.box((-36, -125, -60), (36, -30, 90))
    x, y, z = canvas.within(box)
    centre_y, half_depth, _ = cage(z)
    width = profile((-58, -45, 30, 48, 54, 62, 80), (5, 18, 15, 14, 20, 27, 28), z)
    flat = np.hypot(x / width, (y - (centre_y - half_depth - 7)) / 6) * 6 - 6
    # A hair's breadth of gristle between the handle and the body of the breastbone.
    ends = np.maximum(np.maximum(z - 82, -58 - z), 1.5 - np.abs(z - 51))
    np.minimum(bone[box], np.maximum(flat, ends), out=bone[box])


def _add_shoulder(canvas: Canvas, bone: Distance, side: int) -> None:
    """Collar bone, shoulder blade with its spine, head and shaft of the raised upper arm."""
    collar = [(24, -58, 84), (60, -52, 104), (100, -18, 122), (132, 16, 128)]
    canvas.add_tube(bone, spline(mirrored(collar, side)), 5.8)
    normal = np.array((0.45, 0.87, 0.2)) / np.linalg.norm((0.45, 0.87, 0.2))
    down = np.array((-0.25, 0.34, -0.9))
    down -= normal * (down @ normal)
    down /= np.linalg.norm(down)
    axes = np.stack([normal, down, np.cross(normal, down)]) * (side, 1, 1)
    box, blade = canvas.ellipsoid((side * 103, 74, 66), (4.2, 66, 40), axes=axes)
    np.minimum(bone[box], blade, out=bone[box])
    ridge = [(76, 98, 92), (108, 88, 104), (138, 52, 122), (134, 22, 130)]
    canvas.add_tube(bone, spline(mirrored(ridge, side)), 5.0)
    rim = [(110, 66, 92), (122, 46, 108), (128, 34, 116)]
    canvas.add_tube(bone, spline(mirrored(rim, side)), 8.0)
    arm = [(142, 24, 122), (150, 14, 150), (156, 6, 180)]
    canvas.add_tube(bone, mirrored(arm, side), (21, 14, 11))
