from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from core.data.fitness import Fitness, Level, Reason, Verdict
from core.models.cards import CardMetric
from core.prognosis import DEMONSTRATION, FAR_FROM_TRAINING, NOT_TRAINED, HorizonRisk
from tests.results import DIGEST, SERIES_UID, example_result
from viewer.panels.result_view import ResultView, ShowAnyway
from viewer.panels.result_words import (
    NOT_GIVEN,
    card_paragraphs,
    horizon_name,
    interval_words,
    percent,
    provenance_line,
    warning_reasons,
)
from viewer.panels.survival_plot import curve_words


@pytest.fixture(scope="module")
def result():
    return example_result()[1]


def text_of(widget):
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def shown(qtbot, result):
    view = ResultView(result, Fitness())
    qtbot.addWidget(view)
    return view


def with_prognosis(result, **changes):
    return replace(result, prognosis=replace(result.prognosis, **changes))


def test_every_number_of_the_result_is_shown(qtbot, result):
    text = text_of(shown(qtbot, result))
    for number in ("41.4 %", "4.1 %", "13.8 %", "24.6 %", "-0.349", DIGEST[:12], SERIES_UID[-6:]):
        assert number in text
    assert result.prognosis.outcome in text
    assert result.card.survival.outcome in text


def test_the_warning_of_the_card_comes_before_every_number(qtbot, result):
    text = text_of(shown(qtbot, result))
    assert text.index(NOT_TRAINED) < text.index("41.4 %")


def test_a_number_that_the_model_does_not_give_is_said_to_be_missing(qtbot, result):
    bare = with_prognosis(result, mortality_probability=None, horizons=(), survival_curve=None)
    text = text_of(shown(qtbot, bare))
    assert f"Survival curve: {NOT_GIVEN}" in text
    assert text.count(NOT_GIVEN) == 6  # probability, horizons, curve, group, percentile, distance
    assert "0.0 %" not in text


def test_intervals_are_shown_where_the_model_gives_them(qtbot, result):
    risks = (HorizonRisk(1, 0.04, (0.02, 0.071)), HorizonRisk(5, 0.2))
    text = text_of(shown(qtbot, with_prognosis(result, horizons=risks)))
    assert "2.0 to 7.1 %" in text
    assert "Intervals" not in text


def test_a_demonstration_model_says_so(qtbot, result):
    card = result.card.model_copy(
        update={"trained": True, "demonstration": True, "weights_sha256": DIGEST}
    )
    assert DEMONSTRATION in text_of(shown(qtbot, replace(result, card=card)))


def test_a_place_among_the_training_scans_is_told_in_words(qtbot, result):
    near = with_prognosis(result, percentile=0.62, out_of_distribution=0.4)
    view = shown(qtbot, near)
    assert "higher than 62 of 100" in text_of(view)
    assert "farther than 40 of 100" in text_of(view)
    assert view.findChild(ShowAnyway) is None


def test_numbers_of_a_scan_unlike_the_training_scans_are_grey_until_asked_for(qtbot, result):
    far = with_prognosis(
        result, out_of_distribution=1.0, warnings=(*result.prognosis.warnings, FAR_FROM_TRAINING)
    )
    view = shown(qtbot, far)
    gate = view.findChild(ShowAnyway)
    numbers = next(
        each
        for each in view.findChildren(QWidget)
        if each.accessibleName() == "Numbers of the model"
    )
    assert not numbers.isEnabled()
    assert numbers.graphicsEffect() is not None
    assert text_of(view).count(FAR_FROM_TRAINING) == 1
    qtbot.mouseClick(gate.button, Qt.MouseButton.LeftButton)
    assert numbers.isEnabled()
    assert numbers.graphicsEffect() is None
    assert gate.button.isHidden()
    assert FAR_FROM_TRAINING in text_of(view)  # the warning stays


def test_reasons_of_gate_and_model_are_each_told_once(result):
    thick = Reason(Level.WARN, "The slices are 3 mm thick.", "Choose thinner ones.")
    warnings = (NOT_TRAINED, thick.text, "The lungs are small.")
    reasons = warning_reasons(
        with_prognosis(result, warnings=warnings), Fitness(model=Verdict((thick,)))
    )
    assert [reason.text for reason in reasons] == [thick.text, "The lungs are small."]


@pytest.mark.parametrize(
    ("probability", "words"), [(0.0, "0.0 %"), (1.0, "100.0 %"), (0.12345, "12.3 %")]
)
def test_probabilities_are_per_cent_with_one_decimal(probability, words):
    assert percent(probability) == words


def test_horizons_are_named_in_years():
    assert horizon_name(HorizonRisk(1, 0.5)) == "1 year"
    assert horizon_name(HorizonRisk(2.5, 0.5)) == "2.5 years"
    assert interval_words(HorizonRisk(1, 0.5)) == ""


def test_the_provenance_line_sums_the_seconds_of_all_steps(result):
    assert "21.2 s" in provenance_line(result)  # 0.08 + 3.91 + 0.62 + 0.21 + 0.94 + 9.37 + 6.05
    assert "70 slices" in provenance_line(result)


def test_the_card_is_told_whole(result):
    told = "\n".join(text for _, text in card_paragraphs(result.card))
    card = result.card
    for part in (card.not_for, card.training_cohort, card.doi, card.licence, *card.deviations):
        assert part in told


def test_the_curve_is_also_there_in_words(result):
    words = curve_words(result.prognosis.survival_curve)
    assert words.splitlines()[0] == "0 years: survival 1.000"
    assert words.splitlines()[-1] == "5 years: survival 0.754"


def test_the_place_of_the_score_names_the_scans_that_it_is_among(qtbot, result):
    text = text_of(shown(qtbot, with_prognosis(result, percentile=0.62, compared_with=148)))
    assert "Score among 148 unseen scans" in text
    assert "higher than 62 of 100" in text
    assert "training cohort" not in text


def test_the_share_of_deaths_in_training_stands_between_probability_and_horizons(qtbot, result):
    card = result.card.model_copy(
        update={"trained": True, "weights_sha256": DIGEST, "training_deaths": 0.333}
    )
    text = text_of(shown(qtbot, replace(result, card=card)))
    words = "in which 33\N{NO-BREAK SPACE}% had the outcome"
    assert text.index("41.4 %") < text.index(words) < text.index("Risk by horizon")
    assert text.count(words) == 1


def test_the_card_tells_how_a_model_was_taught_and_measured(result):
    metric = CardMetric(name="AUC", value=0.7, low=0.6, high=0.8, scans=48, of="test scans")
    card = result.card.model_copy(
        update={"training": ("Began somewhere.",), "metrics": (metric,), "limits": ("Few.",)}
    )
    paragraphs = dict(card_paragraphs(card))
    assert paragraphs["Training"] == "– Began somewhere."
    assert paragraphs["Measured"] == "– AUC 0.700 (0.600 to 0.800), 48 test scans"
    assert paragraphs["Limits"] == "– Few."
    assert "Measured" not in dict(card_paragraphs(result.card))
