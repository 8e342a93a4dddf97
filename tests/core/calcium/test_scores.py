"""Sums by vessel."""

import numpy as np
import pytest

from core.calcium.rule import STANDARD, Rule
from core.calcium.scores import Vessel, score
from tests.core.calcium.blocks import scan

BLOCKS = [
    (slice(1, 2), slice(5, 7), slice(5, 10), 250),  # 20 points
    (slice(3, 4), slice(20, 22), slice(5, 10), 350),  # 30 points
    (slice(4, 5), slice(30, 32), slice(5, 10), 1800),  # 40 points, metal
]


def marked(volume, *blocks):
    return [np.argwhere(np.isin(volume.hu, [block[3]])).astype(np.int32) for block in blocks]


def test_other_is_listed_and_never_in_the_total():
    volume = scan(BLOCKS)
    lad, rca, other = marked(volume, *BLOCKS)
    found = score(volume, {Vessel.LAD: [lad], Vessel.RCA: [rca], Vessel.OTHER: [other]}, STANDARD)
    assert found.total.agatston == 50
    assert found.vessels[Vessel.OTHER].agatston == 40
    assert found.vessel_count == 2
    assert found.total.root_volume == pytest.approx((20 * 3.0) ** 0.5)
    assert found.total.max_hu == 350


def test_metal_and_a_modified_rule_are_named():
    volume = scan(BLOCKS)
    found = score(volume, {Vessel.LM: marked(volume, BLOCKS[2])}, Rule(connectivity=4))
    assert len(found.warnings) == 2
    assert "1800 HU" in found.warnings[1]


def test_nothing_marked_scores_zero_with_no_maximum():
    found = score(scan(BLOCKS), {}, STANDARD)
    assert (found.total.agatston, found.total.max_hu, found.vessel_count) == (0, None, 0)


def test_the_mass_is_given_only_with_a_calibration():
    volume = scan(BLOCKS)
    lesions = {Vessel.LAD: marked(volume, BLOCKS[0])}
    assert score(volume, lesions, STANDARD).total.mass_mg is None
    weighed = score(volume, lesions, STANDARD, calibration_mg_per_mm3_hu=1e-3)
    assert weighed.total.mass_mg == pytest.approx(1e-3 * 30 * 250)
