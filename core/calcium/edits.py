"""What a reader may do to a calcium reading. Each edit can be replayed, so each can be undone."""

from dataclasses import dataclass

from core.calcium.categories import VisualGrade
from core.calcium.scores import Vessel

Point = tuple[float, float, float]
"""LPS mm."""


@dataclass(frozen=True)
class AddLesion:
    """A click: the lesion at a point belongs to a vessel.

    Attributes:
        only_slice: The part of the clicked slice alone.
        by: Initials of the reader; "" where nobody signs.
        at: When, ISO 8601; "" where no clock is wanted.
    """

    point_mm: Point
    vessel: Vessel
    only_slice: bool = False
    by: str = ""
    at: str = ""


@dataclass(frozen=True)
class AddLasso:
    """A loop drawn on one slice, as if each candidate with its centre inside had been clicked.

    Attributes:
        loop_mm: Corners, at least three.
        by: As in `AddLesion`, and `at` too.
        through_mm: The loop holds for slices this far to both sides: those of the average that was
            shown when it was drawn.
    """

    loop_mm: tuple[Point, ...]
    vessel: Vessel
    by: str = ""
    at: str = ""
    through_mm: float = 0.0


@dataclass(frozen=True)
class SetVessel:
    """The lesion at a point belongs to another vessel."""

    point_mm: Point
    vessel: Vessel


@dataclass(frozen=True)
class Remove:
    """The lesion at a point is not calcium of this reading."""

    point_mm: Point


@dataclass(frozen=True)
class Cut:
    """A line drawn across a lesion on one slice parts it in two, through all its slices.

    Attributes:
        start_mm: Where the line begins; it reaches no further than from start to end.
        end_mm: Where it ends.
    """

    start_mm: Point
    end_mm: Point


@dataclass(frozen=True)
class ConfirmZero:
    """The reader looked through the heart and found no calcium.

    Attributes:
        initials: Who says so.
    """

    initials: str


@dataclass(frozen=True)
class Grade:
    """The visual grade of the reader, for scans that are not gated."""

    grade: VisualGrade


Edit = AddLesion | AddLasso | SetVessel | Remove | Cut | ConfirmZero | Grade
