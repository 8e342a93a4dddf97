"""By which rule the scan is scored; everything but the standard one is flagged as modified."""

from dataclasses import replace
from math import ceil

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from core.calcium.reading import Reading
from core.calcium.rule import EIGHT, FOUR, LOW_KVP_RULES, NORMAL_INCREMENT_MM, STANDARD
from core.data.fitness import Level
from viewer.calcium.state import CalciumState
from viewer.panels.labels import notice, text_label

RULES = {STANDARD.name: STANDARD, **LOW_KVP_RULES}
NEIGHBOURS = {EIGHT: "8 neighbours", FOUR: "4 neighbours"}
MODIFIED = "Modified: not comparable with published scores."
LOW_DOSE = "{kvp:g} kVp scan scored with the cut points for {of:g} kVp: modified."


class RuleStrip(QWidget):
    """Published cut points by name, and the neighbours of a pixel.

    Signals:
        rule_chosen: `Rule`.
    """

    rule_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.rules = QComboBox()
        self.rules.setAccessibleName("Rule of the score")
        self.rules.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.rules.addItems(list(RULES))
        self.neighbours = QComboBox()
        self.neighbours.setAccessibleName("Neighbours of a pixel within its slice")
        for count, words in NEIGHBOURS.items():
            self.neighbours.addItem(words, count)
        for menu in (self.rules, self.neighbours):
            menu.currentIndexChanged.connect(self._tell)
        self.flag = notice(Level.WARN, MODIFIED)
        self.words = text_label("", "muted")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.rules, 1)
        row.addWidget(self.neighbours)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(text_label("Rule", "muted"))
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(self.flag)

    def show_state(self, state: CalciumState, kvp: float | None) -> None:
        """Show the rule of a reading, and why it is modified.

        Args:
            state: With the reading.
            kvp: Tube voltage of the scan; None if not stated.
        """
        rule = STANDARD if state.reading is None else state.reading.rule
        blockers = [QSignalBlocker(self.rules), QSignalBlocker(self.neighbours)]
        self.rules.setCurrentText(rule.name)
        self.neighbours.setCurrentIndex(self.neighbours.findData(rule.connectivity))
        del blockers
        self.words.setText("" if state.reading is None else rule_words(state.reading))
        self.setEnabled(state.reading is not None and not state.kept_edits)
        is_other = kvp is not None and kvp != rule.kvp
        self.flag.setVisible(rule.is_modified or is_other)
        words = LOW_DOSE.format(kvp=kvp, of=rule.kvp) if is_other else MODIFIED
        self.flag.setText(f"!  {words}")

    def _tell(self) -> None:
        rule = RULES[self.rules.currentText()]
        self.rule_chosen.emit(replace(rule, connectivity=self.neighbours.currentData()))


def rule_words(reading: Reading) -> str:
    """What counts, and why the points of a slice are divided: its share of 3 mm."""
    rule, (increment_mm, *pixel_mm) = reading.rule, reading.volume.geometry.spacing_mm
    pixels = ceil(round(rule.least_area_mm2 / (pixel_mm[0] * pixel_mm[1]), 6))
    return (
        f"From {rule.threshold_hu} HU and {rule.least_area_mm2:g} mm² ({pixels} px), weighed by "
        f"the maximum in each slice, times {increment_mm:.3g} mm / {NORMAL_INCREMENT_MM:g} mm"
    )
