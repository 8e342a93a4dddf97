import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from core.saliency.sanity import block_means, hottest_overlap, pearson, spearman

MEASURES = (pearson, spearman, hottest_overlap)


def two_maps(seed=3):
    """Two maps that have something in common, with many equal values as GradCAM's zeros."""
    rng = np.random.default_rng(seed)
    first = np.maximum(rng.normal(size=(4, 5, 6)), 0)
    return first, np.maximum(first + 0.5 * rng.normal(size=first.shape), 0)


def test_the_correlations_are_those_of_scipy():
    first, second = two_maps()
    assert pearson(first, second) == pytest.approx(pearsonr(first.ravel(), second.ravel())[0])
    assert spearman(first, second) == pytest.approx(spearmanr(first.ravel(), second.ravel())[0])


def test_ranks_by_hand():
    # d = (0, 1, -1, 0): rho = 1 - 6 * 2 / (4 * 15) = 0.8
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 30, 20, 400])) == pytest.approx(0.8)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_map_is_wholly_like_itself_and_the_order_does_not_matter(measure):
    first, second = two_maps()
    assert measure(first, first) == pytest.approx(1)
    assert measure(first, second) == pytest.approx(measure(second, first))


@pytest.mark.parametrize("measure", [pearson, spearman])
def test_a_negative_is_minus_one_and_a_scale_changes_nothing(measure):
    first, second = two_maps()
    assert measure(first, -first) == pytest.approx(-1)
    assert measure(first, 1e-6 * second + 3) == pytest.approx(measure(first, second))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9])
def test_a_constant_map_is_unlike_any_other(measure, constant):
    first, _ = two_maps()
    same = np.full(first.shape, constant)
    assert measure(first, same) == 0
    assert measure(same, same) == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_is_compared_with_maps_of_another_shape_or_without_a_number(measure):
    with pytest.raises(ValueError, match="one shape"):
        measure(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="not finite"):
        measure(np.array([0.0, np.nan]), np.array([0.0, 1.0]))


def test_the_hottest_tenth_by_hand():
    first, second = np.zeros(20), np.zeros(20)
    first[:4] = (9, 8, 7, 6)  # hottest two: cells 0 and 1
    second[:4] = (1, 9, 8, 2)  # hottest two: cells 1 and 2
    assert hottest_overlap(first, second) == pytest.approx(1 / 3)


def test_cells_at_the_minimum_are_never_hot():
    first, second = np.zeros(100), np.zeros(100)
    first[0] = second[99] = 1.0  # ten cells are asked for, one is above 0
    assert hottest_overlap(first, second) == 0
    assert hottest_overlap(first, first) == 1


def test_block_means_by_hand():
    values = np.arange(2 * 2 * 4, dtype=np.float32).reshape(2, 2, 4)
    # columns 0-1 and 2-3 of all four rows: mean of 0 1 4 5 8 9 12 13, and 2 more
    assert block_means(values, (1, 1, 2)).tolist() == [[[6.5, 8.5]]]
    with pytest.raises(ValueError, match="divide"):
        block_means(values, (1, 1, 3))
