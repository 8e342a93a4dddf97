"""Slices of about 3 mm: how they are made, each where it belongs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calcium.candidates import find_candidates
from core.calcium.click_box import Box
from core.calcium.thin_slices import Grouping, grouping, grouping_in, regrouped
from core.volume import Volume
from tests.core.calcium.blocks import scan

NINE_THIN = {"shape": (9, 40, 40), "spacing_mm": (1.0, 1.0, 1.0)}


@pytest.mark.parametrize(
    ("increment_mm", "together"),
    [(0.5, 6), (0.625, 5), (1.0, 3), (1.25, 2), (1.5, 2), (1.875, 2), (2.5, 1), (3.0, 1)],
)
def test_as_many_slices_are_averaged_as_make_up_three_millimetres(increment_mm, together):
    assert grouping(increment_mm, None).together == together
    assert grouping(increment_mm, increment_mm).together == together


@pytest.mark.parametrize("increment_mm", [1.9, 2.0, 2.2])
def test_pairs_of_nearly_4_mm_do_not_pass_for_3_mm(increment_mm):
    assert grouping(increment_mm, increment_mm) == Grouping(1, 1, increment_mm)


@pytest.mark.parametrize(
    ("thickness_mm", "increment_mm", "step"),
    [(3.0, 1.5, 2), (3.0, 1.0, 3), (2.5, 1.25, 2), (3.0, 2.0, 1), (5.0, 2.5, 1), (3.0, 3.0, 1)],
)
def test_thick_slices_are_never_averaged_and_overlapping_ones_are_scans_of_their_own(
    thickness_mm, increment_mm, step
):
    made = grouping(increment_mm, thickness_mm)
    assert (made.together, made.step) == (1, step)
    assert not made.averages


@pytest.mark.parametrize(
    ("thickness_mm", "increment_mm", "together"), [(1.0, 0.7, 4), (1.25, 1.0, 3), (2.0, 1.0, 1)]
)
def test_overlapping_thin_slices_are_averaged_as_wide_as_they_are(
    thickness_mm, increment_mm, together
):
    assert grouping(increment_mm, thickness_mm).together == together


@given(st.floats(0.2, 6.0), st.one_of(st.none(), st.floats(0.2, 6.0)))
def test_what_is_made_lies_within_3_mm_and_three_quarters(increment_mm, thickness_mm):
    made = grouping(increment_mm, thickness_mm)
    if made.step == 1:
        assert made == Grouping(1, 1, increment_mm)
        assert made.words == ""
        return
    wide_mm = made.together * increment_mm - increment_mm + (thickness_mm or increment_mm)
    assert 2.249 <= made.increment_mm <= 3.751
    assert 2.249 <= wide_mm <= 3.751
    assert f"{made.increment_mm:.3g} mm" in made.words


def test_the_words_state_the_true_distance():
    assert grouping(0.7, 1.0).words == "averages of 2.8 mm"
    assert grouping(1.25, 2.5).words == "slices every 2.5 mm"


def test_too_few_slices_make_none():
    assert grouping_in(scan([], shape=(5, 9, 9), spacing_mm=(1, 1, 1)), 1.0).together == 3
    assert grouping_in(scan([], shape=(4, 9, 9), spacing_mm=(1, 1, 1)), 1.0).together == 1


def test_an_average_lies_in_the_middle_of_its_slices():
    volume = scan([(slice(0, 9, 3), slice(0, 40), slice(0, 40), 340)], **NINE_THIN)
    found = regrouped(volume, grouping_in(volume, None))
    assert found.geometry.shape == (3, 40, 40)
    assert found.geometry.spacing_mm == pytest.approx((3.0, 1.0, 1.0))
    assert set(np.unique(found.hu)) == {140}  # (340 + 40 + 40) / 3
    for index in range(3):
        middle = volume.geometry.to_patient((3 * index + 1, 7, 9))
        assert found.geometry.to_patient((index, 7, 9)) == pytest.approx(middle)


def test_another_phase_begins_one_slice_later_and_drops_what_fills_no_average():
    volume = scan([(slice(1, 4), slice(5, 9), slice(5, 9), 400)], **NINE_THIN)
    made = grouping_in(volume, None)
    first, second = regrouped(volume, made), regrouped(volume, made, phase=1)
    assert second.geometry.shape[0] == 2
    assert second.hu[0, 6, 6] == 400
    assert first.hu[0, 6, 6] == 280
    with pytest.raises(ValueError, match="phase"):
        regrouped(volume, made, phase=3)


def test_every_second_overlapping_slice_is_as_it_was_and_where_it_was():
    volume = scan([(slice(3, 4), slice(5, 9), slice(5, 9), 400)], spacing_mm=(1.5, 1.0, 1.0))
    found = regrouped(volume, grouping_in(volume, 3.0), phase=1)
    assert np.array_equal(found.hu, volume.hu[1::2])
    assert found.geometry.spacing_mm == pytest.approx((3.0, 1.0, 1.0))
    place = volume.geometry.to_patient((3, 5, 5))
    assert found.geometry.to_patient((1, 5, 5)) == pytest.approx(place)


@given(st.integers(0, 2), st.integers(0, 20), st.integers(7, 24))
def test_what_is_made_of_a_part_is_what_is_made_of_all(phase, start, count):
    rng = np.random.default_rng(5)
    empty = scan([], shape=(30, 6, 8), spacing_mm=(1.0, 1.0, 1.0))
    volume = Volume(rng.integers(-500, 500, (30, 6, 8)).astype(np.int16), empty.geometry)
    made = grouping_in(volume, None)
    stop = min(start + count, 30)
    box = Box(np.array((start, 1, 3)), np.array((stop, 4, 8)), (30, 6, 8))
    whole = regrouped(volume, made, phase=phase)
    some = regrouped(volume, made, phase=phase, within=box)
    assert some.geometry.shape[1:] == (3, 5)
    assert some.geometry.shape[0] >= (stop - start - 2 * (made.step - 1)) // made.step
    first = whole.geometry.to_index(some.geometry.to_patient((0, 0, 0)))
    k, row, column = np.rint(first).astype(int)
    assert first == pytest.approx((k, 1, 3), abs=1e-9)
    part = whole.hu[k : k + some.geometry.shape[0], row : row + 3, column : column + 5]
    assert np.array_equal(some.hu, part)


def test_thick_slices_stay_as_they_are():
    volume = scan([])
    assert regrouped(volume, grouping_in(volume, 3.0)) is volume


def test_a_block_of_whole_averages_scores_the_same():
    volume = scan([(slice(3, 6), slice(5, 9), slice(5, 9), 400)], **NINE_THIN)
    thin = find_candidates(volume)
    thick = find_candidates(regrouped(volume, grouping_in(volume, None)))
    assert thin.agatston.sum() == pytest.approx(thick.agatston.sum())


def test_padding_spreads_to_its_average():
    volume = scan([], shape=(6, 40, 40), spacing_mm=(1.0, 1.0, 1.0))
    padding = np.zeros(volume.hu.shape, dtype=bool)
    padding[4, 3, 3] = True
    padded = Volume(volume.hu, volume.geometry, padding=padding)
    found = regrouped(padded, grouping_in(padded, None))
    assert found.padding is not None
    assert np.argwhere(found.padding).tolist() == [[1, 3, 3]]
