"""The great vessels: the descending aorta, and the trunks between the lungs above the heart.

Without contrast the trunks (ascending aorta and arch, pulmonary trunk and its main branches,
superior vena cava, vessels of head and arms) cannot be told from each other, nor from lymph nodes,
thymus, gullet or a tumour that are as thick: all of it that is soft and thicker than 10 mm counts.
"""

import numpy as np

from core.preprocessing.chest import Chest
from core.preprocessing.descending_aorta import find_descending_aorta
from core.preprocessing.heart_shape import TOP_BELOW_CARINA_MM
from core.preprocessing.solids import Booleans, box_of, opened

TOP_ABOVE_CARINA_MM = 70.0
"""The arch ends about 45 mm above the carina; its branches leave the chest above."""
HALF_WIDTH_MM = 55.0
"""Further from the spine's axis are the vessels of the lungs."""
LEAST_RADIUS_MM = 5.0


def find_great_vessels(chest: Chest) -> tuple[Booleans, Booleans]:
    """The descending aorta, and the trunks above the heart. Either may be empty."""
    aorta = find_descending_aorta(chest)
    room = chest.soft & ~aorta & (np.abs(chest.left_of_spine_mm) < HALF_WIDTH_MM)[:, None]
    room &= (chest.ahead_of_spine_mm > 0)[:, :, None]
    room[: max(chest.carina - chest.steps(TOP_BELOW_CARINA_MM), 0)] = False
    room[chest.carina + chest.steps(TOP_ABOVE_CARINA_MM) :] = False
    trunks = np.zeros_like(room)
    if room.any():
        box = box_of(room)
        trunks[box] = opened(room[box], LEAST_RADIUS_MM, chest.spacing_mm)
    return aorta, trunks
