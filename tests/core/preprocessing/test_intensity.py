"""Intensities by hand: (HU + 1200) * 255 / 1800, rounded down; 170 outside."""

from dataclasses import replace

import numpy as np
import pytest

from core.preprocessing.intensity import to_intensity
from tests.core.preprocessing.thorax import geometry, mask, volume

HU = np.array([[[-3024, -1200, -1000, -600, 0], [1, 40, 599, 600, 3000]]], np.int16)
BY_HAND = [[[0, 0, 28, 85, 170], [170, 175, 254, 255, 255]]]
"""-1000: 28.33; 1: 170.14; 40: 175.67; 599: 254.86."""


def test_every_intensity_is_the_one_worked_out_by_hand():
    intensity = to_intensity(volume(HU), mask(np.ones(HU.shape)))
    assert intensity.dtype == np.uint8
    np.testing.assert_array_equal(intensity, BY_HAND)


def test_outside_the_region_is_170_as_is_water():
    inside = np.ones(HU.shape)
    inside[0, 0] = 0
    np.testing.assert_array_equal(
        to_intensity(volume(HU), mask(inside)), [[[170] * 5, BY_HAND[0][1]]]
    )


def test_what_the_scanner_did_not_measure_is_outside():
    padding = np.zeros(HU.shape, bool)
    padding[0, 1, 3:] = True
    scan = replace(volume(HU), padding=padding)
    expected = np.array(BY_HAND)
    expected[0, 1, 3:] = 170
    np.testing.assert_array_equal(to_intensity(scan, mask(np.ones(HU.shape))), expected)


def test_every_label_counts_as_inside():
    np.testing.assert_array_equal(to_intensity(volume(HU), mask(np.full(HU.shape, 2))), BY_HAND)


def test_a_region_of_another_place_is_refused():
    with pytest.raises(ValueError, match="geometry"):
        to_intensity(volume(HU), mask(np.ones(HU.shape), (3.0, 3.0, 3.5)))
    assert geometry(HU.shape).agrees_with(volume(HU).geometry)
