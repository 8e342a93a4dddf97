"""Maps of 0..1 that remember their unit, and thresholds that come before interpolation."""

import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.saliency.normalise import to_saliency_map

GEOMETRY = VolumeGeometry((2, 2, 2), np.eye(4))


def saliency(raw, **options):
    raw = np.array(raw, dtype=np.float32).reshape(2, 2, 2)
    return to_saliency_map(
        raw, GEOMETRY, method="gradcam", target="logit", threshold=0.5, **options
    )


def test_the_maximum_becomes_one_and_the_raw_value_can_be_recovered():
    made = saliency([0, 1, 2, 3, 4, 5, 6, 8])
    assert made.values.max() == 1
    assert made.values.ravel() * made.unit_value == pytest.approx([0, 1, 2, 3, 4, 5, 6, 8])


def test_a_percentile_clips_what_lies_above_it():
    made = saliency([0, 1, 1, 1, 1, 1, 1, 1000], unit_percentile=50)
    assert made.unit_value == 1
    assert made.values.max() == 1
    assert made.unit_percentile == 50


@pytest.mark.parametrize(
    ("options", "said"), [({}, "maximum"), ({"unit_percentile": 99.9}, "99.9th percentile")]
)
def test_a_map_says_what_its_one_is(options, said):
    made = saliency([0, 1, 2, 3, 4, 5, 6, 8], **options)
    assert made.unit_words == said
    assert made.thresholded(0.2).unit_words == said


def test_a_map_of_nothing_stays_nothing():
    made = saliency([0] * 8)
    assert made.unit_value == 0
    assert not made.values.any()


def test_the_threshold_keeps_what_reaches_it_and_drops_the_rest():
    kept = saliency([0, 1, 2, 3, 4, 5, 6, 8]).thresholded()
    assert kept.values.ravel().tolist() == [0, 0, 0, 0, 0.5, 0.625, 0.75, 1]
    assert kept.threshold == 0.5


def test_a_signed_map_runs_from_minus_one_to_one_and_is_thresholded_by_size():
    made = saliency([-8, -4, -1, 0, 1, 2, 4, 6])
    assert made.values.ravel().tolist() == [-1, -0.5, -0.125, 0, 0.125, 0.25, 0.5, 0.75]
    assert made.unit_value == 8
    assert made.thresholded().values.ravel().tolist() == [-1, -0.5, 0, 0, 0, 0, 0.5, 0.75]


def test_a_signed_map_is_clipped_on_both_sides():
    made = saliency([-1000, 1, 1, -1, 1, -1, 1, 1000], unit_percentile=50)
    assert made.values.ravel().tolist() == [-1, 1, 1, -1, 1, -1, 1, 1]
