"""Work on threads: named states, groups in which the newest replaces the older, visible progress.

A job is a plain function whose only parameter is a `Progress`. Everything that a caller hears of it
arrives on the GUI thread, and nothing arrives of a job that was replaced or cancelled.
"""

import concurrent.futures
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.bugs import understood
from core.errors import ThoralensError
from core.progress import Cancelled, Progress, Throttled
from viewer.messages import Messages, message_of

WORKER_THREADS = 4

SHUT_DOWN_PATIENCE_S = 2.0
"""How long closing the window waits for jobs to notice that they are cancelled."""


class JobState(Enum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"

    @property
    def is_over(self) -> bool:
        """True if nothing more will come."""
        return self not in (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True)
class Job:
    """A job as it stands now; the next change is another `Job` with the same ticket.

    Attributes:
        ticket: Unique.
        group: "index", "load", "report" or "sample"; one job of a group runs at a time.
        label: What the job does, in words.
        state: Where it stands.
        fraction: 0..1 of the work done.
        message: What is being done, in words.
    """

    ticket: int
    group: str
    label: str = ""
    state: JobState = JobState.WAITING
    fraction: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class _Listener:
    """Who waits for a job, and how the job learns that nobody does any more."""

    cancel_event: threading.Event
    on_done: Callable[[Any], None]
    on_failed: Callable[[ThoralensError], None] | None
    on_progress: Callable[[float, str], None] | None


class JobRunner(QObject):
    """Runs jobs.

    Args:
        messages: Is told of every failure that no caller handles.

    Signals:
        job_changed: (Job), at every change of state and of progress.
    """

    job_changed = Signal(object)
    _reported = Signal(int, float, str)
    _ended = Signal(int, object, object)

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages = messages
        self._pool = concurrent.futures.ThreadPoolExecutor(WORKER_THREADS, "thoralens-job")
        self._tickets = count(1)
        self._jobs: dict[str, Job] = {}
        self._listeners: dict[str, _Listener] = {}
        self._futures: set[concurrent.futures.Future[None]] = set()
        self._reported.connect(self._on_reported, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        group: str,
        work: Callable[[Progress], Any],
        *,
        on_done: Callable[[Any], None],
        on_failed: Callable[[ThoralensError], None] | None = None,
        on_progress: Callable[[float, str], None] | None = None,
        label: str = "",
    ) -> Job:
        """Run `work` on a thread; an older job of the same group is cancelled.

        Args:
            group: In which the newest job replaces the older.
            work: Called on a thread with a `Progress`; must not touch widgets.
            on_done: Called on the GUI thread with what `work` returned.
            on_failed: Called on the GUI thread with the error (a `core.bugs.Bug` where `work`
                raised what nobody foresaw); without it the error is posted as a message.
            on_progress: Called on the GUI thread with (fraction, message).
            label: What the job does, in words.
        """
        self.cancel(group)
        job = Job(next(self._tickets), group, label)
        cancel_event = threading.Event()
        self._listeners[group] = _Listener(cancel_event, on_done, on_failed, on_progress)
        self._show(job)
        self._futures = {each for each in self._futures if not each.done()}
        self._futures.add(self._pool.submit(self._perform, job.ticket, work, cancel_event))
        return job

    def job(self, group: str) -> Job | None:
        """The newest job of a group, over or not; None if there was none."""
        return self._jobs.get(group)

    def cancel(self, group: str) -> None:
        """Cancel the job of a group; nothing more is heard of it. No-op if none is running."""
        job = self._jobs.get(group)
        if job is None or job.state.is_over:
            return
        self._finish(job, JobState.CANCELLED).cancel_event.set()

    def shut_down(self) -> None:
        """Cancel everything and wait briefly for the threads to end."""
        for group in tuple(self._jobs):
            self.cancel(group)
        self._pool.shutdown(wait=False, cancel_futures=True)
        concurrent.futures.wait(self._futures, timeout=SHUT_DOWN_PATIENCE_S)

    def _perform(
        self, ticket: int, work: Callable[[Progress], Any], cancel_event: threading.Event
    ) -> None:
        """On a thread: run the work, and tell the GUI thread how it went."""

        def report(fraction: float, message: str) -> None:
            self._reported.emit(ticket, fraction, message)

        result, error = None, None
        try:
            if cancel_event.is_set():
                return
            report(0.0, "")
            result = work(Throttled(report, cancel_event.is_set))
        except Cancelled:
            return
        except Exception as raised:  # noqa: BLE001  the job boundary: a bug becomes a message
            error = understood(raised)
        if not cancel_event.is_set():  # after a cancel the window, and `self`, may be gone
            self._ended.emit(ticket, result, error)

    def _current(self, ticket: int) -> Job | None:
        """The job of a ticket, None where it is over or replaced."""
        return next(
            (job for job in self._jobs.values() if job.ticket == ticket and not job.state.is_over),
            None,
        )

    @Slot(int, float, str)
    def _on_reported(self, ticket: int, fraction: float, message: str) -> None:
        job = self._current(ticket)
        if job is None:
            return
        self._show(replace(job, state=JobState.RUNNING, fraction=fraction, message=message))
        on_progress = self._listeners[job.group].on_progress
        if on_progress is not None:
            on_progress(fraction, message)

    @Slot(int, object, object)
    def _on_ended(self, ticket: int, result: object, error: ThoralensError | None) -> None:
        job = self._current(ticket)
        if job is None:
            return
        listener = self._finish(job, JobState.DONE if error is None else JobState.FAILED)
        if error is None:
            listener.on_done(result)
        elif listener.on_failed is not None:
            listener.on_failed(error)
        else:
            self._messages.post(message_of(error))

    def _finish(self, job: Job, state: JobState) -> _Listener:
        """Mark a job as over, and hand out its listener for the last time."""
        listener = self._listeners.pop(job.group)
        self._show(replace(job, state=state))
        return listener

    def _show(self, job: Job) -> None:
        self._jobs[job.group] = job
        self.job_changed.emit(job)
