"""Heading of the panel: choose a model, run it, watch it, cancel it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.models.cards import ModelCard
from viewer.panels.labels import text_label
from viewer.run_state import RunState

PROGRESS_STEPS = 1000


class RunControls(QWidget):
    """Model menu, Run, Cancel, progress with the name of the step.

    Signals:
        run_requested: Id of the chosen model.
        cancel_requested: The user wants the run to stop.
        model_chosen: Id of the model that was chosen.
    """

    run_requested = Signal(str)
    cancel_requested = Signal()
    model_chosen = Signal(str)

    def __init__(self, cards: Sequence[ModelCard], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.models = QComboBox()
        self.models.setAccessibleName("Model")
        self.models.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for card in cards:
            self.models.addItem(card.title, card.id)
            self.models.setItemData(
                self.models.count() - 1, card.title, Qt.ItemDataRole.ToolTipRole
            )
        self.models.currentIndexChanged.connect(
            lambda _: self.model_chosen.emit(self.chosen_model())
        )
        self.run_button = QPushButton("Run model")
        self.run_button.setObjectName("primary")
        self.run_button.setAccessibleName("Run the chosen model on the open series")
        self.run_button.setToolTip("Run the chosen model on the open series (Ctrl+R)")
        self.run_button.clicked.connect(lambda: self.run_requested.emit(self.chosen_model()))
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAccessibleName("Cancel the run")
        self.cancel_button.setToolTip("Stop the run; the scan stays open (Esc)")
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.progress = QProgressBar()
        self.progress.setRange(0, PROGRESS_STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the run")
        self.step = text_label(name="muted")
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(text_label("Prognosis", "heading"), 1)
        for button in (self.cancel_button, self.run_button):
            top.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.models)
        column.addWidget(self.progress)
        column.addWidget(self.step)

    def chosen_model(self) -> str:
        """Id of the chosen model; empty if there is none."""
        return str(self.models.currentData() or "")

    def choose_model(self, model_id: str) -> None:
        """Choose a model if it is in the menu."""
        row = self.models.findData(model_id)
        if row >= 0:
            self.models.setCurrentIndex(row)

    def show_state(self, state: RunState, *, may_run: bool) -> None:
        """Enable what makes sense and show how far the run is."""
        had_focus = self.run_button.hasFocus() or self.cancel_button.hasFocus()
        self.cancel_button.setVisible(state.running)
        self.run_button.setEnabled(may_run and not state.running)
        self.models.setEnabled(not state.running)
        if had_focus:  # else Qt gives it to some other panel
            (self.cancel_button if state.running else self.run_button).setFocus()
        self.progress.setVisible(state.running)
        self.step.setVisible(state.running)
        self.progress.setValue(round(state.fraction * PROGRESS_STEPS))
        self.step.setText(state.step or "Starting")
