import pytest
from pyqtgraph import PlotWidget
from PySide6.QtWidgets import QLabel

from core.models.cards import ClinicalColumn
from core.prognosis import NOT_TRAINED, RESEARCH_USE_ONLY
from tests.results import example_card, trained_card
from viewer.dialogs.clinical_values import ClinicalValuesDialog, read_value
from viewer.dialogs.model_card import ModelCardDialog
from viewer.dialogs.shortcuts import GESTURES, ShortcutSheet

AGE = ClinicalColumn(name="age_years", title="Age", unit="years", minimum=40, maximum=90)
STROKE = ClinicalColumn(name="stroke", title="Stroke", minimum=0, maximum=1, yes_or_no=True)


def text_of(widget):
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


@pytest.fixture
def dialog(qtbot):
    card = example_card().model_copy(update={"clinical": (AGE, STROKE)})
    dialog = ClinicalValuesDialog(card, {"age_years": 61.5})
    qtbot.addWidget(dialog)
    return dialog


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("61.5", 61.5),
        (" 61,5 ", 61.5),
        ("40", 40.0),
        ("90", 90.0),
        ("", "missing"),
        ("  ", "missing"),
        ("old", "not a number"),
        ("39.9", "must lie between 40 and 90 years"),
        ("nan", "must lie between 40 and 90 years"),
        ("inf", "must lie between 40 and 90 years"),
    ],
)
def test_a_typed_value_is_read_or_refused_in_words(text, expected):
    assert read_value(AGE, text) == expected


def test_run_waits_for_every_value(dialog):
    assert dialog.fields["age_years"].text() == "61.5"
    assert dialog.faults() == ("Stroke: missing",)
    assert not dialog.run_button.isEnabled()
    dialog.fields["stroke"].setCurrentText("yes")
    assert dialog.faults() == ()
    assert dialog.run_button.isEnabled()
    assert dialog.values() == {"age_years": 61.5, "stroke": 1.0}


def test_a_value_taken_back_stops_the_run_again(dialog):
    dialog.fields["stroke"].setCurrentText("yes")
    dialog.fields["age_years"].setText("200")
    assert not dialog.run_button.isEnabled()
    assert "Age: must lie between 40 and 90 years" in text_of(dialog)


def test_ranges_and_units_are_told(dialog):
    assert dialog.fields["age_years"].placeholderText() == "40 to 90"
    assert dialog.fields["age_years"].accessibleName() == "Age (years)"


def test_the_card_dialog_tells_everything_warnings_first(qtbot):
    dialog = ModelCardDialog(example_card())
    qtbot.addWidget(dialog)
    text = text_of(dialog)
    assert NOT_TRAINED in text
    assert RESEARCH_USE_ONLY in text
    assert text.index(NOT_TRAINED) < text.index(example_card().intended_use)


def test_a_trained_card_shows_its_figures_and_its_calibration_plot(qtbot):
    dialog = ModelCardDialog(trained_card())
    qtbot.addWidget(dialog)
    text = text_of(dialog)
    assert "AUC 0.812 (0.750 to 0.870), 250 test scans" in text
    assert "slope 1.20, intercept -0.40, fitted on 900 scans of the folds" in text
    plot = dialog.findChild(PlotWidget)
    assert plot.accessibleName() == "Calibration plot"
    described = plot.accessibleDescription().splitlines()
    assert described == ["predicted 0.25: 0.20 died (0.10 to 0.35), 40 scans"]


def test_a_card_without_calibration_shows_no_plot(qtbot):
    dialog = ModelCardDialog(example_card())
    qtbot.addWidget(dialog)
    assert dialog.findChild(PlotWidget) is None


def test_the_sheet_shows_keys_and_gestures(qtbot):
    sheet = ShortcutSheet([("File", [("Ctrl+O", "Open a folder")])])
    qtbot.addWidget(sheet)
    text = text_of(sheet)
    assert "Ctrl+O" in text
    assert all(gesture in text for gesture, _ in GESTURES)
