import numpy as np
import pytest

from core.metrics.classification import at_threshold
from core.metrics.decision_intervals import NAMES, DecidedFold, decision_intervals


def decided(seed, size=120):
    random = np.random.default_rng(seed)
    labels = random.random(size) < 0.4
    called = random.normal(size=size) + labels >= 0.5
    return DecidedFold(labels, called, tuple(f"{seed}-{k}" for k in range(size)))


def test_values_are_those_of_the_counts_and_their_mean_over_folds():
    folds = [decided(1), decided(2)]
    found = decision_intervals(folds, resamples=50)
    for name in NAMES:
        by_hand = [getattr(at_threshold(f.labels, f.called * 1.0, 0.5), name) for f in folds]
        assert found[name].folds == pytest.approx(by_hand)
        assert found[name].interval.value == pytest.approx(np.mean(by_hand))
        assert found[name].deviation == pytest.approx(np.std(by_hand, ddof=1))


def test_the_interval_of_sensitivity_is_that_of_a_share():
    fold = decided(3, 600)
    found = decision_intervals([fold])["sensitivity"].interval
    deaths = fold.labels.sum()
    expected = 1.96 * (found.value * (1 - found.value) / deaths) ** 0.5
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.1)
    assert found.low < found.value < found.high


def test_the_interval_holds_the_truth_as_often_as_it_promises():
    # Sensitivity at 0.5 of a normal distribution about 1.
    hits = []
    for seed in range(200):
        folds = [decided(seed * 3 + k, 60) for k in range(3)]
        found = decision_intervals(folds, resamples=300, seed=seed)
        hits.append(0.6914625 in found["sensitivity"].interval)
    assert np.mean(hits) > 0.9


def test_a_value_that_does_not_exist_is_nan_and_has_no_interval():
    fold = DecidedFold(np.array([True, False]), np.array([False, False]), ("a", "b"))
    found = decision_intervals([fold], resamples=20)
    assert np.isnan(found["positive_predictive_value"].interval.value)
    assert np.isnan(found["positive_predictive_value"].interval.low)
    assert found["specificity"].interval.value == 1.0
    assert np.isnan(found["specificity"].deviation)


def test_the_same_seed_gives_the_same_interval():
    assert decision_intervals([decided(1)], resamples=40) == decision_intervals(
        [decided(1)], resamples=40
    )
