"""What the command line prints: progress and refusals on standard error, results elsewhere."""

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from core.bugs import Bug, understood
from core.errors import ThoralensError
from core.progress import Progress, Throttled

LINE_LENGTH = 100


@contextmanager
def progress_on_stderr() -> Iterator[Progress]:
    """A bar where standard error is a terminal; one line for each new step elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)
        yield Throttled(
            lambda fraction, message: bar.update(task, completed=fraction, description=message)
        )


class _Lines:
    """Prints each message once, when it is new."""

    def __init__(self) -> None:
        self._last = ""

    def step(self, fraction: float, message: str) -> None:
        """Print a message that differs from the last one without its numbers."""
        words = message.rstrip("0123456789 /of.")
        if words != self._last:
            self._last = words
            sys.stderr.write(f"{fraction:4.0%}  {message}\n")


def print_refusal(error: ThoralensError) -> None:
    """The reason and the remedy on standard error, one paragraph."""
    sys.stderr.write(textwrap.fill(str(error), LINE_LENGTH) + "\n")


def print_note(words: str) -> None:
    """A line for people on standard error."""
    sys.stderr.write(f"{words}\n")


def print_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody foresaw, as `sys.excepthook`: in words and details, without names or paths."""
    if not isinstance(error, Exception):  # Ctrl-C where nothing answers to it
        sys.stderr.write(f"Stopped ({kind.__name__}).\n")
        return
    told = understood(error.with_traceback(trace))
    print_refusal(told)
    if isinstance(told, Bug):
        sys.stderr.write(f"\n{told.details}\n")
