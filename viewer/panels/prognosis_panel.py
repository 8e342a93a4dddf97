"""Right of the views: what the model will do, is doing, or has found."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.analysis_result import DEFAULT_MODEL_ID
from core.data.fitness import Fitness, Level
from core.models.cards import ModelCard
from viewer.panels.labels import clear_layout, notice, text_label
from viewer.panels.page_scroll import PageScroll
from viewer.panels.result_actions import ResultActions
from viewer.panels.result_view import ResultView
from viewer.panels.run_controls import RunControls
from viewer.run_state import IDLE, RunState
from viewer.session import Session, SessionState

NO_SERIES = "Open a series to run a model on it."
NO_MODELS = "No model was found on this computer."
BEFORE = (
    "The run finds lungs and heart, runs the model on this computer and maps where it looked. "
    "Nothing leaves this computer."
)


class PrognosisPanel(QWidget):
    """Model menu and Run on top, exports at the bottom; between, scrolling, what there is to tell.

    That is the plan of a run, its failure or its result.

    Signals:
        run_requested: Id of the model to run.
        cancel_requested: The run shall stop.
        card_requested: Id of the model whose card shall be shown.
        export_requested: Every output into a folder.
        export_pdf_requested: The report alone.
    """

    run_requested = Signal(str)
    cancel_requested = Signal()
    card_requested = Signal(str)
    export_requested = Signal()
    export_pdf_requested = Signal()

    def __init__(
        self, session: Session, cards: Sequence[ModelCard], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Prognosis")
        self._session = session
        self._cards = {card.id: card for card in cards}
        self._run_state = IDLE
        self.controls = RunControls(cards)
        self.controls.choose_model(DEFAULT_MODEL_ID)
        self.controls.run_requested.connect(self.run_requested)
        self.controls.cancel_requested.connect(self.cancel_requested)
        self.controls.model_chosen.connect(lambda _: self._fill())
        self._content = QWidget()
        self._content.setObjectName("section")
        self.actions_row = ResultActions()
        self.actions_row.card_requested.connect(
            lambda: self.card_requested.emit(self._shown_model())
        )
        self.actions_row.export_requested.connect(self.export_requested)
        self.actions_row.export_pdf_requested.connect(self.export_pdf_requested)
        self._lay_out()
        session.changed.connect(self._follow)
        self._fill()

    def _lay_out(self) -> None:
        content = QVBoxLayout(self._content)
        content.setContentsMargins(14, 0, 4, 0)
        content.setSpacing(10)
        content.setAlignment(Qt.AlignmentFlag.AlignTop)
        scroll = PageScroll(self._content, "Result or plan of the run")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 10)
        column.setSpacing(8)
        self.controls.setContentsMargins(14, 0, 14, 0)
        self.actions_row.setContentsMargins(14, 0, 14, 0)
        column.addWidget(self.controls)
        column.addWidget(scroll, 1)
        column.addWidget(self.actions_row)

    def _shown_model(self) -> str:
        """The model of the result, before a run that of the menu."""
        result = self._session.state.result
        return result.card.id if result is not None else self.controls.chosen_model()

    def show_run(self, state: RunState) -> None:
        """Show where the run stands."""
        needs_filling = (state.running, state.failure) != (
            self._run_state.running,
            self._run_state.failure,
        )
        self._run_state = state
        if needs_filling:
            self._fill()
        else:
            self._show_controls()

    def content_text(self) -> str:
        """Every sentence of the panel below its controls."""
        labels = self._content.findChildren(type(self.controls.step))
        return "\n".join(label.text() for label in labels)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if (new.volume, new.result, new.series) != (old.volume, old.result, old.series):
            self._fill()

    def _fitness(self) -> Fitness:
        state = self._session.state
        if state.series is None or state.fitness is None:
            return Fitness()
        return state.fitness.get(state.series.uid, Fitness())

    def may_run(self) -> bool:
        """True where a series is open that the model may be run on."""
        return (
            self._session.state.volume is not None
            and bool(self._cards)
            and self._fitness().model.level is not Level.BLOCK
        )

    def _show_controls(self) -> None:
        self.controls.show_state(self._run_state, may_run=self.may_run())
        self.actions_row.enable(
            has_result=self._session.state.result is not None, has_card=bool(self._cards)
        )

    def _fill(self) -> None:
        self._show_controls()
        clear_layout(self._content)
        state, column = self._session.state, self._content.layout()
        if self._run_state.failure:
            column.addWidget(notice(Level.BLOCK, self._run_state.failure, self._run_state.remedy))
        if state.result is not None and not self._run_state.running:
            column.addWidget(ResultView(state.result, self._fitness()))
        else:
            self._add_plan(state)

    def _add_plan(self, state: SessionState) -> None:
        column = self._content.layout()
        if not self._cards:
            column.addWidget(notice(Level.BLOCK, NO_MODELS))
            return
        if state.volume is None:
            column.addWidget(text_label(NO_SERIES, "muted"))
            return
        verdict = self._fitness().model
        for reason in verdict.reasons:
            refusal = "This series is not for the model. " if reason.level is Level.BLOCK else ""
            column.addWidget(notice(reason.level, refusal + reason.text, reason.remedy))
        if verdict.level is Level.PASS:
            column.addWidget(notice(Level.PASS, "This series fits the model."))
        if verdict.level is not Level.BLOCK:
            column.addWidget(text_label(BEFORE, "muted"))
        card = self._cards.get(self.controls.chosen_model())
        for warning in card.weights_warnings if card else ():
            column.addWidget(text_label(warning, "warningBox"))
