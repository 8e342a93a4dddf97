import numpy as np
import pytest

from core.phantom.motion import HEART_RIM_MM, blur_heart, breathing_at, slice_weights


@pytest.mark.parametrize(
    ("thickness_mm", "expected"),
    [
        (2.0, [1 / 8, 3 / 4, 1 / 8]),  # the mean of a piecewise linear body over the increment
        (1.0, [1 / 16, 7 / 8, 1 / 16]),
        (4.0, [1 / 4, 1 / 2, 1 / 4]),
    ],
)
def test_a_slice_averages_what_lies_in_its_thickness(thickness_mm, expected):
    assert slice_weights(thickness_mm, 2.0) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("motion_mm", [0.5, 2.0])
def test_motion_widens_the_profile_by_its_variance(motion_mm):
    weights = slice_weights(2.0, 2.0, motion_mm)
    places_mm = (np.arange(len(weights)) - len(weights) // 2) * 2.0
    linear_mm2, box_mm2 = 2.0**2 / 6, 2.0**2 / 12
    expected = motion_mm**2 + box_mm2 + linear_mm2
    assert weights @ places_mm**2 == pytest.approx(expected, rel=0.02)
    assert weights.sum() == pytest.approx(1)
    assert weights == pytest.approx(weights[::-1])


def test_the_bases_move_and_the_apices_do_not():
    heights_mm = np.linspace(-150, 150, 31)
    motion = [breathing_at(z, 2.0) for z in heights_mm]
    assert motion[0] == 2
    assert motion[-1] == 0
    assert np.all(np.diff(motion) <= 0)
    assert breathing_at(0.0, 2.0) == pytest.approx(1)


def test_the_heart_is_blurred_and_what_is_far_from_it_is_not():
    random = np.random.default_rng(0)
    picture = random.normal(0, 100, (100, 100)).astype(np.float32)
    before = picture.copy()
    heart = np.zeros((100, 100), bool)
    heart[40:60, 40:60] = True
    blur_heart(picture, heart, 1.0)
    assert picture[42:58, 42:58].std() < 0.6 * before[42:58, 42:58].std()
    far = np.ones_like(heart)
    reach = int(3 * HEART_RIM_MM)
    far[40 - reach : 60 + reach, 40 - reach : 60 + reach] = False
    assert np.array_equal(picture[far], before[far])


def test_a_slice_without_heart_stays_as_it_is():
    picture = np.arange(25, dtype=np.float32).reshape(5, 5)
    blur_heart(picture, np.zeros((5, 5), bool), 1.0)
    assert np.array_equal(picture, np.arange(25).reshape(5, 5))
