import numpy as np
import pytest

from core.phantom.plaque import Plaque
from core.phantom.plaque_score import agatston, expected_agatston, picture
from core.phantom.subject import Finding

UPRIGHT = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def plaque(radius=1.5, hu=600.0):
    return Plaque(
        Finding.CORONARY_CALCIUM,
        None,
        (0, 0, 0),
        (1.5 * radius, radius, radius),
        UPRIGHT,
        hu,
        0,
        1.6,
    )


def slices_with(area_px, hu):
    seen = np.zeros((1, 20, 20), np.float32)
    seen.ravel()[:area_px] = hu
    return seen


@pytest.mark.parametrize(
    ("area_px", "hu", "increment_mm", "points"),
    [
        (10, 250, 3.0, 20),  # references.md 6: 10 mm2 at 250 HU -> 20
        (10, 350, 3.0, 30),
        (5, 130, 3.0, 5),
        (5, 129, 3.0, 0),
        (10, 400, 1.5, 20),  # half the increment, half the points
        (10, 199.9, 3.0, 10),
    ],
)
def test_hand_cases_of_the_rule(area_px, hu, increment_mm, points):
    assert agatston(slices_with(area_px, hu), 1.0, increment_mm) == pytest.approx(points)


def test_less_than_a_square_millimetre_counts_nothing():
    assert agatston(slices_with(3, 300), 0.33, 3.0) == 0
    assert agatston(slices_with(4, 300), 0.25, 3.0) == 3


def test_slices_are_weighted_each_by_its_own_maximum():
    seen = np.concatenate([slices_with(10, 450), slices_with(10, 150)])
    assert agatston(seen, 1.0, 3.0) == 40 + 10


def test_blur_keeps_the_sum_of_what_is_brighter_than_the_surroundings():
    filled = np.zeros((1, 31, 31), np.float32)
    filled[0, 14:17, 14:17] = 1
    sharp, blurred = (picture(filled, filled, 500.0, s).sum() for s in (1e-3, 1.2))
    assert blurred == pytest.approx(sharp, rel=1e-3)


def test_expected_points_grow_with_size_and_density():
    by_size = [expected_agatston(plaque(radius=r)) for r in (0.8, 1.2, 1.6, 2.4)]
    by_density = [expected_agatston(plaque(hu=h)) for h in (250, 400, 700, 1100)]
    assert (np.diff(by_size) > 0).all()
    assert (np.diff(by_density) > 0).all()


def test_a_large_dense_plaque_scores_four_times_its_volume_over_three_millimetres():
    """Far larger than the blur, of a density that shines through: weight 4, edges at 130 HU."""
    large = plaque(radius=9.0, hu=260.0 - (-30.0))
    volume = large.volume_mm3
    assert expected_agatston(large) == pytest.approx(2 * volume / 3, rel=0.1)
    dense = plaque(radius=9.0, hu=600.0)
    assert 4 * volume / 3 < expected_agatston(dense) < 4.9 * volume / 3  # blur spreads its edge
