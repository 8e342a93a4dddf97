import subprocess
import sys
from pathlib import Path

import pytest

from core.saliency.map_trust import (
    AGREEMENT,
    FLIP,
    NOISE,
    PART_TITLES,
    SHIFT,
    STABILITY_WEIGHTS,
    WEIGHTS,
    TrustPart,
    band,
    trust_of,
    trust_score,
)

BEST = dict.fromkeys(PART_TITLES, 1.0)


def parts(values):
    return tuple(TrustPart(name, value, "Seen.", 0.5) for name, value in values.items())


def test_the_score_by_hand():
    values = {WEIGHTS: 0.64, SHIFT: 0.9, NOISE: 0.8, FLIP: 0.3, AGREEMENT: 0.7}
    # stability (2 x 0.9 + 2 x 0.8 + 0.3 + 0.7) / 6 = 0.7333; root of 0.64 x 0.7333 = 0.6851
    assert trust_score(values) == 69


@pytest.mark.parametrize(("value", "score"), [(1.0, 100), (0.0, 0)])
def test_the_ends_of_the_scale(value, score):
    assert trust_score(dict.fromkeys(PART_TITLES, value)) == score


def test_stability_does_not_make_up_for_a_picture_that_owes_nothing_to_the_weights():
    assert trust_score(BEST | {WEIGHTS: 0.0}) == 0


def test_dependence_on_the_weights_does_not_make_up_for_a_picture_that_does_not_stay():
    assert trust_score(dict.fromkeys(STABILITY_WEIGHTS, 0.0) | {WEIGHTS: 1.0}) == 0


@pytest.mark.parametrize("name", PART_TITLES)
def test_no_part_lowers_the_score_as_it_grows(name):
    middle = dict.fromkeys(PART_TITLES, 0.5)
    scores = [trust_score(middle | {name: value}) for value in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert scores == sorted(scores)
    assert scores[-1] > scores[0]


def test_values_beyond_the_scale_are_clipped():
    assert trust_score(BEST | {FLIP: -0.4}) == trust_score(BEST | {FLIP: 0.0})
    assert trust_score(BEST | {NOISE: 1.7}) == 100


def test_a_missing_part_is_not_counted_and_is_named():
    values = {WEIGHTS: 0.64, SHIFT: 1.0, NOISE: 1.0, FLIP: 1.0}
    trust = trust_of(parts(values))
    assert trust.score == 80
    assert trust.missing == (AGREEMENT,)
    assert PART_TITLES[AGREEMENT] in trust.words


def test_without_any_part_the_score_is_nought():
    assert trust_score({}) == 0


@pytest.mark.parametrize(
    ("score", "word"),
    [(0, "not trustworthy"), (39, "not trustworthy"), (40, "doubtful"), (69, "doubtful"),
     (70, "consistent"), (100, "consistent")],
)  # fmt: skip
def test_the_bands(score, word):
    assert band(score) == word


def test_the_words_say_the_band_first_and_never_that_a_map_is_correct():
    for value in (0.1, 0.5, 0.9):
        trust = trust_of(parts(dict.fromkeys(PART_TITLES, value)), remark="A remark.")
        assert trust.words.startswith(trust.band)
        assert trust.words.endswith("A remark.")
        assert "correct" not in trust.words


def test_the_seconds_are_those_of_all_parts():
    assert trust_of(parts(BEST)).seconds == pytest.approx(2.5)


def test_the_viewer_may_read_it_without_torch():
    code = "import core.saliency.map_trust, sys; print('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"
