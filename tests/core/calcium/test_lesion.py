"""Scores worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calcium.lesion import measure, ordered
from core.calcium.rule import STANDARD, Rule
from core.calcium.scores import Vessel, score
from tests.core.calcium.blocks import scan


def lesion_of(volume, *, above=0):
    return np.argwhere(volume.hu > 40 + above).astype(np.int32)


@pytest.mark.parametrize(
    ("rows", "columns", "hu", "expected"),
    [
        (2, 5, 250, 20.0),  # 10 mm2 x 2
        (2, 5, 350, 30.0),  # 10 mm2 x 3
        (1, 5, 130, 5.0),  # 5 mm2 x 1
        (2, 5, 400, 40.0),
        (2, 5, 199, 10.0),
    ],
)
def test_the_hand_cases_of_the_reference_are_met(rows, columns, hu, expected):
    volume = scan([(slice(2, 3), slice(10, 10 + rows), slice(10, 10 + columns), hu)])
    assert measure(volume, lesion_of(volume), STANDARD).agatston == expected


def test_129_hu_is_not_calcium():
    volume = scan([(slice(2, 3), slice(10, 12), slice(10, 15), 129)])
    assert measure(volume, lesion_of(volume), STANDARD) is None


def test_increments_of_half_count_half():
    block = [(slice(2, 3), slice(10, 12), slice(10, 15), 250)]
    thick, thin = scan(block), scan(block, spacing_mm=(1.5, 1.0, 1.0))
    assert measure(thin, lesion_of(thin), STANDARD).agatston == 10.0
    assert measure(thick, lesion_of(thick), STANDARD).agatston == 20.0


@pytest.mark.parametrize(("side_mm", "counts"), [(1.0, True), (0.99**0.5, False), (0.5, False)])
def test_exactly_one_square_millimetre_counts_and_less_does_not(side_mm, counts):
    volume = scan(
        [(slice(2, 3), slice(10, 11), slice(10, 11), 500)], spacing_mm=(3.0, side_mm, side_mm)
    )
    assert (measure(volume, lesion_of(volume), STANDARD) is not None) == counts


def test_two_pixels_of_half_a_square_millimetre_are_one_whatever_the_rounding():
    volume = scan(
        [(slice(2, 3), slice(10, 11), slice(10, 12), 500)],
        spacing_mm=(3.0, 0.5**0.5, 0.5**0.5),
    )
    assert measure(volume, lesion_of(volume), STANDARD).agatston == pytest.approx(4.0)


def test_each_slice_is_weighed_by_its_own_maximum():
    volume = scan(
        [
            (slice(2, 3), slice(10, 12), slice(10, 15), 150),
            (slice(3, 4), slice(10, 12), slice(10, 15), 450),
        ]
    )
    assert measure(volume, lesion_of(volume), STANDARD).agatston == 10 * 1 + 10 * 4


def test_pixels_that_touch_at_a_corner_are_one_part_by_8_and_two_by_4_neighbours():
    volume = scan(
        [
            (slice(2, 3), slice(10, 11), slice(10, 11), 450),
            (slice(2, 3), slice(11, 12), slice(11, 12), 150),
        ]
    )
    assert measure(volume, lesion_of(volume), STANDARD).agatston == 2 * 4
    assert measure(volume, lesion_of(volume), Rule(connectivity=4)).agatston == 4 + 1


def test_volume_and_mass_follow_from_the_voxels():
    volume = scan([(slice(2, 4), slice(10, 12), slice(10, 15), 250)])
    plain = measure(volume, lesion_of(volume), STANDARD)
    assert plain.volume_mm3 == pytest.approx(20 * 3.0)
    assert plain.mass_mg is None
    assert (plain.max_hu, plain.mean_hu, plain.slices, plain.parts) == (250, 250, (2, 3), 2)
    weighed = measure(volume, lesion_of(volume), STANDARD, calibration_mg_per_mm3_hu=8e-4)
    assert weighed.mass_mg == pytest.approx(8e-4 * 60 * 250)


def test_the_centre_is_where_the_block_lies_in_the_patient():
    volume = scan([(slice(2, 4), slice(10, 12), slice(10, 15), 250)])
    centre = measure(volume, lesion_of(volume), STANDARD).centre_mm
    assert centre == pytest.approx((-20 + 12, -20 + 10.5, 5 + 2.5 * 3))


speckles = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9), st.integers(60, 600)),
    max_size=80,
)


def speckled(values, *, spacing_mm=(3.0, 0.8, 0.7)):
    blocks = [(slice(s, s + 1), slice(r, r + 1), slice(c, c + 1), hu) for s, r, c, hu in values]
    return scan(blocks, shape=(6, 10, 10), spacing_mm=spacing_mm)


@given(speckles, speckles)
@settings(max_examples=60, deadline=None)
def test_adding_a_lesion_never_lowers_the_score_and_vessels_add_up(first, second):
    volume = speckled(first + second)
    taken = lesion_of(speckled(first))
    rest = {tuple(each) for each in lesion_of(volume)} - {tuple(each) for each in taken}
    added = np.array(sorted(rest), dtype=np.int32).reshape(-1, 3)
    before = score(volume, {Vessel.LAD: [taken]}, STANDARD)
    after = score(volume, {Vessel.LAD: [taken], Vessel.RCA: [added]}, STANDARD)
    assert after.total.agatston >= before.total.agatston
    parts = [after.vessels[vessel].agatston for vessel in Vessel if vessel.is_coronary]
    assert after.total.agatston == pytest.approx(sum(parts))


@given(speckles)
@settings(max_examples=60, deadline=None)
def test_two_slices_of_half_the_increment_score_as_one(values):
    whole = speckled(values)
    halves = scan([], shape=(12, 10, 10), spacing_mm=(1.5, 0.8, 0.7))
    split = type(whole)(np.repeat(whole.hu, 2, axis=0), halves.geometry)
    results = [measure(each, lesion_of(each), STANDARD) for each in (whole, split)]
    if results[0] is None:
        assert results[1] is None
        return
    assert results[1].agatston == pytest.approx(results[0].agatston)
    assert results[1].volume_mm3 == pytest.approx(results[0].volume_mm3)


@given(speckles, st.sampled_from([(0,), (1,), (2,), (0, 1), (0, 1, 2)]))
@settings(max_examples=60, deadline=None)
def test_flipped_grids_give_the_same_score(values, flipped_axes):
    volume = speckled(values)
    flipped = type(volume)(np.flip(volume.hu, flipped_axes).copy(), volume.geometry)
    first, second = (measure(each, lesion_of(each), STANDARD) for each in (volume, flipped))
    assert (first is None) == (second is None)
    assert first is None or second.agatston == pytest.approx(first.agatston)


def test_voxels_are_put_in_order_each_once():
    mixed = np.array([[1, 2, 3], [0, 0, 1], [1, 2, 3]])
    assert ordered(mixed, (2, 4, 5)).tolist() == [[0, 0, 1], [1, 2, 3]]
