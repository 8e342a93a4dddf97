import numpy as np
import pytest
from sklearn import metrics as theirs

from core.metrics.classification import (
    at_threshold,
    auc,
    average_precision,
    mid_ranks,
    precision_recall_curve,
    roc_curve,
    youden,
)

LABELS = np.array([1, 1, 0, 1, 0, 0])
SCORES = np.array([0.9, 0.6, 0.6, 0.4, 0.3, 0.1])
"""By hand: pairs won 3 + 2.5 + 2 of 9."""


def many(seed, size=400, *, rounded):
    random = np.random.default_rng(seed)
    labels = random.random(size) < 0.3
    scores = random.normal(size=size) + labels
    return labels, np.round(scores, 1) if rounded else scores


def test_the_area_is_the_share_of_pairs_won_and_a_tie_counts_half():
    assert auc(LABELS, SCORES) == pytest.approx(7.5 / 9)
    assert auc([1, 0], [1.0, 1.0]) == 0.5
    assert auc([1, 0], [0.2, 0.1]) == 1.0
    assert auc([1, 0], [0.1, 0.2]) == 0.0


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_areas_and_curves_equal_those_of_scikit_learn(seed, rounded):
    labels, scores = many(seed, rounded=rounded)
    assert auc(labels, scores) == pytest.approx(theirs.roc_auc_score(labels, scores), abs=1e-12)
    expected = theirs.average_precision_score(labels, scores)
    assert average_precision(labels, scores) == pytest.approx(expected, abs=1e-12)
    false_rate, true_rate, thresholds = theirs.roc_curve(labels, scores, drop_intermediate=False)
    ours = roc_curve(labels, scores)
    assert np.allclose(ours.false_positive_rate, false_rate)
    assert np.allclose(ours.true_positive_rate, true_rate)
    assert np.array_equal(ours.thresholds, thresholds)
    precision, recall, cuts = theirs.precision_recall_curve(labels, scores)
    mine = precision_recall_curve(labels, scores)
    assert np.allclose(mine.precision[::-1], precision[:-1])
    assert np.allclose(mine.recall[::-1], recall[:-1])
    assert np.array_equal(mine.thresholds[::-1], cuts)


def test_the_area_depends_on_the_order_of_scores_alone():
    labels, scores = many(5, rounded=False)
    assert auc(labels, np.exp(scores)) == auc(labels, scores)
    assert auc(labels, -scores) == pytest.approx(1 - auc(labels, scores))


def test_a_score_at_the_threshold_is_called_positive():
    found = at_threshold(LABELS, SCORES, 0.6)
    counts = (
        found.true_positives,
        found.false_positives,
        found.true_negatives,
        found.false_negatives,
    )
    assert counts == (2, 1, 2, 1)
    assert found.sensitivity == pytest.approx(2 / 3)
    assert found.specificity == pytest.approx(2 / 3)
    assert found.positive_predictive_value == pytest.approx(2 / 3)
    assert found.negative_predictive_value == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.matthews == pytest.approx((2 * 2 - 1 * 1) / 9)


@pytest.mark.parametrize("threshold", [-0.5, 0.3, 1.2])
def test_values_at_a_threshold_equal_those_of_scikit_learn(threshold):
    labels, scores = many(7, rounded=False)
    found, called = at_threshold(labels, scores, threshold), scores >= threshold
    assert found.sensitivity == pytest.approx(theirs.recall_score(labels, called))
    assert found.positive_predictive_value == pytest.approx(theirs.precision_score(labels, called))
    assert found.f1 == pytest.approx(theirs.f1_score(labels, called))
    assert found.matthews == pytest.approx(theirs.matthews_corrcoef(labels, called))


def test_what_would_divide_by_zero_has_no_value():
    nobody = at_threshold(LABELS, SCORES, 2.0)
    assert nobody.positive_predictive_value is None
    assert nobody.matthews is None
    assert (nobody.sensitivity, nobody.specificity, nobody.f1) == (0.0, 1.0, 0.0)


def test_youdens_threshold_has_the_greatest_sum_and_lies_between_scores():
    labels, scores = many(2, rounded=False)
    threshold = youden(labels, scores)
    assert threshold not in scores

    def gain(cut):
        found = at_threshold(labels, scores, cut)
        return found.sensitivity + found.specificity

    assert gain(threshold) == pytest.approx(max(map(gain, scores)))
    assert youden([0, 0, 1], [0.1, 0.2, 0.8]) == pytest.approx(0.5)
    assert youden([1, 0], [0.1, 0.2]) == 0.1  # nothing gained: the lowest calls all positive


def test_equal_values_share_the_mean_of_their_ranks():
    assert mid_ranks(np.array([3.0, 1, 3, 2, 3])).tolist() == [4, 1, 4, 2, 4]


@pytest.mark.parametrize(
    ("labels", "scores", "words"),
    [
        ([1, 1], [0.1, 0.2], "both classes are needed, got 2 of 2"),
        ([1, 0], [0.1, np.nan], "finite"),
        ([1, 0], [0.1], "one score for each label"),
        ([1, 2], [0.1, 0.2], "true or false"),
    ],
)
def test_what_has_no_area_is_refused(labels, scores, words):
    with pytest.raises(ValueError, match=words):
        auc(labels, scores)
