"""Total, category, CAC-DRS and uncertainty of the reading; what comes first depends on the scan."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.calcium.categories import bin_name, cac_drs, cac_drs_visual, corresponding_grade
from core.calcium.uncertainty import Uncertainty
from viewer.calcium.spread_bar import SpreadBar
from viewer.calcium.state import CalciumState
from viewer.panels.labels import text_label

NOT_SHOWN = "Mass: not calibrated. Percentile: no reference table is included."
WORKING = "Uncertainty: being estimated …"


class ResultStrip(QWidget):
    """The numbers of a reading in words. Gated: the points first; else category and grade."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Calcium score")
        self.caption = text_label("", "muted")
        self.number = text_label("", "number")
        self.second = text_label("", "risk")
        self.why = text_label("", "muted")
        self.bar = SpreadBar()
        self.spread = text_label("", "muted")
        self.further = text_label("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.caption, self.number, self.second, self.why, self.bar, self.spread,
                     self.further):  # fmt: skip
            column.addWidget(part)

    def show_state(self, state: CalciumState) -> None:
        """Show the numbers of a reading."""
        score = state.score
        self.setVisible(score is not None)
        if score is None:
            return
        total = score.total.agatston
        names = bin_name(total), cac_drs(total, score.vessel_count)
        if total == 0 and not state.reading.marks.zero_confirmed_by:
            self.caption.setText("Nothing coronary is marked yet")
            self.number.setText("–")
            self.second.setText("")
            self.why.setText("Click lesions, or confirm zero below.")
        elif state.gating is None:
            self.caption.setText("Agatston score")
            self.number.setText(f"{total:.1f}")
            self.second.setText(f"Category {names[0]}  ·  {names[1]}")
            self.why.setText("")
        else:
            self.caption.setText(f"Category  ·  {names[1]}")
            self.number.setText(names[0])
            self.second.setText(grade_words(state))
            value = state.gating.value
            self.why.setText(f"Agatston {total:.1f}, an estimate: ECG gating {value}.")
        for label in (self.second, self.why):
            label.setVisible(bool(label.text()))
        self._show_spread(state, total)
        self.further.setText("\n".join(further_lines(state)))
        self.further.setVisible(bool(self.further.text()))

    def _show_spread(self, state: CalciumState, total: float) -> None:
        found = None if state.spread is None else state.spread.uncertainty
        has_lesions = bool(state.score.total.lesions)
        self.bar.show_spread(total, found if has_lesions else None)
        if not has_lesions:
            by = state.reading.marks.zero_confirmed_by
            self.spread.setText(f"Zero confirmed by {by}." if by else "Zero is not confirmed yet.")
        else:
            self.spread.setText(WORKING if found is None else spread_words(found))


def spread_words(found: Uncertainty) -> str:
    """The interval and the chance of another category."""
    chance = 100 * found.category_change
    where = f" on {found.slices}" if found.slices else ""
    return (
        f"95 % of re-scorings{where}: {found.low:.0f} to {found.high:.0f}  ·  "
        f"chance of another category {chance:.0f} %"
    )


def grade_words(state: CalciumState) -> str:
    """The visual grade with its CAC-DRS letters, or which one would correspond."""
    score, grade = state.score, state.grade
    if grade is None:
        suggested = corresponding_grade(score.total.agatston).words
        return f"No visual grade yet (points: {suggested})"
    return f"{grade.words.capitalize()}, {cac_drs_visual(grade, score.vessel_count)}"


def further_lines(state: CalciumState) -> list[str]:
    """Marks that met nothing, score of averages of about 3 mm, and the score's warnings."""
    lines = [f"!  {state.missed_words}"] if state.missed_words else []
    if state.spread is not None and state.spread.thick_agatston is not None:
        thick = state.spread.thick_agatston
        of_mm = state.spread.thick_increment_mm
        lines.append(f"On averages of {of_mm:.3g} mm: {thick:.1f} ({bin_name(thick)})")
    return [*lines, *state.score.warnings]


def beside_lines(state: CalciumState) -> list[str]:
    """The patch score, and which numbers are not given, and why."""
    lines = []
    if state.patch is not None:
        part = "" if state.patch.is_whole else ", cut off by the scan's border"
        lines.append(f"HyRiskNet patch at the last click: {state.patch.agatston:.1f}{part}")
    return [*lines, NOT_SHOWN]
