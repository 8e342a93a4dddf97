"""One child process seen from the parent: start, ask, listen, end. Without Qt.

`analyse` and `ask` block and belong on a thread; `cancel` and `kill` may be called from another.
"""

import ctypes
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from core.analysis_result import AnalysisRequest
from core.errors import ResourcesError
from core.shared_volume import release, share
from core.worker import Answer, Ask, Run, Step, WarmUp, serve

CHILD_NAME = "thoralens-prognosis"

END_PATIENCE_S = 1.0
"""How long a child may take to end by itself, and then once more after it was killed."""

WINDOWS_STATUS_FROM = 256
"""Exit statuses from here up are Windows fault codes, which people know in hexadecimal."""


class ChildProcess:
    """A running child that answers one request at a time.

    Args:
        target: "module:function" that the child runs.
    """

    def __init__(self, target: str) -> None:
        # Spawned, not forked: a fork of a process with Qt threads and open windows is not sound.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._cancel_flag = context.RawValue(ctypes.c_bool, False)
        self._process: BaseProcess = context.Process(
            target=serve, args=(theirs, self._cancel_flag, target), name=CHILD_NAME, daemon=True
        )
        self._process.start()
        theirs.close()  # else the child would never see that we are gone

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._process.pid or 0

    @property
    def is_alive(self) -> bool:
        """False once the child has ended."""
        return self._process.is_alive()

    def warm_up(self, message: WarmUp) -> None:
        """Let an idle child load what its first run will need; nothing comes back."""
        with suppress(OSError):  # it has died: the next run will notice
            self._connection.send(message)

    def prepare(self) -> None:
        """Forget an earlier `cancel`: call before every request, where `cancel` is called."""
        self._cancel_flag.value = False

    def cancel(self) -> None:
        """Ask the present request to stop at its next step."""
        self._cancel_flag.value = True

    def analyse(self, ticket: int, request: AnalysisRequest) -> Iterator[Answer]:
        """Send a request and yield every answer, the last of which is no `Step`.

        Raises:
            ResourcesError: The child died, or the volume did not fit into shared memory.
        """
        block, volume = share(request.volume)
        try:
            self._send(Run.of(ticket, request, volume))
            first = self._receive()
        finally:
            release(block)  # the first answer says that it was read
        yield from self._answers_from(first)

    def ask(self, message: Ask) -> Iterator[Answer]:
        """Send a question and yield every answer, the last of which is no `Step`.

        Raises:
            ResourcesError: The child died.
        """
        self._send(message)
        yield from self._answers_from(self._receive())

    def kill(self) -> None:
        """End the child now. It owns nothing that could be left half written."""
        self._process.kill()

    def close(self) -> None:
        """End the child and wait until it is gone."""
        self._connection.close()  # an idle child ends when it sees this
        self._process.join(END_PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(END_PATIENCE_S)

    def _answers_from(self, answer: Answer) -> Iterator[Answer]:
        yield answer
        while isinstance(answer, Step):
            answer = self._receive()
            yield answer

    def _send(self, message: Run | Ask) -> None:
        try:
            self._connection.send(message)
        except OSError:
            raise self._death() from None

    def _receive(self) -> Answer:
        try:
            if self._connection not in wait([self._connection, self._process.sentinel]):
                raise self._death()
            answer: Answer = self._connection.recv()
        except (EOFError, OSError):
            raise self._death() from None
        return answer

    def _death(self) -> ResourcesError:
        self._process.join(END_PATIENCE_S)
        exit_status = self._process.exitcode
        self.close()
        return ResourcesError(
            f"The analysis {death_in_words(exit_status)}.",
            "The scan is still open. Close other programs to free memory, then run it again.",
        )


def death_in_words(exit_status: int | None) -> str:
    """Why a child ended, from its exit status (negative: the signal that ended it)."""
    if exit_status is None:
        return "ended without an answer"
    if exit_status >= WINDOWS_STATUS_FROM:
        return f"crashed (status 0x{exit_status:08X})"
    if exit_status >= 0:
        return f"ended without an answer (exit status {exit_status})"
    number = -exit_status
    if number == 9:
        return "was stopped by the system (signal 9): most often too little memory"
    if number == signal.SIGTERM:
        return f"was stopped from outside (signal {number})"
    return f"crashed (signal {number}, {_signal_name(number)})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
