"""Edits as plain JSON and back: the marks file of the command line, and the journal.

A mark is `{"vessel": "LAD", "point_mm": [x, y, z]}`, patient LPS in mm, with `"only_slice": true`
for the part of one slice. Other edits name their kind: `lasso` (vessel, loop_mm, through_mm),
`set_vessel` (vessel, point_mm), `remove` (point_mm), `cut` (start_mm, end_mm), `confirm_zero`
(initials) and `grade` (grade, 0 to 3).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.calcium.categories import VisualGrade
from core.calcium.edits import (
    AddLasso,
    AddLesion,
    ConfirmZero,
    Cut,
    Edit,
    Grade,
    Point,
    Remove,
    SetVessel,
)
from core.calcium.scores import Vessel
from core.errors import SeriesError

Document = dict[str, Any]
AXES = 3
FURTHEST_MM = 1e5
"""No scanner places anything a hundred metres away."""


class NotAnEdit(Exception):
    """Says what was expected and what was found."""


def edit_document(edit: Edit) -> Document:
    """An edit as JSON's own types."""
    match edit:
        case AddLesion():
            document: Document = {"kind": "lesion", "vessel": edit.vessel.value}
            document["point_mm"] = list(edit.point_mm)
            document["only_slice"] = edit.only_slice
            document |= {"by": edit.by, "at": edit.at}
        case AddLasso():
            document = {"kind": "lasso", "vessel": edit.vessel.value}
            document["loop_mm"] = [list(point) for point in edit.loop_mm]
            document["through_mm"] = edit.through_mm
            document |= {"by": edit.by, "at": edit.at}
        case SetVessel():
            document = {"kind": "set_vessel", "vessel": edit.vessel.value}
            document["point_mm"] = list(edit.point_mm)
        case Remove():
            document = {"kind": "remove", "point_mm": list(edit.point_mm)}
        case Cut():
            document = {"kind": "cut", "start_mm": list(edit.start_mm)}
            document["end_mm"] = list(edit.end_mm)
        case ConfirmZero():
            document = {"kind": "confirm_zero", "initials": edit.initials}
        case Grade():
            document = {"kind": "grade", "grade": int(edit.grade)}
    return document


def edits_of(documents: object) -> tuple[Edit, ...]:
    """Edits of a marks file.

    Raises:
        SeriesError: It is no list of marks; the message says which one is wrong, and how.
    """
    if not isinstance(documents, list):
        raise SeriesError(
            f"The marks must be one JSON list, found {type(documents).__name__}.",
            'Write [{"vessel": "LAD", "point_mm": [x, y, z]}, ...] in patient LPS mm.',
        )
    found = []
    for number, document in enumerate(documents, start=1):
        try:
            found.append(edit_of(document))
        except NotAnEdit as error:
            raise SeriesError(
                f"Mark {number} cannot be understood: {error}.",
                'A mark is {"vessel": "LAD", "point_mm": [x, y, z]} in patient LPS mm.',
            ) from None
    return tuple(found)


def edit_of(document: object) -> Edit:
    """One edit.

    Raises:
        NotAnEdit: What was expected and what was found.
    """
    if not isinstance(document, Mapping):
        raise NotAnEdit(f"an object was expected, found {type(document).__name__}")
    kind = document.get("kind", "lesion")
    if not isinstance(kind, str) or kind not in READERS:
        raise NotAnEdit(f"kind must be one of {', '.join(READERS)}, found {str(kind)[:20]!r}")
    return READERS[kind](document)


def _lesion(document: Mapping[str, Any]) -> Edit:
    only_slice = document.get("only_slice", False)
    if not isinstance(only_slice, bool):
        raise NotAnEdit("only_slice must be true or false")
    by, at = _text(document, "by"), _text(document, "at")
    return AddLesion(_point(document, "point_mm"), _vessel(document), only_slice, by, at)


def _lasso(document: Mapping[str, Any]) -> Edit:
    corners = document.get("loop_mm")
    if not isinstance(corners, Sequence) or isinstance(corners, str):
        raise NotAnEdit("loop_mm must be a list of points")
    loop = tuple(_triple(corner, "loop_mm") for corner in corners)
    through_mm = document.get("through_mm", 0.0)
    if not _is_number(through_mm) or through_mm < 0:
        raise NotAnEdit("through_mm must be a number of mm, not negative")
    by, at = _text(document, "by"), _text(document, "at")
    return AddLasso(loop, _vessel(document), by, at, float(through_mm))


def _grade(document: Mapping[str, Any]) -> Edit:
    grade = document.get("grade")
    if isinstance(grade, bool) or grade not in list(VisualGrade):
        raise NotAnEdit("grade must be 0, 1, 2 or 3")
    return Grade(VisualGrade(grade))


READERS = {
    "lesion": _lesion,
    "lasso": _lasso,
    "set_vessel": lambda each: SetVessel(_point(each, "point_mm"), _vessel(each)),
    "remove": lambda each: Remove(_point(each, "point_mm")),
    "cut": lambda each: Cut(_point(each, "start_mm"), _point(each, "end_mm")),
    "confirm_zero": lambda each: ConfirmZero(_text(each, "initials")),
    "grade": _grade,
}


def _vessel(document: Mapping[str, Any]) -> Vessel:
    names = [vessel.value for vessel in Vessel]
    found = document.get("vessel")
    if found not in names:
        raise NotAnEdit(f"vessel must be one of {', '.join(names)}, found {str(found)[:20]!r}")
    return Vessel(found)


def _point(document: Mapping[str, Any], key: str) -> Point:
    return _triple(document.get(key), key)


def _triple(found: object, key: str) -> Point:
    numbers = list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []
    if len(numbers) != AXES or not all(_is_number(each) for each in numbers):
        raise NotAnEdit(f"{key} must be three numbers [x, y, z] in mm")
    x, y, z = numbers
    return float(x), float(y), float(z)


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= FURTHEST_MM  # not true for what is no number either


def _text(document: Mapping[str, Any], key: str) -> str:
    found = document.get(key, "")
    if not isinstance(found, str):
        raise NotAnEdit(f"{key} must be text")
    return found
