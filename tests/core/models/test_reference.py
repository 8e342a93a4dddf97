"""Percentiles and distances among reference scans, by hand arithmetic."""

import numpy as np
import pytest

from core.models.reference import Reference, placed, reference_from
from core.prognosis import FAR_FROM_TRAINING, Prognosis

SQUARE = Reference(
    np.array([1.0, 2.0], np.float32),
    np.array([[1.0, 0.0], [0.0, 0.5]], np.float32),
    np.array([1.0, 2.0, 3.0, 4.0], np.float32),
    np.array([-1.0, 0.0, 0.0, 2.0], np.float32),
)
PROGNOSIS = Prognosis("m", "death", 0.5, (), None, risk_score=0.0)


def test_the_distance_is_measured_in_whitened_directions():
    assert SQUARE.distance(np.array([4.0, 10.0], np.float32)) == pytest.approx(5)  # 3, 8 / 2


@pytest.mark.parametrize(("score", "share"), [(-5, 0), (-1, 0.125), (0, 0.5), (1, 0.75), (9, 1)])
def test_the_percentile_counts_lower_scores_and_half_of_the_equal_ones(score, share):
    assert SQUARE.percentile(score) == share


@pytest.mark.parametrize(("x", "share", "is_far"), [(1, 0, False), (3.5, 0.5, False), (9, 1, True)])
def test_a_scan_beyond_the_training_scans_is_said_to_be_far(x, share, is_far):
    found = placed(PROGNOSIS, SQUARE, np.array([x, 2.0], np.float32))
    assert found.out_of_distribution == share
    assert (FAR_FROM_TRAINING in found.warnings) is is_far
    assert found.percentile == 0.5


def test_it_is_read_as_it_was_written():
    again = reference_from(SQUARE.to_bytes())
    np.testing.assert_array_equal(again.whitening, SQUARE.whitening)
    np.testing.assert_array_equal(again.risk_scores, SQUARE.risk_scores)
    with pytest.raises(ValueError, match="not a reference"):
        reference_from(b"nothing")
