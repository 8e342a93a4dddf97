"""Where every slice of a series lies along the normal, in words and millimetres. No Qt.

Places are counted as the views count them: from the head down, from front to back, from right to
left, missing ones included.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.data.series import SeriesRecord
from core.data.slice_stack import COUNTED_TOWARDS, Stack, stack_of
from core.geometry import Floats
from core.views.planes import direction_letters
from core.volume import Volume


class Mark(Enum):
    """What a place is; the letter stands beside its tick, so that colour is not all that tells."""

    SLICE = ""
    MISSING = "M"
    DOUBLED = "D"
    UNEVEN = "G"


@dataclass(frozen=True)
class StripPlace:
    """One place of the stack.

    Attributes:
        offset_mm: From the first place, in the direction of counting.
        mark: What it is; UNEVEN where the distance to the next is not the usual one.
        words: What a reader is told about it.
    """

    offset_mm: float
    mark: Mark
    words: str


@dataclass(frozen=True, eq=False)
class StripPlaces:
    """All places of a series.

    Attributes:
        places: In the direction of counting.
        direction: LPS unit vector of counting, perpendicular to the slices.
        first_mm: Place of the first along `direction`.
        letters: Patient direction at the first and at the last place.
        summary: The stack in one sentence.
    """

    places: tuple[StripPlace, ...]
    direction: Floats
    first_mm: float
    letters: tuple[str, str]
    summary: str

    @property
    def extent_mm(self) -> float:
        """From the first place to the last."""
        return self.places[-1].offset_mm

    def nearest(self, offset_mm: float) -> int:
        """Index of the place nearest to an offset."""
        return int(np.argmin([abs(place.offset_mm - offset_mm) for place in self.places]))


def strip_places(record: SeriesRecord, volume: Volume | None = None) -> StripPlaces:
    """Places of a series.

    Args:
        record: Which series; at least one slice.
        volume: Its pixels if it is open: slices that could not be read are missing too.
    """
    stack = stack_of(record)
    axis = int(np.argmax(np.abs(stack.normal)))
    direction = stack.normal * np.sign(stack.normal @ COUNTED_TOWARDS[axis])
    marked = _marked(stack, stack.positions_mm @ direction, {*stack.doubled, *record.doubled})
    if volume is not None and volume.missing_slices:
        marked = _with_unread(marked, _missing_mm(volume, direction), stack.median_gap_mm / 2)
    marked.sort(key=lambda place: place[0])
    first_mm = marked[0][0]
    words = _words(marked, stack.median_gap_mm)
    return StripPlaces(
        places=tuple(
            StripPlace(at_mm - first_mm, mark, told)
            for (at_mm, mark), told in zip(marked, words, strict=True)
        ),
        direction=direction,
        first_mm=first_mm,
        letters=(direction_letters(-direction)[:1], direction_letters(direction)[:1]),
        summary=_summary(marked, stack.median_gap_mm),
    )


def _marked(stack: Stack, along_mm: Floats, doubled: set[int]) -> list[tuple[float, Mark]]:
    """Every place once, stored or missing; an uneven distance belongs to the place before it."""
    repeated, uneven = set(stack.doubled), set(stack.uneven)
    marked: list[tuple[float, Mark]] = []
    for k, at_mm in enumerate(along_mm):
        if k - 1 in repeated:
            continue  # told with the first slice of this place
        marked.append((float(at_mm), Mark.DOUBLED if k in doubled else Mark.SLICE))
    for k, count in stack.missing.items():
        between = np.linspace(along_mm[k], along_mm[k + 1], count + 2)[1:-1]
        marked += [(float(at_mm), Mark.MISSING) for at_mm in between]
    for k in uneven:
        before = float(min(along_mm[k], along_mm[k + 1]))
        place = min(range(len(marked)), key=lambda n: abs(marked[n][0] - before))
        if marked[place][1] is Mark.SLICE:
            marked[place] = (marked[place][0], Mark.UNEVEN)
    return marked


def _missing_mm(volume: Volume, direction: Floats) -> Floats:
    """Where a volume has no slice, along `direction`."""
    index = np.zeros((len(volume.missing_slices), 3))
    index[:, volume.missing_axis] = volume.missing_slices
    missing_mm: Floats = volume.geometry.to_patient(index) @ direction
    return missing_mm


def _with_unread(
    marked: list[tuple[float, Mark]], missing_mm: Floats, near_mm: float
) -> list[tuple[float, Mark]]:
    """Slices that have a file but could not be read are missing too."""
    return [
        (at_mm, Mark.MISSING if np.abs(missing_mm - at_mm).min() < near_mm else mark)
        for at_mm, mark in marked
    ]


def _words(marked: list[tuple[float, Mark]], usual_mm: float) -> list[str]:
    sentences = []
    for k, (at_mm, mark) in enumerate(marked):
        which = f"slice {k + 1} of {len(marked)}"
        if mark is Mark.MISSING:
            sentences.append(f"{which} is missing")
            continue
        doubled = ", more than one slice at this place" if mark is Mark.DOUBLED else ""
        distance = ""
        if k + 1 < len(marked):
            distance = f", {marked[k + 1][0] - at_mm:.1f} mm to the next"
        usual = f" instead of {usual_mm:.1f} mm" if mark is Mark.UNEVEN else ""
        sentences.append(which + doubled + distance + usual)
    return [f"{words[0].upper()}{words[1:]}" for words in sentences]


def _summary(marked: list[tuple[float, Mark]], usual_mm: float) -> str:
    if len(marked) == 1:
        return "One place"
    marks = [mark for _, mark in marked]
    found = [
        f"{marks.count(mark)} {word}"
        for mark, word in (
            (Mark.MISSING, "missing"),
            (Mark.DOUBLED, "doubled"),
            (Mark.UNEVEN, "uneven"),
        )
        if mark in marks
    ]
    return f"{len(marked)} places every {usual_mm:.1f} mm: {', '.join(found) or 'complete'}"
