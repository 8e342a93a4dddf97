"""Numbers under the uncertainty bar never overprint each other."""

from itertools import pairwise

import numpy as np
import pytest

from core.calcium.uncertainty import Uncertainty
from viewer.calcium.result_strip import spread_words
from viewer.calcium.spread_bar import SpreadBar, placed
from viewer.self_test_hands import picture_of


def width_of(text):
    return 7.0 * len(text)


def test_numbers_keep_apart_and_the_ends_are_always_written():
    rng = np.random.default_rng(4)
    for _ in range(300):
        ends = sorted(rng.uniform(0, 300, 2))
        numbers = [(x, "123") for x in (*ends, *rng.uniform(0, 300, 3))]
        found = placed(numbers, width_of, 320.0)
        assert [text for _, text in found][:2] == ["123", "123"]
        starts = sorted(start for start, _ in found)
        assert starts[0] >= 0
        assert starts[-1] + width_of("123") <= 320
        crowded = ends[0] < 25 or ends[1] > 295  # at the border the ends have no way out
        if not crowded:
            assert all(b - a >= width_of("123") for a, b in pairwise(starts))


@pytest.mark.gui
def test_the_bar_is_drawn_and_hidden_without_an_interval(qtbot):
    bar = SpreadBar()
    qtbot.addWidget(bar)
    bar.resize(340, 40)
    bar.show_spread(120.0, Uncertainty(80.0, 140.0, 75.0, 150.0, 0.2, (), 18.0))
    drawn = picture_of(bar)
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 5
    bar.show_spread(120.0, None)
    assert not bar.isVisible()


def test_the_words_name_the_averages_where_slices_are_thin():
    thick = Uncertainty(80.0, 140.0, 75.0, 150.0, 0.25, (), 18.0)
    assert spread_words(thick) == (
        "95 % of re-scorings: 80 to 140  ·  chance of another category 25 %"
    )
    thin = Uncertainty(
        80.0, 140.0, 75.0, 150.0, 0.25, (90.0, 95.0, 99.0), 18.0, "averages of 2.8 mm"
    )
    assert "on averages of 2.8 mm: 80 to 140" in spread_words(thin)
