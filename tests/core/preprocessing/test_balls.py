"""Distances are those of scipy's exact transform."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from core.preprocessing.balls import grown, opened, shrunk, squared_distance_mm2

SPACING_MM = (3.0, 0.9, 1.4)


def specks():
    return np.random.default_rng(0).random((20, 30, 40)) < 0.004


@pytest.mark.parametrize("radius_mm", [0.5, 2.0, 5.0, 7.3])
def test_growing_reaches_what_lies_within_the_radius(radius_mm):
    mask = specks()
    expected = distance_transform_edt(~mask, sampling=SPACING_MM) <= radius_mm
    np.testing.assert_array_equal(grown(mask, radius_mm, SPACING_MM), expected)


def test_distances_are_exact_as_far_as_asked():
    mask = specks()
    expected = distance_transform_edt(~mask, sampling=SPACING_MM)
    found = squared_distance_mm2(mask, 6.0, SPACING_MM)
    near = expected <= 6.0
    np.testing.assert_allclose(found[near], expected[near] ** 2, rtol=1e-5)
    assert (found[~near] > 36.0).all()


def test_shrinking_takes_the_radius_from_every_side_but_not_from_the_border():
    mask = np.zeros((9, 12, 12), bool)
    mask[2:, 3:, 3:] = True
    inner = np.zeros_like(mask)
    inner[4:, 5:, 5:] = True
    np.testing.assert_array_equal(shrunk(mask, 2.0, (1.0, 1.0, 1.0)), inner)


def test_opening_drops_a_thin_branch_and_keeps_the_trunk():
    mask = np.zeros((11, 11, 40), bool)
    mask[1:10, 1:10, :15] = True
    mask[5, 5, 15:] = True
    kept = opened(mask, 3.0, (1.0, 1.0, 1.0))
    assert not kept[..., 18:].any()
    assert kept[5, 5, :15].all()
    assert (kept <= mask).all()


def test_nothing_grows_from_nothing():
    assert not grown(np.zeros((4, 5, 6), bool), 3.0, SPACING_MM).any()
