"""Bones of a chest: the spine, and all others (ribs, breastbone, shoulder blades, collar bones)."""

import cc3d
import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.preprocessing.solids import (
    Booleans,
    Spacing,
    box_of,
    closed,
    grown_in_plane,
    shrunk_in_plane,
    widened,
    without_holes,
)
from core.preprocessing.spine_axis import spine_zone

BONE_ABOVE_HU, SURELY_ABOVE_HU = 150, 250
"""Hysteresis: what is denser than the lower bound is bone where it hangs on the higher one."""
HEART_AHEAD_MM = 50.0
"""From the spine's axis: the heart lies further in front."""
BLOOD_QUANTILE, ABOVE_BLOOD_HU = 0.9, 60.0
"""Between the lungs bone is denser than enhanced blood by at least this."""
LEAST_BONE_MM3 = 1000.0
"""Smaller dense parts are calcium, clips and cables."""
LARGEST_HOLE_MM2 = 1500.0
"""Marrow in a slice: the head of the upper arm is about 45 mm wide. Larger holes are none: ribs,
breastbone and spine enclose a whole chest."""
BREASTBONE_DEPTH_MM, BREASTBONE_HALF_WIDTH_MM = 28.0, 45.0
"""How far the breastbone may dip into the hull of the lungs."""
CANAL_RADIUS_MM = 9.0
"""Gaps of the spine up to this are closed: marrow no denser than muscle, discs, the canal."""


def find_bones(
    hu: NDArray[np.int16], tissue: Booleans, hull: Booleans, axis: Floats, spacing_mm: Spacing
) -> tuple[Booleans, Booleans]:
    """The spine (with discs and the spinal canal), and all other bones with their marrow.

    Between the lungs only the spine, ribs beside it and the breastbone are bone: contrast and
    calcium of heart and vessels are not. Contrast in the vessels of arm and neck, and metal outside
    the lungs, cannot be told from bone.

    Args:
        hu: Means of blocks (slice, row, column).
        tissue: True in the body, but not in lungs and airways.
        hull: The joint hull of the lungs.
        axis: (row, column) of the vertebral column in every slice.
        spacing_mm: Of the blocks.
    """
    behind_mm = (np.arange(hull.shape[1]) - axis[:, :1]) * spacing_mm[1]
    heart_room = hull & tissue & (behind_mm < -HEART_AHEAD_MM)[:, :, None]
    zone = spine_zone(axis, hu.shape, spacing_mm)
    may_be_bone = ~hull | zone | _behind_breastbone(hull, axis, spacing_mm)
    may_be_bone |= (behind_mm > 0)[:, :, None]  # ribs, no vessels
    may_be_bone &= tissue
    dense = _dense_enough(hu, hull, _densest_blood_hu(hu, heart_room))
    bones = _with_marrow(_large_and_dense(hu, dense & may_be_bone, spacing_mm), spacing_mm)
    bones &= may_be_bone
    spine = _spine(bones, zone, spacing_mm) & tissue
    return spine, bones & ~spine


def _densest_blood_hu(hu: NDArray[np.int16], heart_room: Booleans) -> float:
    """HU that a tenth of what is denser than water exceeds where the heart must lie; 0 if none."""
    dense = hu[heart_room & (hu > 0)]
    return float(np.quantile(dense, BLOOD_QUANTILE)) if dense.size else 0.0


def _dense_enough(hu: NDArray[np.int16], hull: Booleans, blood_hu: float) -> Booleans:
    """True where the HU allows for bone: between the lungs it must exceed that of blood."""
    inner_hu = max(BONE_ABOVE_HU, blood_hu + ABOVE_BLOOD_HU)
    return (hu > BONE_ABOVE_HU) & (~hull | (hu > inner_hu))


def _behind_breastbone(hull: Booleans, axis: Floats, spacing_mm: Spacing) -> Booleans:
    """The strip of the hull of the lungs into which the breastbone may dip."""
    first = hull.any(axis=2).argmax(axis=1)
    depth_mm = (np.arange(hull.shape[1]) - first[:, None]) * spacing_mm[1]
    aside_mm = np.abs(np.arange(hull.shape[2]) - axis[:, 1:]) * spacing_mm[2]
    front = (depth_mm < BREASTBONE_DEPTH_MM)[:, :, None]
    strip: Booleans = hull & front & (aside_mm < BREASTBONE_HALF_WIDTH_MM)[:, None]
    return strip


def _large_and_dense(hu: NDArray[np.int16], dense: Booleans, spacing_mm: Spacing) -> Booleans:
    """The parts that are large enough and somewhere as dense as bone alone is."""
    labels = cc3d.connected_components(dense, connectivity=18)
    is_bone = np.zeros(int(labels.max()) + 1, dtype=np.bool_)
    is_bone[labels[hu > SURELY_ABOVE_HU]] = True
    is_bone &= np.bincount(labels.ravel()) >= LEAST_BONE_MM3 / np.prod(spacing_mm)
    is_bone[0] = False
    bones: Booleans = is_bone[labels]
    return bones


def _with_marrow(bones: Booleans, spacing_mm: Spacing) -> Booleans:
    """Bones with what they enclose in a slice, across cracks of two blocks."""
    largest_hole = int(LARGEST_HOLE_MM2 / (spacing_mm[1] * spacing_mm[2]))
    return bones | shrunk_in_plane(without_holes(grown_in_plane(bones), largest_hole))


def _spine(bones: Booleans, zone: Booleans, spacing_mm: Spacing) -> Booleans:
    """Bone in the zone of the spine, with marrow, discs and the spinal canal."""
    spine = bones & zone
    if not spine.any():
        return spine
    box = widened(box_of(spine), 2 * CANAL_RADIUS_MM, spacing_mm, bones.shape)
    whole = closed(bones[box], CANAL_RADIUS_MM, spacing_mm)
    largest_hole = int(LARGEST_HOLE_MM2 / (spacing_mm[1] * spacing_mm[2]))
    spine[box] = without_holes(whole, largest_hole) & zone[box]
    return spine
