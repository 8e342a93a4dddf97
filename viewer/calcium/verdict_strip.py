"""What only a reader can say: the visual grade, and that there is no calcium."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.calcium.categories import VisualGrade
from viewer.calcium.state import CalciumState
from viewer.panels.labels import text_label

LONGEST_INITIALS = 6


class VerdictStrip(QWidget):
    """Grade and confirmed zero.

    Signals:
        grade_given: `VisualGrade`.
        zero_confirmed: Initials of the reader.
        initials_changed: The reader's initials.
    """

    grade_given = Signal(object)
    zero_confirmed = Signal(str)
    initials_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.grades = {grade: self._grade_button(grade) for grade in VisualGrade}
        group = QButtonGroup(self)
        group.setExclusive(False)
        grades = QHBoxLayout()
        grades.setSpacing(4)
        for button in self.grades.values():
            group.addButton(button)
            grades.addWidget(button, 1)
        self.initials = QLineEdit()
        self.initials.setPlaceholderText("Initials")
        self.initials.setAccessibleName("Initials of the reader")
        self.initials.setMaxLength(LONGEST_INITIALS)
        self.initials.editingFinished.connect(
            lambda: self.initials_changed.emit(self.initials.text().strip())
        )
        self.zero = QPushButton("Confirm zero")
        self.zero.setObjectName("action")
        self.zero.setToolTip("You looked through the heart and found no coronary calcium")
        self.zero.clicked.connect(lambda: self.zero_confirmed.emit(self.initials.text().strip()))
        reader = QHBoxLayout()
        reader.setSpacing(6)
        reader.addWidget(text_label("Reader", "muted"))
        reader.addWidget(self.initials, 1)
        reader.addWidget(self.zero, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(text_label("Visual grade", "muted"))
        column.addLayout(grades)
        column.addLayout(reader)

    def show_state(self, state: CalciumState) -> None:
        """Show the grade given, and whether zero waits to be confirmed."""
        for grade, button in self.grades.items():
            button.setChecked(grade is state.grade)
            button.setEnabled(state.reading is not None)
        self.zero.setEnabled(state.may_confirm_zero)

    def show_initials(self, initials: str) -> None:
        """Show the reader's initials of the settings."""
        if not self.initials.hasFocus():
            self.initials.setText(initials)

    def _grade_button(self, grade: VisualGrade) -> QPushButton:
        button = QPushButton(grade.words.capitalize())
        button.setObjectName("preset")
        button.setCheckable(True)
        button.setToolTip(f"V{int(grade)} of CAC-DRS")
        button.clicked.connect(lambda: self.grade_given.emit(grade))
        return button
