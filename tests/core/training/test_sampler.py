"""Which scans make up an epoch."""

import numpy as np
import pytest

from core.training.sampler import each_once, even_draws

LABELS = np.arange(300) < 30


def test_both_classes_are_drawn_equally_often_though_one_is_rare():
    drawn = np.concatenate([even_draws(LABELS, 24, 7, epoch) for epoch in range(40)])
    share = LABELS[drawn].mean()
    assert share == pytest.approx(0.5, abs=0.02)
    counts = np.bincount(drawn.ravel(), minlength=300)
    assert counts[:30].min() > counts[30:].max() / 3
    assert counts.min() > 0


def test_an_epoch_has_as_many_draws_as_scans_in_whole_batches():
    assert even_draws(LABELS, 24, 7, 0).shape == (12, 24)
    assert each_once(300, 24, 7, 0).shape == (12, 24)


def test_an_epoch_hangs_on_its_place_alone():
    np.testing.assert_array_equal(even_draws(LABELS, 24, 7, 3), even_draws(LABELS, 24, 7, 3))
    assert not np.array_equal(even_draws(LABELS, 24, 7, 3), even_draws(LABELS, 24, 7, 4))


def test_each_scan_comes_at_most_once():
    order = each_once(300, 24, 7, 0)
    assert len(np.unique(order)) == 12 * 24


def test_fewer_scans_than_a_batch_still_make_a_batch():
    order = each_once(5, 8, 7, 0)
    assert order.shape == (1, 8)
    assert set(order.ravel()) == set(range(5))


def test_a_class_without_scans_cannot_be_drawn():
    with pytest.raises(ValueError, match="both classes"):
        even_draws(np.zeros(10, bool), 4, 1)
