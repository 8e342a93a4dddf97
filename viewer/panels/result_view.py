"""A finished run: warning first, then probability, risks, curve, score, provenance."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGraphicsOpacityEffect,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.analysis_result import AnalysisResult
from core.data.fitness import Fitness, Level, Reason
from core.prognosis import FAR_FROM_TRAINING, Prognosis
from viewer.panels.labels import line, notice, text_label
from viewer.panels.result_words import (
    NOT_GIVEN,
    horizon_name,
    interval_words,
    percent,
    place_words,
    provenance_line,
    warning_reasons,
)
from viewer.panels.survival_plot import survival_plot

GREYED_OPACITY = 0.18
"""Numbers that nobody asked for: seen to be there, too faint to be read in passing."""
NO_INTERVALS = f"Intervals: {NOT_GIVEN}."


class ResultView(QWidget):
    """Shows one `AnalysisResult`; built anew for the next."""

    def __init__(
        self, result: AnalysisResult, fitness: Fitness, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Result of the model")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for warning in result.card.weights_warnings:
            column.addWidget(text_label(warning, "warningBox"))
        reasons = warning_reasons(result, fitness)
        # What the run itself warns of stands nowhere else, so it stands before the numbers; the
        # fitness of the series is also told on the left.
        _add_notices(column, [each for each in reasons if each not in fitness.model.reasons])
        numbers = _numbers(result)
        if result.prognosis.is_far_from_training:
            column.addWidget(ShowAnyway(numbers))
        column.addWidget(numbers)
        _add_notices(column, fitness.model.reasons)
        column.addWidget(line())
        column.addWidget(text_label(result.card.title))
        column.addWidget(text_label(provenance_line(result), "muted"))


class ShowAnyway(QWidget):
    """Greys the numbers of a scan unlike the training scans until the reader asks for them.

    Args:
        numbers: What is greyed.
    """

    def __init__(self, numbers: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers = numbers
        self.button = QPushButton("Show anyway")
        self.button.setAccessibleDescription("Shows the numbers of this scan in full contrast")
        self.button.clicked.connect(self._show)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(notice(Level.WARN, FAR_FROM_TRAINING))
        column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)
        veil = QGraphicsOpacityEffect(numbers)
        veil.setOpacity(GREYED_OPACITY)
        numbers.setGraphicsEffect(veil)
        numbers.setEnabled(False)

    def _show(self) -> None:
        self._numbers.setGraphicsEffect(None)
        self._numbers.setEnabled(True)
        self.button.hide()


def _numbers(result: AnalysisResult) -> QWidget:
    """Probability, risks, curve and scores."""
    numbers = QWidget()
    numbers.setObjectName("section")
    numbers.setAccessibleName("Numbers of the model")
    column = QVBoxLayout(numbers)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    _add_outcome(column, result.prognosis)
    if result.card.scale_warning:
        column.addWidget(text_label(result.card.scale_warning, "caution"))
    _add_survival(column, result)
    column.addWidget(line())
    column.addLayout(_rows(_scores(result)))
    return numbers


def _add_notices(column: QVBoxLayout, reasons: Sequence[Reason]) -> None:
    for reason in reasons:
        column.addWidget(notice(reason.level, reason.text, reason.remedy))


def _add_outcome(column: QVBoxLayout, prognosis: Prognosis) -> None:
    column.addWidget(text_label("Mortality probability", "muted"))
    has_number = prognosis.mortality_probability is not None
    number = text_label(percent(prognosis.mortality_probability), "number" if has_number else "")
    number.setAccessibleName("Mortality probability")
    outcome = text_label(prognosis.outcome)
    if not has_number:  # a sentence then: it takes the whole width
        column.addWidget(number)
        column.addWidget(outcome)
        return
    number.setWordWrap(False)
    number.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
    row = QHBoxLayout()
    row.setSpacing(14)
    row.addWidget(number, alignment=Qt.AlignmentFlag.AlignTop)
    row.addWidget(outcome, 1)
    column.addLayout(row)


def _add_survival(column: QVBoxLayout, result: AnalysisResult) -> None:
    prognosis, survival = result.prognosis, result.card.survival
    column.addWidget(line())
    outcome = f": {survival.outcome}" if survival is not None else ""
    column.addWidget(text_label(f"Risk by horizon{outcome}"))
    if prognosis.horizons:
        column.addLayout(_horizons(prognosis))
    else:
        column.addWidget(text_label(NOT_GIVEN))
    if prognosis.survival_curve is not None:
        column.addWidget(survival_plot(prognosis.survival_curve))
    else:
        column.addWidget(text_label(f"Survival curve: {NOT_GIVEN}", "muted"))
    if prognosis.horizons and all(risk.interval is None for risk in prognosis.horizons):
        column.addWidget(text_label(NO_INTERVALS, "muted"))  # below: the curve is seen whole


def _horizons(prognosis: Prognosis) -> QGridLayout:
    """A column for each horizon: years, risk, interval."""
    grid = QGridLayout()
    for column, risk in enumerate(prognosis.horizons):
        grid.addWidget(text_label(horizon_name(risk), "muted"), 0, column)
        value = text_label(percent(risk.probability), "risk")
        value.setAccessibleName(f"Risk within {horizon_name(risk)}")
        grid.addWidget(value, 1, column)
        if risk.interval is not None:
            grid.addWidget(text_label(interval_words(risk), "muted"), 2, column)
    return grid


def _scores(result: AnalysisResult) -> tuple[tuple[str, str], ...]:
    prognosis = result.prognosis
    others = result.card.compared_with(prognosis.compared_with)
    return (
        ("Risk score (no absolute scale)", f"{prognosis.risk_score:.3f}"),
        ("Risk group", prognosis.risk_group or NOT_GIVEN),
        (f"Score among {others}", place_words(prognosis.percentile, "higher")),
        ("Distance to the training scans", place_words(prognosis.out_of_distribution, "farther")),
    )


def _rows(pairs: Sequence[tuple[str, str]]) -> QLayout:
    """Names on the left, values beneath each other."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setColumnStretch(1, 1)
    for row, (name, value) in enumerate(pairs):
        label = text_label(name, "muted")
        label.setWordWrap(False)
        grid.addWidget(label, row, 0)
        grid.addWidget(text_label(value), row, 1)
    return grid
