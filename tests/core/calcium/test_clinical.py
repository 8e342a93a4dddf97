"""The score as columns of a hybrid model's card."""

from math import sqrt

import pytest

from core.calcium.categories import VisualGrade
from core.calcium.clinical import NAMES, calcium_values
from core.calcium.edits import AddLesion
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.models.cards import ClinicalColumn
from core.models.clinical_values import scaled
from tests.core.calcium.blocks import at, scan
from tests.results import example_result


def score_of(*vessels):
    blocks = [
        (slice(1, 3), slice(5, 7), slice(5, 10), 250),
        (slice(4, 5), slice(20, 22), slice(5, 10), 450),
    ]
    reading = Reading(scan(blocks))
    for vessel, index in zip(vessels, ((1, 6, 7), (4, 21, 7)), strict=False):
        x, y, z = at(reading.volume, index)
        reading = reading.edited(AddLesion((x, y, z), vessel))
    return reading.score()


def test_the_values_are_those_of_the_coronary_total():
    values = calcium_values(score_of(Vessel.LAD, Vessel.OTHER))
    expected = {
        "agatston": 40.0,  # 2 slices of 10 mm2, weight 2
        "agatston_category": 2.0,
        "calcium_volume_mm3": 60.0,
        "root_calcium_volume": sqrt(60.0),
    }
    assert values == pytest.approx(expected, rel=1e-12)


def test_the_visual_grade_is_the_readers_and_left_out_where_none_was_given():
    score = score_of(Vessel.LAD)
    assert calcium_values(score, VisualGrade.SEVERE)["visual_grade"] == 3
    assert calcium_values(score, VisualGrade.NONE)["visual_grade"] == 0
    assert "visual_grade" not in calcium_values(score), "points are not what a reader saw"
    assert set(calcium_values(score, VisualGrade.MILD)) == set(NAMES)


def test_without_calcium_all_values_are_zero():
    assert set(calcium_values(score_of()).values()) == {0.0}


def test_they_fill_a_card_that_asks_for_them():
    """No card of ours does yet: this one is made up."""
    columns = (
        ClinicalColumn(name="agatston", title="Agatston", unit="", minimum=0, maximum=400),
        ClinicalColumn(name="visual_grade", title="Visual grade", unit="", minimum=0, maximum=3),
    )
    _, result = example_result()
    card = result.card.model_copy(update={"clinical": columns})
    values = calcium_values(score_of(Vessel.LAD), VisualGrade.MILD)
    given = {column.name: values[column.name] for column in card.clinical}
    assert scaled(card, given) == pytest.approx([0.1, 1 / 3])
