"""The prognosis model in its child process: started on first use, kept warm, replaced if it dies.

A thread talks to the child, one thread a run. Everything that a caller hears arrives on the GUI
thread, and nothing arrives of a run that was cancelled or replaced.
"""

import threading
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal, Slot

from core.analysis_result import AnalysisRequest
from core.errors import ResourcesError, ThoralensError
from core.worker import ANALYSE, Answer, Done, Failed, Step, Stopped, WarmUp
from viewer.child_process import END_PATIENCE_S, ChildProcess
from viewer.jobs import JobState

CONFIRM_WITHIN_S = 5.0
"""A cancelled child that has not stopped after this is killed."""


@dataclass(frozen=True)
class _Conversation:
    """A run that the child has not yet ended, whether or not anyone still waits for it."""

    ticket: int
    child: ChildProcess


class PrognosisProcess(QObject):
    """Runs one analysis at a time in a child process.

    Args:
        target: "module:function" that the child runs, with (request, progress).
        confirm_within_s: A cancelled child that has not stopped after this is killed.

    Signals:
        progressed: (fraction 0..1, message).
        finished: (AnalysisResult).
        failed: (ThoralensError), a `core.bugs.Bug` where nobody foresaw it.
        cancelled: The run was cancelled; nothing more is heard of it.
        state_changed: (JobState).
    """

    progressed = Signal(float, str)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    state_changed = Signal(object)
    _answered = Signal(int, object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        target: str = ANALYSE,
        confirm_within_s: float = CONFIRM_WITHIN_S,
    ) -> None:
        super().__init__(parent)
        self._target = target
        self._tickets = count(1)
        self._state: JobState | None = None
        self._awaited = 0
        self._child: ChildProcess | None = None
        self._conversation: _Conversation | None = None
        self._threads: list[threading.Thread] = []
        self._patience = QTimer(self, singleShot=True, interval=round(confirm_within_s * 1000))
        self._patience.timeout.connect(self._discard_busy_child)
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    @property
    def state(self) -> JobState | None:
        """Of the newest run; None before the first."""
        return self._state

    @property
    def child_pid(self) -> int | None:
        """Process number of the child, None while there is none."""
        return self._child.pid if self._child is not None and self._child.is_alive else None

    @property
    def is_busy(self) -> bool:
        """True while the child works, be it on a run that was cancelled and has not yet stopped."""
        return self._conversation is not None

    def warm_up(self, model_id: str, models_folder: Path | None = None) -> None:
        """Start the child and let it load a model while the user looks at the scan."""
        if self._conversation is None:
            self._living_child().warm_up(WarmUp(model_id, models_folder))

    def run(self, request: AnalysisRequest) -> None:
        """Analyse. A run that is still going is cancelled and its child is killed."""
        self.cancel()
        self._discard_busy_child()
        self._awaited = next(self._tickets)
        child = self._living_child()
        child.prepare()
        self._conversation = _Conversation(self._awaited, child)
        self._set_state(JobState.WAITING)
        self.progressed.emit(0.0, "Starting the analysis")
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(
            target=self._converse,
            args=(self._conversation, request),
            name=f"prognosis-{self._awaited}",
            daemon=True,
        )
        self._threads.append(thread)
        thread.start()

    def cancel(self) -> None:
        """Cancel the run: `cancelled` is emitted at once. No-op if none is running."""
        if not self._awaited:
            return
        self._awaited = 0
        if self._conversation is not None:
            self._conversation.child.cancel()
            self._patience.start()
        self._set_state(JobState.CANCELLED)
        self.cancelled.emit()

    @Slot()
    def close(self) -> None:
        """End the child and the threads; nothing more is heard of the present run."""
        self._awaited = 0
        child = self._child
        self._discard_busy_child()
        for thread in self._threads:
            thread.join(2 * END_PATIENCE_S)
        if child is not None:  # killed or idle: its thread waits for it only while it listens
            child.close()
        self._child = None

    def _living_child(self) -> ChildProcess:
        if self._child is not None and not self._child.is_alive:
            self._child.close()
            self._child = None
        if self._child is None:
            self._child = ChildProcess(self._target)
        return self._child

    @Slot()
    def _discard_busy_child(self) -> None:
        """Kill a child that is still busy; its thread sees it die and cleans up."""
        self._patience.stop()
        if self._conversation is not None:
            self._conversation.child.kill()
            self._conversation = None
            self._child = None

    def _converse(self, conversation: _Conversation, request: AnalysisRequest) -> None:
        """On a thread: pass every answer of the child to the GUI thread."""
        answer: Answer | None = None
        try:
            for answer in conversation.child.analyse(conversation.ticket, request):
                self._answered.emit(conversation.ticket, answer)
        except ThoralensError as error:
            answer = Failed(conversation.ticket, error)
            self._answered.emit(conversation.ticket, answer)
        finally:
            if answer is None or isinstance(answer, Step):  # a bug here must not leave a wait
                self._answered.emit(conversation.ticket, Failed(conversation.ticket, _no_answer()))

    @Slot(int, object)
    def _on_answered(self, ticket: int, answer: Answer) -> None:
        is_present = self._conversation is not None and self._conversation.ticket == ticket
        if is_present and not isinstance(answer, Step):
            self._conversation = None
            self._patience.stop()
        if ticket == self._awaited:
            self._pass_on(answer)

    def _pass_on(self, answer: Answer) -> None:
        if isinstance(answer, Step):
            self._set_state(JobState.RUNNING)
            self.progressed.emit(answer.fraction, answer.message)
            return
        self._awaited = 0
        state, tell = {
            Done: (JobState.DONE, lambda: self.finished.emit(answer.result)),
            Failed: (JobState.FAILED, lambda: self.failed.emit(answer.error)),
            Stopped: (JobState.CANCELLED, self.cancelled.emit),
        }[type(answer)]
        self._set_state(state)
        tell()

    def _set_state(self, state: JobState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)


def _no_answer() -> ResourcesError:
    return ResourcesError("The analysis gave no answer.", "The scan is still open; run it again.")
