"""A tube beside a straight spine, of which radius and course are known."""

import numpy as np
import pytest

from core.preprocessing.chest import Chest
from core.preprocessing.descending_aorta import find_descending_aorta
from tests.core.preprocessing.real_scans import dice

SHAPE, SPACING_MM = (80, 70, 90), (2.5, 2.5, 2.5)
FRONT_ROW, AXIS_COLUMN, CARINA = 45.0, 40.0, 60


def tube(left_mm, ahead_mm, radius_mm, lean=0.0):
    """Left of the spine's axis and ahead of its front; further left by `lean` mm per mm down."""
    z, y, x = np.indices(SHAPE)
    left = (x - AXIS_COLUMN) * 2.5 - left_mm - lean * (CARINA - z) * 2.5
    return np.hypot(left, (FRONT_ROW - y) * 2.5 - ahead_mm) <= radius_mm


def chest_with(soft):
    lungs = np.ones(SHAPE, np.uint8)
    lungs[:10] = 0
    return Chest(
        lungs=lungs,
        soft=soft,
        hull=np.ones(SHAPE, bool),
        spine_axis=np.tile((FRONT_ROW + 10, AXIS_COLUMN), (SHAPE[0], 1)),
        spine_front=np.full(SHAPE[0], FRONT_ROW),
        carina=CARINA,
        spacing_mm=SPACING_MM,
    )


@pytest.mark.parametrize(
    ("left_mm", "ahead_mm", "lean"),
    [(25.0, -2.0, 0.0), (5.0, 14.0, 0.0), (25.0, 0.0, -0.15)],
    ids=["beside the spine", "before the spine", "from the left to the middle"],
)
def test_the_tube_is_found_from_the_arch_to_the_lowest_lung(left_mm, ahead_mm, lean):
    soft = tube(left_mm, ahead_mm, 12.0, lean)
    aorta = find_descending_aorta(chest_with(soft))
    assert dice(aorta[10:69], soft[10:69]) > 0.85
    assert not aorta[:10].any()
    assert not aorta[69:].any()


def test_the_rim_of_a_heart_that_touches_the_spine_is_not_taken_for_it():
    z, y, x = np.indices(SHAPE)
    heart = np.hypot((x - 48) * 2.5, (y - 25) * 2.5) <= 46
    soft = tube(30.0, -8.0, 11.0)
    aorta = find_descending_aorta(chest_with(soft | (heart & (z < 50))))
    assert dice(aorta[10:69], soft[10:69]) > 0.8


def test_what_is_too_thin_is_no_aorta():
    assert not find_descending_aorta(chest_with(tube(20.0, 2.0, 5.0))).any()
