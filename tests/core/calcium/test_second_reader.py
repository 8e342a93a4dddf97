"""What was left unclicked, the largest first."""

import numpy as np
import pytest

from core.calcium.candidates import find_candidates
from core.calcium.edits import AddLesion
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.calcium.second_reader import left_over
from core.calcium.within import candidates_within
from core.volume import Mask
from tests.core.calcium.blocks import at, scan

BLOCKS = [
    (slice(1, 2), slice(5, 7), slice(5, 10), 250),  # 20 points
    (slice(2, 3), slice(20, 22), slice(5, 10), 350),  # 30 points
    (slice(3, 5), slice(30, 32), slice(30, 38), 450),  # 128 points, half outside the heart
]


def in_heart(volume):
    labels = np.zeros(volume.geometry.shape, dtype=np.uint8)
    labels[:, :, :34] = 1
    return candidates_within(find_candidates(volume), volume, Mask(labels, volume.geometry))


def test_candidates_are_cut_at_the_border_of_the_heart():
    assert sorted(in_heart(scan(BLOCKS)).agatston.tolist()) == [20, 30, 64]


def test_what_nobody_marked_comes_largest_first():
    volume = scan(BLOCKS)
    x, y, z = at(volume, (2, 21, 7))
    reading = Reading(volume).edited(AddLesion((float(x), float(y), float(z)), Vessel.OTHER))
    found = left_over(in_heart(volume), reading.marks)
    assert [each.agatston for each in found] == [64, 20]
    assert found[0].max_hu == 450
    assert found[0].area_mm2 == pytest.approx(8)
    index = volume.geometry.to_index(found[0].point_mm)
    assert volume.hu[tuple(np.rint(index).astype(int))] == 450


def test_without_marks_everything_is_left():
    volume = scan(BLOCKS)
    assert len(left_over(in_heart(volume), Reading(volume).marks)) == 3


def test_a_heart_without_calcium_leaves_nothing():
    volume = scan([])
    assert left_over(in_heart(volume), Reading(volume).marks) == ()
