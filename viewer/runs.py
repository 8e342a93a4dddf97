"""Runs a model on the open series and puts its result into the session, if it is still wanted."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.bugs import Bug
from core.data.fitness import Fitness, Level
from core.errors import ThoralensError
from core.saliency.targets import MORTALITY
from core.volume import Volume
from viewer.messages import LOGGER, Message, MessageLevel, Messages
from viewer.prognosis_process import PrognosisProcess
from viewer.run_state import IDLE, RunState
from viewer.session import Session, SessionState
from viewer.view_changes import map_chosen, on_relative_scale
from viewer.view_state import ViewState

FIRST_METHOD = "gradcam"
STOPPED_BY_OPENING = "The run was stopped, because another series was opened."


def request_from(
    state: SessionState,
    model_id: str,
    clinical: Mapping[str, float],
    models_folder: Path | None = None,
) -> AnalysisRequest | None:
    """The request for a run on what is open; None where nothing is."""
    if state.volume is None or state.series is None:
        return None
    fitness = (state.fitness or {}).get(state.series.uid, Fitness())
    return AnalysisRequest(
        volume=state.volume,
        series=state.series,
        fitness=fitness,
        model_id=model_id,
        clinical=dict(clinical),
        models_folder=models_folder,
    )


class Runs(QObject):
    """One run at a time; it belongs to the volume that it was started on.

    Args:
        session: Gives the scan, receives the result.
        process: The child process.
        messages: Is told of bugs; of other failures the panel tells.
        first_method: The map that is shown after the first run of a scan.

    Signals:
        changed: A `RunState`.
    """

    changed = Signal(object)

    def __init__(
        self,
        session: Session,
        process: PrognosisProcess,
        *,
        messages: Messages,
        first_method: Callable[[], str] = lambda: FIRST_METHOD,
    ) -> None:
        super().__init__()
        self._session = session
        self._process = process
        self._messages = messages
        self._first_method = first_method
        self._state = IDLE
        self._volume: Volume | None = None
        process.progressed.connect(self._progressed)
        process.finished.connect(self._finished)
        process.failed.connect(self._failed)
        process.cancelled.connect(self._cancelled)
        session.changed.connect(self._follow)

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self._state

    def run(
        self,
        model_id: str,
        clinical: Mapping[str, float],
        *,
        models_folder: Path | None = None,
    ) -> bool:
        """Start a run on the open series.

        Returns:
            False where nothing is open or the series is not for the model: nothing was started.
        """
        request = request_from(self._session.state, model_id, clinical, models_folder)
        if request is None or request.fitness.model.level is Level.BLOCK:
            return False
        self._volume = request.volume
        self._process.run(request)
        self._show(RunState(running=True, step="Starting the model"))
        return True

    def cancel(self) -> None:
        """Stop the run; the scan and an earlier result stay."""
        if self._state.running:
            self._process.cancel()

    def _progressed(self, fraction: float, step: str) -> None:
        if self._volume is not None:
            self._show(RunState(running=True, fraction=fraction, step=step))

    def _finished(self, result: AnalysisResult) -> None:
        wanted = self._volume is not None and self._volume is self._session.state.volume
        self._volume = None
        self._show(IDLE)
        if wanted:
            made = [saliency.method for saliency in result.saliency]
            kept = self._session.state.view.overlay_method
            method = next(
                (each for each in (kept, self._first_method(), *made) if each in made), None
            )
            self._session.replace(result=result, view=self._view_on(result, method))

    def _view_on(self, result: AnalysisResult, method: str | None) -> ViewState:
        """The run's map, which is shown at once; others of another target are asked for."""
        state = self._session.state
        view = map_chosen(state.view, state.map_in_view, target=MORTALITY, method=method)
        is_same_model = state.result is not None and state.result.card.id == result.card.id
        return view if is_same_model else on_relative_scale(view, state.map_in_view)

    def _failed(self, error: ThoralensError) -> None:
        self._volume = None
        self._show(RunState(failure=error.message, remedy=error.remedy))
        if isinstance(error, Bug):
            self._messages.post_error(error)  # the message bar can copy its details
        else:
            LOGGER.error("%s %s", error.message, error.remedy)

    def _cancelled(self) -> None:
        self._volume = None
        self._show(IDLE)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        """Another scan was opened: its predecessor's run is of no use any more."""
        if new.volume is old.volume:
            return
        if self._state.running:
            self.cancel()
            if new.volume is not None:
                self._messages.post(Message(MessageLevel.NOTE, STOPPED_BY_OPENING))
        elif self._state.failure:
            self._show(IDLE)

    def _show(self, state: RunState) -> None:
        self._state = state
        self.changed.emit(state)
