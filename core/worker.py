"""The door of the child process: requests come in through a pipe, answers go out.

No Qt and no torch at module level: the parent imports the messages from here, and torch is loaded
in the child, by the first request. The pipe joins a parent with the child it started itself.
"""

import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from ctypes import c_bool
from dataclasses import dataclass, fields
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from core.analysis_result import AnalysisRequest
from core.bugs import understood
from core.errors import ThoralensError
from core.progress import Cancelled, Progress, Throttled
from core.shared_volume import SharedVolume

ANALYSE = "core.analysis:analyse"
"""What the child runs, as "module:function"; the function takes (request, progress)."""

OUT_OF_MEMORY_SCORE = "800"
"""Of -1000..1000: with this the system ends the child, not the viewer with the open scan."""


@dataclass(frozen=True)
class WarmUp:
    """To the child: load what the first run with this model will need."""

    model_id: str
    models_folder: Path | None = None


@dataclass(frozen=True)
class Run:
    """To the child: analyse.

    Attributes:
        ticket: Comes back in every answer.
        volume: Where the voxels are.
        others: Every other field of the request by name.
    """

    ticket: int
    volume: SharedVolume
    others: Mapping[str, Any]

    @classmethod
    def of(cls, ticket: int, request: AnalysisRequest, volume: SharedVolume) -> "Run":
        """The message of a request whose voxels lie in `volume`."""
        others = {each.name: getattr(request, each.name) for each in fields(request)}
        del others["volume"]
        others["clinical"] = dict(request.clinical)  # a read-only view could not be sent
        return cls(ticket, volume, others)

    def request(self) -> AnalysisRequest:
        """The request, with the voxels in this process's own memory."""
        return AnalysisRequest(volume=self.volume.copy(), **self.others)


@dataclass(frozen=True)
class Ask:
    """To the child: answer a question, most often about the run that it did last.

    Attributes:
        ticket: Comes back in every answer.
        target: "module:function" that answers; called with (request, progress).
        request: What is asked; small, as it goes through the pipe.
    """

    ticket: int
    target: str
    request: Any


@dataclass(frozen=True)
class Quit:
    """To the child: end."""


@dataclass(frozen=True)
class Step:
    """From the child: progress. The first one of a run says that its shared block was read."""

    ticket: int
    fraction: float
    message: str


@dataclass(frozen=True)
class Done:
    """From the child: finished, with what the function returned."""

    ticket: int
    result: Any


@dataclass(frozen=True)
class Stopped:
    """From the child: cancelled as asked."""

    ticket: int


@dataclass(frozen=True)
class Failed:
    """From the child (or of it, where it died): the reason, for the user."""

    ticket: int
    error: ThoralensError


Answer = Step | Done | Stopped | Failed


def serve(connection: "Connection[Any, Any]", cancel_flag: c_bool, target: str = ANALYSE) -> None:
    """Answer requests, one after the other, until the parent says `Quit` or is gone.

    Args:
        connection: The child's end of the pipe.
        cancel_flag: True while the parent wants the present run to stop. Shared memory without a
            lock: a child that is killed cannot leave it locked, as it could an Event.
        target: "module:function" that a `Run` calls; imported by the first one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _volunteer_to_die_first()
    with suppress(EOFError, OSError):  # the parent is gone
        while not isinstance(message := connection.recv(), Quit):
            if isinstance(message, WarmUp):
                _attempt(0, partial(_warm_up, message))
            else:
                connection.send_bytes(_answer(message, connection, cancel_flag, target))


def _answer(
    message: Run | Ask, connection: "Connection[Any, Any]", cancel_flag: c_bool, run_target: str
) -> memoryview:
    def report(fraction: float, words: str) -> None:
        connection.send(Step(message.ticket, fraction, words))

    def work() -> Any:
        if isinstance(message, Run):
            request: Any = message.request()
            target, words = run_target, "Starting the analysis"
        else:
            request, target, words = message.request, message.target, "Asking the model"
        report(0.0, words)
        return _function(target)(request, Throttled(report, lambda: cancel_flag.value))

    return _attempt(message.ticket, work)


def _attempt(ticket: int, work: Callable[[], Any]) -> memoryview:
    """The pickled `Done`, `Stopped` or `Failed` of `work`."""
    try:
        # Pickled within the attempt: a result that cannot be sent is a bug of the work.
        return ForkingPickler.dumps(Done(ticket, work()))
    except Cancelled:
        return ForkingPickler.dumps(Stopped(ticket))
    except Exception as error:  # noqa: BLE001  the job boundary: everything becomes a message
        return ForkingPickler.dumps(Failed(ticket, understood(error)))


def _function(target: str) -> Callable[[Any, Progress], Any]:
    module_name, _, name = target.partition(":")
    function: Callable[[Any, Progress], Any] = getattr(import_module(module_name), name)
    return function


def _warm_up(message: WarmUp) -> None:
    from core.analysis import warm_up  # torch is loaded here, in the child

    warm_up(message.model_id, message.models_folder)


def _volunteer_to_die_first() -> None:
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(OUT_OF_MEMORY_SCORE)
