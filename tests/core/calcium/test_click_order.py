"""The score of several clicks on one vessel: the same in any order, however long the vessel is."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calcium.edits import AddLesion
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from tests.core.calcium.blocks import at, scan


def vessel(length, bright=0):
    """Two pixels wide and one slice thick; one voxel weighs 4, the others 1."""
    blocks = [
        (slice(2, 3), slice(10, 12), slice(5, 5 + length), 150),
        (slice(2, 3), slice(10, 11), slice(5 + bright, 6 + bright), 450),
    ]
    return scan(blocks, shape=(5, 24, length + 10))


def clicked(volume, indices):
    """Points of the vessel after these clicks, each where one is still needed."""
    reading = Reading(volume)
    edits = []
    for index in indices:
        x, y, z = at(volume, index)
        edits.append(AddLesion((float(x), float(y), float(z)), Vessel.LAD))
    return reading.with_edits(edits)[0].score().vessels[Vessel.LAD]


@pytest.mark.parametrize("column", [5, 39, 74])
def test_a_plaque_of_70_mm_is_weighed_by_its_own_maximum_wherever_it_is_clicked(column):
    assert clicked(vessel(70), [(2, 10, column)]).agatston == 140 * 4


def test_seven_centimetres_score_the_same_by_any_order_of_three_clicks():
    clicks = [(2, 10, 5), (2, 11, 40), (2, 10, 74)]
    found = {clicked(vessel(70), order).agatston for order in permutations(clicks)}
    assert found == {560}


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_length_bright_place_and_order_of_clicks_leave_area_times_weight(data):
    length = data.draw(st.integers(2, 150))
    volume = vessel(length, data.draw(st.integers(0, length - 1)))
    columns = data.draw(st.lists(st.integers(5, 4 + length), min_size=1, max_size=4))
    found = clicked(volume, [(2, 11, column) for column in columns])
    assert found.agatston == length * 2 * 4
    assert len(found.lesions) == 1


@given(st.randoms(use_true_random=False), st.integers(20, 70))
@settings(max_examples=25, deadline=None)
def test_a_winding_vessel_through_the_slices_scores_the_same_in_any_order(random, length):
    rng = np.random.default_rng(length)
    volume = winding(rng, length)
    clicks = [tuple(each) for each in np.argwhere(volume.hu >= 130)[:: max(length // 6, 1) * 4]]
    whole = clicked(volume, clicks)
    random.shuffle(clicks)
    assert clicked(volume, clicks).agatston == pytest.approx(whole.agatston, rel=1e-12)


def winding(rng, length):
    """A tube of 2 x 2 pixels that wanders through rows, columns and slices; its values vary."""
    blocks = []
    k, row = 0, 40
    for column in range(5, 5 + length):
        k = int(np.clip(k + rng.integers(-1, 3) // 2, 0, 39))
        row = int(np.clip(row + rng.integers(-1, 2), 2, 76))
        value = int(rng.integers(130, 600))
        blocks.append((slice(k, k + 2), slice(row, row + 2), slice(column, column + 1), value))
    return scan(blocks, shape=(42, 80, length + 10))
