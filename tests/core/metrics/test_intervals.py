import numpy as np
import pytest

from core.metrics.classification import auc
from core.metrics.intervals import (
    auc_difference,
    auc_interval,
    bootstrap_auc,
    bootstrap_interval,
    fold_auc_interval,
    resampled_patients,
)


def sample(seed, size=200, shift=1.0, share=1 / 3):
    random = np.random.default_rng(seed)
    labels = random.random(size) < share
    return labels, random.normal(size=size) + shift * labels


def deviation(interval):
    return (interval.high - interval.low) / (2 * 1.959964)


def test_delong_equals_the_definition_with_placements_by_hand():
    labels = np.array([1, 1, 1, 0, 0, 0, 0])
    scores = np.array([5.0, 3.0, 2.0, 4.0, 2.0, 1.0, 0.0])
    v10 = np.array([1, 3 / 4, 2.5 / 4])
    v01 = np.array([1 / 3, 2.5 / 3, 1, 1])
    expected = (v10.var(ddof=1) / 3 + v01.var(ddof=1) / 4) ** 0.5
    found = auc_interval(labels, scores)
    assert found.value == pytest.approx(v10.mean())
    assert found.low == pytest.approx(found.value - 1.959964 * expected)
    assert found.high == 1.0  # cut


def test_delong_agrees_with_a_bootstrap_of_patients():
    labels, scores = sample(1, 300)
    draws = resampled_patients(np.arange(300), strata=labels, resamples=1500)
    boot = bootstrap_interval(
        auc(labels, scores), lambda counts: bootstrap_auc(labels, scores, counts), draws
    )
    found = auc_interval(labels, scores)
    assert found.low == pytest.approx(boot.low, abs=0.012)
    assert found.high == pytest.approx(boot.high, abs=0.012)


def test_delongs_interval_holds_the_true_area_as_often_as_it_promises():
    true_area = 0.7602499  # of two normal distributions one SD apart
    hits = [true_area in auc_interval(*sample(seed, 150)) for seed in range(600)]
    assert 0.92 <= np.mean(hits) <= 0.98


def test_scans_that_repeat_a_patient_do_not_narrow_the_interval():
    labels, scores = sample(3, 120)
    names = np.array([f"p{k}" for k in range(120)])
    once = auc_interval(labels, scores)
    twice = (np.tile(labels, 2), np.tile(scores, 2))
    naive = auc_interval(*twice)
    clustered = auc_interval(*twice, patients=np.tile(names, 2))
    assert deviation(naive) < 0.75 * deviation(once)
    assert deviation(clustered) == pytest.approx(deviation(once), rel=0.01)
    assert auc_interval(labels, scores, patients=names) == once


def test_scans_of_one_patient_that_disagree_in_class_are_allowed_for():
    # Obuchowski's covariance of both kinds of scans of one patient: compared with a bootstrap.
    random = np.random.default_rng(5)
    names = np.repeat(np.arange(80), 3)
    labels = random.random(240) < 0.4
    scores = np.repeat(random.normal(size=80), 3) + random.normal(size=240) + labels
    found = auc_interval(labels, scores, patients=names)
    boot = bootstrap_interval(
        found.value,
        lambda counts: bootstrap_auc(labels, scores, counts),
        resampled_patients(names, resamples=1500),
    )
    assert deviation(found) == pytest.approx(deviation(boot), rel=0.1)


def test_the_mean_over_folds_varies_less_than_one_fold():
    folds = [sample(seed, 90) for seed in range(5)]
    found = fold_auc_interval(folds)
    singles = [auc_interval(*fold) for fold in folds]
    assert found.value == pytest.approx(np.mean([each.value for each in singles]))
    expected = np.sqrt(sum(deviation(each) ** 2 for each in singles)) / 5
    assert deviation(found) == pytest.approx(expected, rel=0.02)


def test_the_interval_over_folds_promises_no_more_than_it_holds():
    def hit(seed):
        return 0.7602499 in fold_auc_interval([sample(seed * 5 + k, 60) for k in range(5)])

    assert 0.91 <= np.mean([hit(seed) for seed in range(300)]) <= 0.985


def test_a_model_does_not_differ_from_itself_and_a_better_one_does():
    labels, scores = sample(8, 400)
    same, p = auc_difference([(labels, scores, scores)])
    assert (same.value, same.low, same.high, p) == (0.0, 0.0, 0.0, 1.0)
    noise = scores + np.random.default_rng(9).normal(scale=2, size=400)
    better, p_better = auc_difference([(labels, scores, noise)])
    assert better.low > 0
    assert p_better < 0.01
    assert auc_difference([(labels, noise, scores)])[0].value == -better.value


def test_the_difference_of_paired_models_agrees_with_a_bootstrap():
    labels, scores = sample(11, 300)
    other = scores + np.random.default_rng(12).normal(size=300)
    found, _ = auc_difference([(labels, scores, other)])
    boot = bootstrap_interval(
        found.value,
        lambda counts: bootstrap_auc(labels, scores, counts) - bootstrap_auc(labels, other, counts),
        resampled_patients(np.arange(300), strata=labels, resamples=1500),
    )
    assert deviation(found) == pytest.approx(deviation(boot), rel=0.1)


def test_the_difference_over_folds_is_the_mean_of_the_folds_differences():
    folds = []
    for seed in range(3):
        labels, scores = sample(seed, 80)
        folds.append((labels, scores, scores + np.random.default_rng(seed).normal(size=80)))
    singles = [auc_difference([fold])[0] for fold in folds]
    found, p = auc_difference(folds)
    assert found.value == pytest.approx(np.mean([each.value for each in singles]))
    expected = np.sqrt(sum(deviation(each) ** 2 for each in singles)) / 3
    assert deviation(found) == pytest.approx(expected, rel=1e-5)
    assert (p < 0.05) == (0 not in found)


def test_the_difference_test_rejects_as_often_as_it_says_where_nothing_differs():
    def p_of(seed):
        labels, scores = sample(seed, 120)
        random = np.random.default_rng(seed + 9000)
        one, other = (scores + random.normal(size=120) for _ in range(2))
        return auc_difference([(labels, one, other)])[1]

    assert 0.02 <= np.mean([p_of(seed) < 0.05 for seed in range(400)]) <= 0.085


def test_a_single_positive_patient_gives_an_area_without_an_interval():
    found = auc_interval([1, 0, 0, 0], [2.0, 1.0, 3.0, 0.0])
    assert found.value == pytest.approx(2 / 3)
    assert np.isnan([found.low, found.high]).all()
    assert 0.5 not in found


def test_whole_patients_are_drawn_and_as_many_of_each_stratum_as_there_are():
    names = np.array(["a", "a", "b", "c", "d", "d"])
    strata = np.array([0, 0, 0, 1, 1, 1])
    draws = resampled_patients(names, strata=strata, resamples=200, seed=3)
    assert np.array_equal(draws[:, 0], draws[:, 1])
    assert np.array_equal(draws[:, 4], draws[:, 5])
    assert ((draws[:, 0] + draws[:, 2]) == 2).all()
    assert ((draws[:, 3] + draws[:, 4]) == 2).all()
    assert np.array_equal(draws, resampled_patients(names, strata=strata, resamples=200, seed=3))


def test_a_statistic_that_most_resamples_lack_gets_no_interval():
    draws = np.arange(100)[:, None]
    found = bootstrap_interval(0.5, lambda k: 0.5 if k[0] < 80 else None, draws)
    assert found.value == 0.5
    assert np.isnan(found.low)
    assert np.isfinite(bootstrap_interval(0.5, lambda k: 0.5 if k[0] < 95 else None, draws).low)
