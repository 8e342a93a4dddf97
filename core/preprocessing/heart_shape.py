"""The heart: the soft tissue between the lungs, under the great vessels, above the diaphragm.

Classical and approximate. Where the heart lies on the diaphragm both have the same HU: the border
is then taken from the bases of the lungs beside it. The fat inside the pericardium counts as heart,
coronary and valve calcium too. What presses on the heart and is as dense (effusion, a tumour or
lymph nodes in the middle of the chest) may be counted with it; a part of the heart that effusion
on its other side leaves outside the hull of the lungs is missed.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from core.geometry import Floats
from core.preprocessing.chest import Chest
from core.preprocessing.solids import Booleans, box_of, closed, largest_part, opened

TOP_BELOW_CARINA_MM = 15.0
"""Feng et al. 2011 (atlas of the heart) begin it just below the left pulmonary artery, which
crosses the left main bronchus about this far below the carina."""
RIGHT_REACH_MM, LEFT_REACH_MM = 75.0, 110.0
"""How far from the spine's axis the heart may reach, where no lung bounds it."""
BEFORE_SPINE_MM = 8.0
"""Gullet and fat lie between the spine and the left atrium."""
NECK_MM, FAT_MM = 7.0, 8.0
"""Parts that hang on narrower necks are no heart; clefts of fat up to twice this are."""

DOME_ROWS, DOME_QUANTILE = (0.45, 0.75), 0.6
"""A dome's height is taken from this part of a lung's base, behind the heart and before the
sulcus: where the base is highest but for the liver's very top."""
DOME_RISE_MM = 15.0
"""A base of lung that lies higher above the dome than this lies on the heart."""
LIVER_SIDE_MM = 45.0
"""Further to the right than this no lung lies on the heart."""
SINK_MM = 12.0
"""The heart sinks into the diaphragm by about this below the bases of the lungs beside it."""
SPREAD_MM = 12.0
"""Width of the blur that carries the lungs' bases under the heart."""
WEAK = 1e-4
"""Weight of the lower dome where no base of lung is near."""


def find_heart(chest: Chest, taken: Booleans) -> Booleans:
    """The heart with its blood; empty where none is found.

    Args:
        chest: What is known already.
        taken: True in what is certainly something else, such as the descending aorta.
    """
    first = max(chest.carina - chest.steps(TOP_BELOW_CARINA_MM), 0)
    across = (chest.left_of_spine_mm > -RIGHT_REACH_MM) & (chest.left_of_spine_mm < LEFT_REACH_MM)
    room: Booleans = chest.hull & (chest.lungs == 0) & ~taken & across[:, None]
    room &= (chest.ahead_of_spine_mm > BEFORE_SPINE_MM)[:, :, None]
    room[first:] = False
    room &= np.arange(len(room))[:, None, None] >= _floor(chest)
    if not room.any():
        return room
    box = box_of(room)
    body = opened(room[box] & chest.soft[box], NECK_MM, chest.spacing_mm)
    heart = np.zeros_like(room)
    heart[box] = closed(largest_part(body), FAT_MM, chest.spacing_mm) & room[box]
    return heart


def _floor(chest: Chest) -> Floats:
    """First slice above the diaphragm in every (row, column).

    Under a lung its base, unless it lies on the heart; elsewhere the bases around, carried on, but
    not above the lower dome.
    """
    lung = chest.lungs > 0
    base = lung.argmax(axis=0).astype(np.float32)
    levels = [_dome_slice(chest.lungs == side, base) for side in (1, 2)]
    lower = np.float32(min(levels))
    is_liver_side = np.median(chest.left_of_spine_mm, axis=0) < -LIVER_SIDE_MM
    known = np.zeros(base.shape, dtype=np.bool_)
    for side, level in zip((1, 2), levels, strict=True):
        on_diaphragm = base <= level + DOME_RISE_MM / chest.spacing_mm[0]
        known |= (chest.lungs == side).any(axis=0) & (on_diaphragm | is_liver_side)
    sigma = [SPREAD_MM / step for step in chest.spacing_mm[1:]]
    weight = gaussian_filter(known.astype(np.float32), sigma) + np.float32(WEAK)
    carried = gaussian_filter(np.where(known, base - lower, 0), sigma) / weight
    sunk = np.minimum(carried, 0) + lower - SINK_MM / chest.spacing_mm[0]
    floor: Floats = np.where(known, base, sunk)
    return floor


def _dome_slice(lung: Booleans, base: Floats) -> float:
    """Slice of the top of the dome under one lung; infinite without a lung."""
    columns: Booleans = np.any(lung, axis=0)
    if not columns.any():
        return np.inf
    first, last = np.quantile(np.nonzero(columns)[0], DOME_ROWS)
    middle = np.zeros_like(columns)
    middle[int(first) : int(last) + 1] = columns[int(first) : int(last) + 1]
    return float(np.quantile(base[middle], DOME_QUANTILE))
