"""Lung tissue that hangs apart from its lung: an apex behind a tumour, a lobe behind fluid.

The published rule drops it, because it is smaller than 0.68 L.
"""

import numpy as np

from core.preprocessing.lung_pair import LungPair, joint_box, midline_column
from core.volume import Volume
from core.voxel_runs import Booleans, Runs, parts, without

LEAST_ML = 5.0
GREATEST_ML = 680.0
"""The published rule takes larger parts for lungs by themselves."""
MM3_PER_ML = 1e3
GAS_BELOW_HU = -940
GREATEST_GAS_SHARE = 0.1
"""Bowel, stomach and gullet hold gas of nearly -1000 HU; lung tissue of that little is rare."""


def cut_off_lung(volume: Volume, air: Runs, lungs: LungPair, airways: Runs) -> tuple[Runs, Runs]:
    """Parts of lung tissue that belong to the right and to the left lung, but touch neither.

    Such a part lies within the rows and columns of the two lungs (foam, cushions and clothes do
    not), holds 5 to 680 mL, and hardly any of it is as thin as gas.

    Args:
        volume: Slices towards the head, rows to the back, columns to the patient's left.
        air: Plausible air of every slice.
        lungs: Right and left lung by the published rule.
        airways: Trachea and main bronchi.
    """
    rest, is_within = _near_lungs(
        without(without(without(air, lungs[0]), lungs[1]), airways), lungs
    )
    count, body = parts(len(rest.start), rest.body_links(corners=False))
    voxel_ml = volume.geometry.voxel_volume_mm3 / MM3_PER_ML
    size_ml = np.bincount(body, rest.lengths, count) * voxel_ml
    is_chosen = (size_ml >= LEAST_ML) & (size_ml < GREATEST_ML)
    is_chosen[body[~is_within]] = False
    right, left = np.zeros_like(is_chosen), np.zeros_like(is_chosen)
    for name in np.flatnonzero(is_chosen):
        part = rest.kept(body == name)
        if _is_tissue(part, volume):
            middle = np.average(part.columns + part.lengths / 2, weights=part.lengths)
            side = right if middle < midline_column(lungs) else left
            side[name] = True
    return rest.kept(right[body]), rest.kept(left[body])


def _near_lungs(rest: Runs, lungs: LungPair) -> tuple[Runs, Booleans]:
    """The runs in the rows and columns of the lungs and one beyond; True for those not beyond."""
    _, rows, columns = joint_box(lungs)
    first, after = rest.columns, rest.columns + rest.lengths
    is_near = (rest.rows >= rows.start - 1) & (rest.rows <= rows.stop)
    is_near &= (after >= columns.start) & (first <= columns.stop)
    near = rest.kept(is_near)
    is_within = (near.rows >= rows.start) & (near.rows < rows.stop)
    is_within &= (near.columns >= columns.start) & (near.columns + near.lengths <= columns.stop)
    return near, is_within


def _is_tissue(part: Runs, volume: Volume) -> bool:
    box = part.box()
    hu = volume.hu[box][part.painted_in(box)]
    return bool(np.mean(hu < GAS_BELOW_HU) < GREATEST_GAS_SHARE)
