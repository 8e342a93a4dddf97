"""The edges of the categories."""

import pytest

from core.calcium.categories import (
    VisualGrade,
    bin_name,
    cac_drs,
    cac_drs_visual,
    corresponding_grade,
)


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (0, "0"), (0.2, "1-10"), (10, "1-10"), (10.5, "11-100"), (100, "11-100"),
        (101, "101-400"), (400, "101-400"), (400.1, "> 400"), (5000, "> 400"),
    ],
)  # fmt: skip
def test_every_score_has_its_category(score, name):
    assert bin_name(score) == name


@pytest.mark.parametrize(
    ("score", "vessels", "words"),
    [
        (0, 0, "A0"), (0.5, 1, "A1/N1"), (99.9, 1, "A1/N1"), (100, 2, "A2/N2"),
        (299, 3, "A2/N3"), (300, 4, "A3/N4"),
    ],
)  # fmt: skip
def test_cac_drs_counts_points_and_vessels(score, vessels, words):
    assert cac_drs(score, vessels) == words


def test_the_visual_grade_stands_for_scans_without_gating():
    assert cac_drs_visual(VisualGrade.MODERATE, 3) == "V2/N3"
    assert corresponding_grade(212) is VisualGrade.MODERATE
    assert VisualGrade.MILD.words == "mild"


@pytest.mark.parametrize("score", [-1, float("nan")])
def test_what_is_no_score_has_no_category(score):
    with pytest.raises(ValueError, match="0 or more"):
        bin_name(score)


def test_more_than_four_vessels_are_refused():
    with pytest.raises(ValueError, match="0 to 4"):
        cac_drs(10, 5)
