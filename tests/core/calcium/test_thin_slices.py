"""Averages of about 3 mm, each where it belongs."""

import numpy as np
import pytest

from core.calcium.candidates import find_candidates
from core.calcium.thin_slices import averaged, slices_in_normal
from core.volume import Volume
from tests.core.calcium.blocks import scan


@pytest.mark.parametrize(
    ("increment_mm", "together"),
    [(0.5, 6), (0.625, 5), (1.0, 3), (1.25, 2), (1.5, 2), (2.5, 1), (3.0, 1)],
)  # fmt: skip
def test_as_many_slices_are_averaged_as_make_up_three_millimetres(increment_mm, together):
    assert slices_in_normal(scan([], spacing_mm=(increment_mm, 1.0, 1.0))) == together


def test_an_average_lies_in_the_middle_of_its_slices():
    volume = scan([(slice(0, 9, 3), slice(0, 40), slice(0, 40), 340)], shape=(9, 40, 40),
                  spacing_mm=(1.0, 1.0, 1.0))  # fmt: skip
    found = averaged(volume)
    assert found.geometry.shape == (3, 40, 40)
    assert found.geometry.spacing_mm == pytest.approx((3.0, 1.0, 1.0))
    assert set(np.unique(found.hu)) == {140}  # (340 + 40 + 40) / 3
    for index in range(3):
        middle = volume.geometry.to_patient((3 * index + 1, 7, 9))
        assert found.geometry.to_patient((index, 7, 9)) == pytest.approx(middle)


def test_another_phase_begins_one_slice_later_and_drops_what_fills_no_average():
    volume = scan([(slice(1, 4), slice(5, 9), slice(5, 9), 400)], shape=(9, 40, 40),
                  spacing_mm=(1.0, 1.0, 1.0))  # fmt: skip
    first, second = averaged(volume, 0), averaged(volume, 1)
    assert second.geometry.shape[0] == 2
    assert second.hu[0, 6, 6] == 400
    assert first.hu[0, 6, 6] == 280
    with pytest.raises(ValueError, match="phase"):
        averaged(volume, 3)


def test_thick_slices_stay_as_they_are():
    volume = scan([])
    assert averaged(volume) is volume


def test_a_block_of_whole_averages_scores_the_same():
    volume = scan([(slice(3, 6), slice(5, 9), slice(5, 9), 400)], shape=(9, 40, 40),
                  spacing_mm=(1.0, 1.0, 1.0))  # fmt: skip
    thin, thick = find_candidates(volume), find_candidates(averaged(volume))
    assert thin.agatston.sum() == pytest.approx(thick.agatston.sum())


def test_padding_spreads_to_its_average():
    volume = scan([], shape=(6, 40, 40), spacing_mm=(1.0, 1.0, 1.0))
    padding = np.zeros(volume.hu.shape, dtype=bool)
    padding[4, 3, 3] = True
    found = averaged(Volume(volume.hu, volume.geometry, padding=padding))
    assert found.padding is not None
    assert np.argwhere(found.padding).tolist() == [[1, 3, 3]]
