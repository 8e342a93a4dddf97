"""Which question the child answers next. Without Qt and without a child."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import ThoralensError


def _ignore(*_: object) -> None:
    """What a caller hears who did not want to hear it."""


@dataclass(frozen=True, eq=False)
class Question:
    """What the child is asked about the run that it did last, and who wants to hear of it.

    Attributes:
        target: "module:function" that answers in the child.
        request: Its first argument.
        kind: The newest question of a kind replaces the older.
        on_done: Called on the GUI thread with the answer.
        on_failed: Called on the GUI thread with the `ThoralensError`.
        on_progress: Called on the GUI thread with (fraction, message).
        on_withdrawn: Called on the GUI thread where nothing more will be heard.
        in_background: Gives way to any question that is not, and is then asked again.
    """

    target: str
    request: Any
    kind: str
    on_done: Callable[[Any], None]
    on_failed: Callable[[ThoralensError], None]
    on_progress: Callable[[float, str], None] = _ignore
    on_withdrawn: Callable[[], None] = _ignore
    in_background: bool = False


class QuestionQueue:
    """Questions that wait: in the order in which they were asked, those in the background last."""

    def __init__(self) -> None:
        self._waiting: list[Question] = []

    def add(self, question: Question) -> None:
        """Let a question wait; `take` an older one of its kind first."""
        self._waiting.append(question)

    def next(self) -> Question | None:
        """Take the question whose turn it is; None where none waits."""
        if not self._waiting:
            return None
        first = min(self._waiting, key=lambda each: each.in_background)  # stable: the oldest wins
        self._waiting.remove(first)
        return first

    def take(self, kind: str) -> Question | None:
        """Take the question of a kind out of the queue; None where none waits."""
        found = next((each for each in self._waiting if each.kind == kind), None)
        if found is not None:
            self._waiting.remove(found)
        return found

    def clear(self) -> tuple[Question, ...]:
        """Take all."""
        taken, self._waiting = tuple(self._waiting), []
        return taken
