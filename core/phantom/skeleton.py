"""Everything hard: spine, ribs and breastbone, collar bones, shoulder blades, upper arms.

Lengths and places are those of an average adult, set by eye beside real scans.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.phantom.cage import Cage
from core.phantom.ribs import add_ribs, add_sternum
from core.phantom.shapes import Canvas, Distance, mirrored, mottle, spline
from core.phantom.spine import Spine, build_spine, paint_spine
from core.phantom.subject import Subject

CORTEX_HU, CORTEX_MM, CARTILAGE_HU, CALCIFIED_HU = 640.0, 1.05, 95.0, 300.0
MARROW_HU, MARROW_FOLLOWS = 120.0, 0.5
"""Spongy bone of ribs and shoulders, and how far it follows that of the vertebrae."""

USUAL_VERTEBRAL_HU = 160.0
CALCIFIES_FROM_YEARS, CALCIFIES_YEARS = 45.0, 70.0
"""Age at which costal cartilage begins to calcify, and the years it takes to be stony."""

COLLAR_BONE = ((24, -58, 84), (60, -52, 104), (100, -18, 122), (132, 16, 128))
BLADE_SPINE = ((76, 98, 92), (108, 88, 104), (138, 52, 122), (134, 22, 130))
BLADE_RIM = ((116, 58, 84), (122, 46, 104), (128, 34, 116))
UPPER_ARM = ((142, 24, 122), (150, 14, 150), (156, 6, 180))


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Distances (mm) on the canvas's grid to everything hard but the spine, and the spine.

    Attributes:
        bone: Ribs, breastbone and shoulders.
        cartilage: Between ribs and breastbone.
        spine: On its own box.
    """

    bone: Distance
    cartilage: Distance
    spine: Spine


def build_skeleton(canvas: Canvas, cage: Cage, subject: Subject) -> Skeleton:
    """Shape the skeleton of a person; nothing is painted yet."""
    bone, cartilage = canvas.distances(), canvas.distances()
    add_ribs(canvas, bone, cartilage, cage, subject)
    add_sternum(canvas, bone, cage)
    for side in (-1, 1):
        _add_shoulder(canvas, bone, side)
    return Skeleton(bone, cartilage, build_spine(canvas, cage, subject))


def paint_skeleton(canvas: Canvas, skeleton: Skeleton, subject: Subject) -> NDArray[np.bool_]:
    """Paint cartilage, bones and the spine, in this order.

    Returns:
        Where the spongy bone of the vertebral bodies lies, on the canvas's grid.
    """
    _paint_cartilage(canvas, skeleton.cartilage, subject)
    off = subject.diseases.vertebral_hu - USUAL_VERTEBRAL_HU
    canvas.paint(skeleton.bone, CORTEX_HU)
    canvas.paint(skeleton.bone, MARROW_HU + MARROW_FOLLOWS * off, inset_mm=CORTEX_MM)
    return paint_spine(canvas, skeleton.spine, subject)


def _paint_cartilage(canvas: Canvas, cartilage: Distance, subject: Subject) -> None:
    """Costal cartilage, stony in patches near its surface in the old."""
    low_z, high_z = float(canvas.z.min()), float(canvas.z.max())
    box = canvas.box((-130, -140, low_z), (130, 0, high_z))
    canvas.paint(cartilage[box], CARTILAGE_HU, box)
    share = (subject.age_years - CALCIFIES_FROM_YEARS) / CALCIFIES_YEARS
    if share > 0:
        patches = np.float32(3.0 * (1.2 - 2.2 * share)) - 3 * mottle(
            canvas, subject.random("costal cartilage"), 6.0, box
        )
        rim = np.abs(cartilage[box] + np.float32(1.5)) - np.float32(1.2)
        canvas.paint(np.maximum(rim, patches), CALCIFIED_HU, box)


def _add_shoulder(canvas: Canvas, bone: Distance, side: int) -> None:
    """Collar bone, shoulder blade with its spine, head and shaft of the raised upper arm."""
    canvas.add_tube(bone, spline(mirrored(COLLAR_BONE, side)), 5.6)
    normal = np.array((0.45, 0.87, 0.2)) / np.linalg.norm((0.45, 0.87, 0.2))
    down = np.array((-0.25, 0.34, -0.9))
    down -= normal * (down @ normal)
    down /= np.linalg.norm(down)
    axes = np.stack([normal, down, np.cross(normal, down)]) * (side, 1, 1)
    box, blade = canvas.ellipsoid((side * 103, 74, 66), (3.6, 66, 40), axes=axes)
    np.minimum(bone[box], blade, out=bone[box])
    canvas.add_tube(bone, spline(mirrored(BLADE_SPINE, side)), 4.4)
    canvas.add_tube(bone, mirrored(BLADE_RIM, side), (5.0, 6.5, 8.0))
    canvas.add_tube(bone, mirrored(UPPER_ARM, side), (21, 14, 11))
