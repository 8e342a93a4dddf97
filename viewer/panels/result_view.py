"""A finished run: warning first, then probability, risks, curve, score, provenance."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from core.analysis_result import AnalysisResult
from core.data.fitness import Fitness
from core.prognosis import Prognosis
from viewer.panels.labels import line, notice, text_label
from viewer.panels.result_words import (
    NOT_GIVEN,
    horizon_name,
    interval_words,
    percent,
    provenance_line,
    warning_reasons,
)
from viewer.panels.survival_plot import survival_plot

NO_INTERVALS = f"Intervals: {NOT_GIVEN}."


class ResultView(QWidget):
    """Shows one `AnalysisResult`; built anew for the next.

    Signals:
        card_requested: The user wants to read the whole model card.
        export_requested: The user wants every output in a folder.
        export_pdf_requested: The user wants the report alone.
    """

    card_requested = Signal()
    export_requested = Signal()
    export_pdf_requested = Signal()

    def __init__(
        self, result: AnalysisResult, fitness: Fitness, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Result of the model")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for warning in result.card.warnings:
            column.addWidget(text_label(warning, "warningBox"))
        _add_outcome(column, result.prognosis)
        _add_survival(column, result)
        column.addWidget(line())
        for name, value in _scores(result.prognosis):
            column.addLayout(_row(name, value))
        for reason in warning_reasons(result, fitness):
            column.addWidget(notice(reason.level, reason.text, reason.remedy))
        column.addWidget(line())
        column.addWidget(text_label(result.card.title))
        column.addWidget(text_label(provenance_line(result), "muted"))
        column.addLayout(self._buttons())

    def _buttons(self) -> QGridLayout:
        grid = QGridLayout()
        for place, (text, spoken, signal) in enumerate(
            (
                ("Export PDF…", "Save the report as a PDF", self.export_pdf_requested),
                ("Export…", "Save every output to a folder", self.export_requested),
                ("Model card…", "Read the whole model card", self.card_requested),
            )
        ):
            button = QPushButton(text)
            button.setAccessibleName(spoken)
            button.setToolTip(spoken)
            button.setMinimumHeight(30)
            button.clicked.connect(signal)
            span = 2 if place == 2 else 1
            grid.addWidget(button, place // 2, place % 2, 1, span)
        return grid


def _add_outcome(column: QVBoxLayout, prognosis: Prognosis) -> None:
    column.addWidget(text_label("Mortality probability", "muted"))
    has_number = prognosis.mortality_probability is not None
    number = text_label(percent(prognosis.mortality_probability), "number" if has_number else "")
    number.setAccessibleName("Mortality probability")
    column.addWidget(number)
    column.addWidget(text_label(prognosis.outcome))


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
    if all(risk.interval is None for risk in prognosis.horizons):
        grid.addWidget(text_label(NO_INTERVALS, "muted"), 2, 0, 1, grid.columnCount())
    return grid


def _scores(prognosis: Prognosis) -> tuple[tuple[str, str], ...]:
    percentile = prognosis.percentile
    return (
        ("Risk score (no absolute scale)", f"{prognosis.risk_score:.3f}"),
        ("Risk group", prognosis.risk_group or NOT_GIVEN),
        ("Reference percentile", NOT_GIVEN if percentile is None else f"{percentile:.0f}"),
    )


def _row(name: str, value: str) -> QLayout:
    row = QHBoxLayout()
    row.addWidget(text_label(name, "muted"), 1)
    row.addWidget(text_label(value), 1)
    return row
