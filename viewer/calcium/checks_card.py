"""The pre-flight card: how the scan was made, with lights and the reason in words."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.calcium.protocol import Check, Light
from core.data.fitness import Level
from viewer.panels.labels import clear_layout, text_label
from viewer.theme import LEVEL_COLOURS, LEVEL_MARKS

NAMED_AT_MOST = 2
"""More names would make the panel wider than it is."""
LEVELS = {Light.GREEN: Level.PASS, Light.AMBER: Level.WARN, Light.RED: Level.BLOCK}


class ChecksCard(QWidget):
    """One line a check; what follows from it stands below where it is not green.

    Before the first mark the whole card is open; afterwards its first line tells what is not green.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("How the scan was made")
        self.heading = QPushButton()
        self.heading.setObjectName("link")
        self.heading.setToolTip("How the scan was made: show or hide")
        self.heading.clicked.connect(lambda: self.set_open(not self.lines.isVisible()))
        self.lines = QWidget()
        self.lines.setObjectName("section")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.heading)
        column.addWidget(self.lines)
        self._grid = QGridLayout(self.lines)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show other checks."""
        clear_layout(self.lines)
        self.heading.setText(summary(checks))
        for check in checks:
            row = self._grid.rowCount()
            self._grid.addWidget(_light(check.light), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(QLabel(check.name), row, 1, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text_label(check.value), row, 2)
            if check.words and check.light is not Light.GREEN:
                self._grid.addWidget(text_label(check.words, "muted"), row + 1, 1, 1, 2)

    def set_open(self, is_open: bool) -> None:
        """Show or hide the lines under the heading."""
        self.lines.setVisible(is_open)


def summary(checks: Sequence[Check]) -> str:
    """How many checks are green, and the names of the others; their number where they are many."""
    others = [check for check in checks if check.light is not Light.GREEN]
    green = len(checks) - len(others)
    words = [f"✓ {green} of {len(checks)} checks"]
    if len(others) > NAMED_AT_MOST:
        worst = max(LEVELS[check.light] for check in others)
        return f"{words[0]}   {LEVEL_MARKS[worst]} {len(others)} to look at"
    words += [f"{LEVEL_MARKS[LEVELS[check.light]]} {check.name}" for check in others]
    return "   ".join(words)


def _light(light: Light) -> QLabel:
    level = LEVELS[light]
    label = QLabel(LEVEL_MARKS[level])
    label.setFixedWidth(14)
    label.setStyleSheet(f"color: {LEVEL_COLOURS[level]}; font-weight: 600;")
    label.setAccessibleName(light.name.lower())
    return label
