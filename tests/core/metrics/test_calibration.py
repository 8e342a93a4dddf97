import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from core.metrics.calibration import (
    brier,
    expected_calibration_error,
    fit_platt,
    log_odds,
    reliability,
    wilson,
)


def drawn(seed, size=4000, slope=0.8, intercept=-1.0):
    random = np.random.default_rng(seed)
    scores = random.normal(size=size) * 2
    chance = 1 / (1 + np.exp(-(slope * scores + intercept)))
    return random.random(size) < chance, scores, chance


def test_the_unsmoothed_fit_equals_logistic_regression():
    labels, scores, _ = drawn(1)
    ours = fit_platt(labels, scores, smoothed=False)
    theirs = LogisticRegression(C=1e12, tol=1e-10).fit(scores[:, None], labels)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-5)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], rel=1e-5)


def test_the_truth_is_found_again_and_its_probabilities_are_calibrated():
    labels, scores, _ = drawn(2)
    platt = fit_platt(labels, scores)
    assert platt.slope == pytest.approx(0.8, abs=0.08)
    assert platt.intercept == pytest.approx(-1.0, abs=0.12)
    fresh, new_scores, _ = drawn(3)
    assert expected_calibration_error(fresh, platt.probability(new_scores)) < 0.03


def test_the_fit_does_not_hang_on_the_unit_of_the_score():
    labels, scores, _ = drawn(4, 300)
    near = fit_platt(labels, scores).probability(scores)
    far = fit_platt(labels, 1e4 * scores + 1e6).probability(1e4 * scores + 1e6)
    assert np.allclose(near, far, atol=1e-6)


def test_smoothed_targets_keep_separated_classes_finite():
    labels, scores = np.array([0, 0, 0, 1, 1]), np.array([0.0, 1, 2, 10, 11])
    probability = fit_platt(labels, scores).probability(scores)
    assert 0.1 < probability[0] < 0.3  # near the target 1 / 5
    assert 0.65 < probability[-1] < 0.9  # near 3 / 4
    with pytest.raises(ValueError, match="separates the classes"):
        fit_platt(labels, scores, smoothed=False)


def test_a_score_that_tells_nothing_gives_the_share_of_deaths():
    platt = fit_platt([1, 0, 0, 0], np.ones(4), smoothed=False)
    assert platt.slope == 0
    assert platt.probability([7.0])[0] == pytest.approx(0.25)


def test_bins_of_equal_count_hold_predicted_and_observed_shares():
    labels = np.array([0, 0, 1, 0, 1, 1, 1, 1])
    found = reliability(labels, np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]), bins=2)
    assert [(each.count, each.observed) for each in found] == [(4, 0.25), (4, 1.0)]
    assert [each.predicted for each in found] == pytest.approx([0.25, 0.75])
    assert found[0].low < 0.25 < found[0].high


def test_equal_probabilities_stay_in_one_bin():
    found = reliability([0, 1, 0, 1, 1], [0.3, 0.3, 0.3, 0.3, 0.9], bins=5)
    assert [each.count for each in found] == [4, 1]


def test_the_calibration_error_of_hand_made_bins():
    labels = [0, 1, 1, 1]
    assert expected_calibration_error(labels, [0.2, 0.2, 0.6, 0.6], bins=2) == pytest.approx(
        0.5 * 0.3 + 0.5 * 0.4
    )


def test_the_brier_score_equals_that_of_scikit_learn():
    labels, _, chance = drawn(6, 500)
    assert brier(labels, chance) == pytest.approx(brier_score_loss(labels, chance))
    with pytest.raises(ValueError, match="within 0 and 1"):
        brier([0, 1], [0.2, 1.2])


def test_wilsons_interval_is_the_published_one():
    # Newcombe, Stat Med 1998;17:857, table I: 15 of 148 and 0 of 20.
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_log_odds_undo_the_logistic_function_and_stay_finite():
    p = np.array([0.1, 0.5, 0.99])
    assert 1 / (1 + np.exp(-log_odds(p))) == pytest.approx(p)
    assert np.isfinite(log_odds([0.0, 1.0])).all()
