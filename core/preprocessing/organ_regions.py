"""Regions in which the mass of a saliency map is counted: lungs, heart, vessels, bones, the rest.

Classical and approximate: thresholds, shapes and landmarks on blocks of about 2.6 mm, nothing
learned. Good for "how much of the map lies in the heart", not for measuring organs. Each part says
what it cannot tell: `heart_shape`, `great_vessels`, `bones`, `body_outline`.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.preprocessing.block_means import block_geometry, block_labels, block_means, block_of
from core.preprocessing.body_outline import body_outline
from core.preprocessing.bones import find_bones
from core.preprocessing.chest import Chest, soft_tissue
from core.preprocessing.chest_landmarks import carina_slice, joint_hull
from core.preprocessing.great_vessels import find_great_vessels
from core.preprocessing.heart_shape import find_heart
from core.preprocessing.lung_mask import Lungs
from core.preprocessing.solids import Booleans, Spacing, box_of
from core.preprocessing.spine_axis import spine_axis, spine_front
from core.volume import Mask, Volume


class Organ(IntEnum):
    """Labels of the regions; every place has exactly one."""

    OUTSIDE = 0
    RIGHT_LUNG = 1
    LEFT_LUNG = 2
    AIRWAYS = 3
    HEART = 4
    GREAT_VESSELS = 5
    VERTEBRAE = 6
    RIBS = 7
    SOFT_TISSUE = 8


ORGAN_NAMES: Mapping[Organ, str] = MappingProxyType(
    {
        Organ.OUTSIDE: "outside the body",
        Organ.RIGHT_LUNG: "right lung",
        Organ.LEFT_LUNG: "left lung",
        Organ.AIRWAYS: "airways",
        Organ.HEART: "heart",
        Organ.GREAT_VESSELS: "great vessels",
        Organ.VERTEBRAE: "vertebrae",
        Organ.RIBS: "ribs and other bones",
        Organ.SOFT_TISSUE: "other soft tissue",
    }
)
"""In words, for panel and report."""


def organ_regions(volume: Volume, lungs: Lungs) -> Mask:
    """The organ of every block of about 2.6 mm.

    Heart and vessels are sought only between the lungs, from landmarks: the carina (68 % of the
    lungs' height where the airways do not show it), the bases of the lungs, the front of the spine.

    Args:
        volume: Slices towards the head, rows to the back, columns to the patient's left.
        lungs: Of this volume, on its geometry.

    Returns:
        Labels of `Organ` on a grid of their own, which covers the whole volume.
    """
    block = block_of(volume.geometry)
    grid = block_geometry(volume.geometry, block)
    hu = block_means(volume, block)
    lung = block_labels(lungs.anatomical, block)
    airways = (block_labels(lungs.airways, block) > 0) & (lung == 0)
    body = body_outline(hu, (lung > 0) | airways)
    labels = np.full(grid.shape, Organ.OUTSIDE, dtype=np.uint8)
    if lung.any():
        box = box_of(body)
        parts = (np.ascontiguousarray(each[box]) for each in (hu, lung, airways, body))
        labels[box] = _labels(*parts, spacing_mm=grid.spacing_mm)
    else:
        labels[body] = Organ.SOFT_TISSUE
    return Mask(labels, grid)


def _labels(
    hu: NDArray[np.int16],
    lung: NDArray[np.uint8],
    airways: Booleans,
    body: Booleans,
    *,
    spacing_mm: Spacing,
) -> NDArray[np.uint8]:
    """Labels in the body's box. What is surer covers what is less sure."""
    is_lung = lung > 0
    hull = joint_hull(is_lung)
    axis = spine_axis(hu, is_lung, spacing_mm)
    tissue = body & ~is_lung & ~airways
    spine, bones = find_bones(hu, tissue, hull, axis, spacing_mm)
    chest = Chest(
        lungs=lung,
        soft=soft_tissue(hu, hull & tissue & ~bones & ~spine, spacing_mm),
        hull=hull,
        spine_axis=axis,
        spine_front=spine_front(spine, axis, spacing_mm),
        carina=carina_slice(airways, is_lung, spacing_mm),
        spacing_mm=spacing_mm,
    )
    aorta, trunks = find_great_vessels(chest)
    heart = find_heart(chest, taken=bones | spine | airways | aorta)
    labels = np.where(body, Organ.SOFT_TISSUE, Organ.OUTSIDE).astype(np.uint8)
    for region, organ in (
        (heart, Organ.HEART),
        (trunks | aorta, Organ.GREAT_VESSELS),
        (bones, Organ.RIBS),
        (spine, Organ.VERTEBRAE),
        (airways, Organ.AIRWAYS),
    ):
        labels[region] = organ
    labels[is_lung] = lung[is_lung]
    return labels
