"""The prognosis model in its child process: runs it, and asks it about its last run.

One thing at a time: a run before everything, then questions in the order in which they were asked,
those in the background last. Everything that a caller hears arrives on the GUI thread, and nothing
arrives of what was cancelled or replaced.
"""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from core.analysis_result import AnalysisRequest
from core.errors import ResourcesError
from core.worker import ANALYSE, Answer, Ask, Done, Failed, Step, Stopped, WarmUp
from viewer.child_line import ChildLine
from viewer.jobs import JobState
from viewer.question_queue import Question, QuestionQueue

CONFIRM_WITHIN_S = 5.0
"""A cancelled run, or a question that holds up a run, is killed if it has not stopped by then."""

QUESTION_PATIENCE_S = 30.0
"""How long a withdrawn question may go on where no run waits. It is not killed sooner because the
child remembers the last run: without it nothing could be asked until the next run."""


class PrognosisProcess(QObject):
    """Runs one analysis at a time in a child process, and asks questions about the last one.

    Args:
        target: "module:function" that the child runs, with (request, progress).
        confirm_within_s: A cancelled child that has not stopped after this is killed.

    Signals:
        progressed: (fraction 0..1, message) of the run.
        finished: (AnalysisResult).
        failed: (ThoralensError), a `core.bugs.Bug` where nobody foresaw it.
        cancelled: The run was cancelled; nothing more is heard of it.
        state_changed: (JobState) of the run.
    """

    progressed = Signal(float, str)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    state_changed = Signal(object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        target: str = ANALYSE,
        confirm_within_s: float = CONFIRM_WITHIN_S,
    ) -> None:
        super().__init__(parent)
        self._confirm_within_s = confirm_within_s
        self._state: JobState | None = None
        self._waiting_run: AnalysisRequest | None = None
        self._run_ticket = 0
        self._queue = QuestionQueue()
        self._asked: Question | None = None
        self._asked_ticket = 0
        self._gives_way = False
        self._talks_of_run = False
        self._line = ChildLine(target, self)
        self._line.answered.connect(self._on_answered)
        self._line.freed.connect(self._go_on)
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
        return self._line.child_pid

    @property
    def is_busy(self) -> bool:
        """True while the child works, be it on something that was cancelled and goes on yet."""
        return self._line.is_busy

    def warm_up(self, model_id: str, models_folder: Path | None = None) -> None:
        """Start the child and let it load a model while the user looks at the scan."""
        if not self._line.is_busy:
            self._line.living_child().warm_up(WarmUp(model_id, models_folder))

    def run(self, request: AnalysisRequest) -> None:
        """Analyse. Questions are withdrawn; a run that is still going loses its child."""
        self.cancel()
        self.withdraw_all()
        if self._talks_of_run:
            self._line.discard()
        else:
            self._line.stop(self._confirm_within_s)
        self._waiting_run = request
        self._set_state(JobState.WAITING)
        self._go_on()
        self.progressed.emit(0.0, "Starting the analysis")

    def cancel(self) -> None:
        """Cancel the run: `cancelled` is emitted at once. No-op if none is running."""
        if not self._awaits_run:
            return
        if self._run_ticket:
            self._line.stop(self._confirm_within_s)
        self._waiting_run, self._run_ticket = None, 0
        self._set_state(JobState.CANCELLED)
        self.cancelled.emit()

    def ask(self, question: Question) -> None:
        """Ask the child about its last run; an older question of the same kind is withdrawn.

        Where there is no child that could know, `question.on_failed` is called at once.
        """
        self.withdraw(question.kind)
        self._queue.add(question)
        if self._asked is not None and self._asked.in_background and not question.in_background:
            self._gives_way = True
            self._line.stop(QUESTION_PATIENCE_S)
        self._go_on()

    def withdraw(self, kind: str) -> None:
        """Take the question of a kind back; no-op if there is none."""
        question = self._queue.take(kind)
        if self._asked is not None and self._asked.kind == kind:
            question, self._asked = self._asked, None
            self._line.stop(QUESTION_PATIENCE_S)
        if question is not None:
            question.on_withdrawn()

    def withdraw_all(self) -> None:
        """Take every question back."""
        if self._asked is not None:
            self.withdraw(self._asked.kind)
        for question in self._queue.clear():
            question.on_withdrawn()

    @Slot()
    def close(self) -> None:
        """End the child and the threads; nothing more is heard of run and questions."""
        self._waiting_run, self._run_ticket, self._asked = None, 0, None
        self._queue.clear()
        self._line.close()

    @property
    def _awaits_run(self) -> bool:
        return self._waiting_run is not None or self._run_ticket != 0

    @Slot()
    def _go_on(self) -> None:
        """Begin what comes next, if the child has time."""
        if self._line.is_busy:
            return
        if self._asked is not None:  # its child was killed before it gave way
            self._queue.add(self._asked)
            self._asked = None
        self._talks_of_run = self._waiting_run is not None
        if self._waiting_run is not None:
            request, self._waiting_run = self._waiting_run, None
            self._run_ticket = self._line.begin(lambda child, mine: child.analyse(mine, request))
            return
        while not self._line.is_busy and (question := self._queue.next()) is not None:
            self._begin(question)

    def _begin(self, question: Question) -> None:
        if self._line.child_pid is None:  # a new child would know nothing of the last run
            question.on_failed(_forgotten())
            return
        self._asked, self._gives_way = question, False
        self._asked_ticket = self._line.begin(
            lambda child, mine: child.ask(Ask(mine, question.target, question.request))
        )

    @Slot(int, object)
    def _on_answered(self, ticket: int, answer: Answer) -> None:
        if ticket == self._run_ticket:
            self._hear_of_run(answer)
        elif self._asked is not None and ticket == self._asked_ticket:
            self._hear_of_question(self._asked, answer)

    def _hear_of_run(self, answer: Answer) -> None:
        if isinstance(answer, Step):
            self._set_state(JobState.RUNNING)
            self.progressed.emit(answer.fraction, answer.message)
            return
        self._run_ticket = 0
        state, tell = {
            Done: (JobState.DONE, lambda: self.finished.emit(answer.result)),
            Failed: (JobState.FAILED, lambda: self.failed.emit(answer.error)),
            Stopped: (JobState.CANCELLED, self.cancelled.emit),
        }[type(answer)]
        self._set_state(state)
        tell()

    def _hear_of_question(self, question: Question, answer: Answer) -> None:
        if isinstance(answer, Step):
            question.on_progress(answer.fraction, answer.message)
            return
        self._asked = None
        if isinstance(answer, Done):
            question.on_done(answer.result)
        elif isinstance(answer, Failed):
            question.on_failed(answer.error)
        elif self._gives_way:
            self._queue.add(question)
        else:
            question.on_withdrawn()

    def _set_state(self, state: JobState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)


def _forgotten() -> ResourcesError:
    return ResourcesError(
        "The model's process has ended, and with it what it knew of the last run.",
        "Run the model again, then ask again.",
    )
