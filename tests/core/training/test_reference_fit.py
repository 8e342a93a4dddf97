"""Distances of drawn features: new scans of the same kind lie evenly among the old ones."""

import numpy as np
import pytest

from core.training.configuration import TrainingError
from core.training.reference_fit import fit_reference


def drawn(count, seed):
    """Features along ten strong directions of 100, and noise in all."""
    random = np.random.default_rng(seed)
    directions = np.random.default_rng(0).normal(size=(10, 100))
    strong = random.normal(size=(count, 10)) * np.linspace(1, 5, 10)
    return (strong @ directions + random.normal(0, 0.1, (count, 100))).astype(np.float32)


def test_new_scans_of_the_same_kind_lie_evenly_among_the_training_scans():
    reference = fit_reference(drawn(400, 1), np.zeros(3))
    shares = [reference.out_of_distribution(each) for each in drawn(300, 2)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)
    assert np.mean(np.array(shares) > 0.9) == pytest.approx(0.1, abs=0.05)


def test_a_small_step_in_a_direction_that_no_scan_took_is_far():
    features = drawn(400, 1)
    reference = fit_reference(features, np.zeros(3))
    random = np.random.default_rng(3)
    strange = features[0] + random.normal(0, 1, 100).astype(np.float32)
    assert np.linalg.norm(strange - features[0]) < np.linalg.norm(features[0] - features[1])
    assert reference.out_of_distribution(strange) > 0.99


def test_features_that_never_vary_do_not_break_the_fit():
    features = drawn(60, 1)
    features[:, :20] = 3.0
    reference = fit_reference(features, np.zeros(3))
    assert np.isfinite(reference.distances).all()
    assert reference.out_of_distribution(features[0]) < 1


def test_too_few_scans_are_refused():
    with pytest.raises(TrainingError, match="needs 16 training scans, there are 5"):
        fit_reference(drawn(5, 1), np.zeros(3))


def test_scans_of_one_patient_are_never_measured_by_each_other():
    """Each patient's second scan is the first again: were it in the fit, both would look near."""
    once = drawn(200, 2)
    twice = np.repeat(once, 2, axis=0)
    names = [str(number) for number in range(200) for _ in "ab"]
    of_scans = fit_reference(twice, np.zeros(3)).distances.mean()
    of_patients = fit_reference(twice, np.zeros(3), patients=names).distances.mean()
    assert of_patients > of_scans
