"""The line to the child process: one talk at a time, the child replaced if it dies.

A thread talks to the child, one thread a talk. Everything that is heard arrives on the GUI thread.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from core.errors import ResourcesError, ThoralensError
from core.worker import Answer, Failed, Step
from viewer.child_process import END_PATIENCE_S, ChildProcess

Exchange = Callable[[ChildProcess, int], Iterator[Answer]]
"""What is said on a thread: (child, ticket) -> answers, the last of which is no `Step`."""


@dataclass(frozen=True)
class _Talk:
    """What the child has not yet ended, whether or not anyone still waits for it."""

    ticket: int
    child: ChildProcess


class ChildLine(QObject):
    """Starts the child on first use and keeps it warm.

    Args:
        run_target: "module:function" that the child runs.

    Signals:
        answered: (ticket, Answer), also of talks that nobody waits for any more.
        freed: The child has become idle, or was killed.
    """

    answered = Signal(int, object)
    freed = Signal()
    _heard = Signal(int, object)

    def __init__(self, run_target: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run_target = run_target
        self._tickets = count(1)
        self._child: ChildProcess | None = None
        self._talk: _Talk | None = None
        self._threads: list[threading.Thread] = []
        self._patience = QTimer(self, singleShot=True)
        self._patience.timeout.connect(self._lose_patience)
        self._heard.connect(self._on_heard, Qt.ConnectionType.QueuedConnection)

    @property
    def child_pid(self) -> int | None:
        """Process number of the child, None while there is none."""
        return self._child.pid if self._child is not None and self._child.is_alive else None

    @property
    def is_busy(self) -> bool:
        """True while the child works, be it on something that was stopped and goes on yet."""
        return self._talk is not None

    def living_child(self) -> ChildProcess:
        """The child; started if there is none or if it has died."""
        if self._child is not None and not self._child.is_alive:
            self._child.close()
            self._child = None
        if self._child is None:
            self._child = ChildProcess(self._run_target)
        return self._child

    def begin(self, exchange: Exchange) -> int:
        """Talk to the idle child on a thread.

        Returns:
            The ticket of its answers.
        """
        child = self.living_child()
        child.prepare()
        self._talk = _Talk(next(self._tickets), child)
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(
            target=self._converse,
            args=(self._talk, exchange),
            name=f"prognosis-{self._talk.ticket}",
            daemon=True,
        )
        self._threads.append(thread)
        thread.start()
        return self._talk.ticket

    def stop(self, patience_s: float) -> None:
        """Ask the child to stop; it is killed after `patience_s`, or sooner if asked earlier."""
        if self._talk is None:
            return
        self._talk.child.cancel()
        patience_ms = round(patience_s * 1000)
        if not self._patience.isActive() or self._patience.remainingTime() > patience_ms:
            self._patience.start(patience_ms)

    def discard(self) -> None:
        """Kill a child that is still busy; its thread sees it die and cleans up."""
        self._patience.stop()
        if self._talk is not None:
            self._talk.child.kill()
            self._talk = None
            self._child = None

    def close(self) -> None:
        """End the child and the threads."""
        child = self._child
        self.discard()
        for thread in self._threads:
            thread.join(2 * END_PATIENCE_S)
        if child is not None:  # killed or idle: its thread waits for it only while it listens
            child.close()
        self._child = None

    @Slot()
    def _lose_patience(self) -> None:
        self.discard()
        self.freed.emit()

    def _converse(self, talk: _Talk, exchange: Exchange) -> None:
        """On a thread: pass every answer of the child to the GUI thread."""
        answer: Answer | None = None
        try:
            for answer in exchange(talk.child, talk.ticket):
                self._heard.emit(talk.ticket, answer)
        except ThoralensError as error:
            answer = Failed(talk.ticket, error)
            self._heard.emit(talk.ticket, answer)
        finally:
            if answer is None or isinstance(answer, Step):  # a bug here must not leave a wait
                self._heard.emit(talk.ticket, Failed(talk.ticket, _no_answer()))

    @Slot(int, object)
    def _on_heard(self, ticket: int, answer: Answer) -> None:
        is_present = self._talk is not None and self._talk.ticket == ticket
        is_last = is_present and not isinstance(answer, Step)
        if is_last:
            self._talk = None
            self._patience.stop()
        self.answered.emit(ticket, answer)
        if is_last:
            self.freed.emit()


def _no_answer() -> ResourcesError:
    return ResourcesError("The analysis gave no answer.", "The scan is still open; run it again.")
