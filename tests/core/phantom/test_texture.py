import numpy as np
import pytest

from core.phantom.texture import level_of_share, smooth_noise
from tests.core.phantom.lung_spaces import plain_lungs


def noise(space, grain_mm=8.0, seed=3):
    return smooth_noise(space, np.random.default_rng(seed), grain_mm)


def test_it_has_mean_zero_and_unit_size():
    values = noise(plain_lungs())
    assert values.mean() == pytest.approx(0, abs=0.05)
    assert values.std() == pytest.approx(1, abs=0.08)


def test_the_same_place_has_the_same_value_on_a_finer_grid():
    coarse, fine = plain_lungs((6.0, 6.0, 6.0)), plain_lungs((3.0, 3.0, 3.0))
    shared = np.isin(np.round(fine.x.ravel(), 3), np.round(coarse.x.ravel(), 3))
    here = np.isin(np.round(coarse.x.ravel(), 3), np.round(fine.x.ravel(), 3))
    row = np.argmin(np.abs(coarse.y)), np.argmin(np.abs(fine.y))
    plane = np.argmin(np.abs(coarse.z)), np.argmin(np.abs(fine.z))
    one = noise(coarse)[plane[0], row[0], here]
    other = noise(fine)[plane[1], row[1], shared]
    assert len(one) > 20
    assert np.allclose(one, other, atol=1e-4)


def test_a_larger_grain_is_smoother():
    steps = [np.abs(np.diff(noise(plain_lungs(), grain), axis=2)).mean() for grain in (6, 12, 24)]
    assert steps[0] > 1.5 * steps[1] > 2 * steps[2]


def test_a_share_of_the_voxels_lies_above_its_level():
    values, where = np.arange(100.0).reshape(4, 5, 5), np.ones((4, 5, 5), bool)
    assert (values > level_of_share(values, where, 0.25)).sum() == 25
    where[2:] = False
    assert ((values > level_of_share(values, where, 0.5)) & where).sum() == 25


def test_a_level_never_fails_at_the_ends():
    values, where = np.arange(8.0).reshape(2, 2, 2), np.ones((2, 2, 2), bool)
    assert level_of_share(values, where, 0.0) == 7
    assert level_of_share(values, where, 1.0) == 0
