"""Several stacks under one Series Instance UID, taken apart: phases, repeats, reconstructions.

Slices of another kind (localizer, orientation, matrix, pixel spacing, kernel) never belong
together. Beyond that a series is split only where its slices make no even stack as they are, and
only by something that the headers state and that makes even stacks of all of them: many scanners
step the acquisition number slice by slice within one stack. A few places that hold two slices, with
nothing to tell what the second ones belong to, keep the one slice that agrees with the rest.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.data.found_slice import FoundSlice
from core.data.slice_stack import SAME_POSITION_MM, Stack
from core.geometry import Floats

SMALLEST_PART = 3
"""A part of fewer slices is no stack of its own."""

MOST_PARTS = 64
"""A dynamic scan has a few dozen phases; more parts than this are a step for every slice."""

MOST_UNEVEN_PARTS = 8
"""Regions of the body under one UID: neck, chest, abdomen, ..."""

MOST_DOUBLED_SHARE = 0.1
"""Where more of the places than this hold two slices, they are two stacks, and one that was put
together from both would show neither."""

SAME_ORIENTATION = 1e-3
"""Cosines that differ by less (0.06 degrees) belong to one stack: rounding, not another plane."""

SAME_SPACING_MM = 1e-4
"""Pixel spacings that differ by less are one spacing: 0.05 mm over 512 pixels."""

Slices = list[FoundSlice]


@dataclass(frozen=True)
class Part:
    """Slices that make one stack.

    Attributes:
        slices: Sorted along their normal.
        split_by: What told this part from the others, in words; "" where there is only one.
        left_out: Slices at places of others, with other pixels, that make no stack of their own.
    """

    slices: Slices
    split_by: str = ""
    left_out: tuple[FoundSlice, ...] = ()


def why_apart(one: FoundSlice, other: FoundSlice) -> str:
    """What keeps two slices from lying in one stack, in words; "" where nothing does."""
    first, second = one.header, other.header
    if one.is_localizer != other.is_localizer:
        return "localizer"
    if not _are_close(first.orientation, second.orientation, SAME_ORIENTATION):
        return "orientation"
    if (first.rows, first.columns) != (second.rows, second.columns):
        return "matrix"
    if not _are_close(first.pixel_spacing_mm, second.pixel_spacing_mm, SAME_SPACING_MM):
        return "pixel spacing"
    return "kernel" if first.kernel != second.kernel else ""


def _are_close(one: tuple[float, ...], other: tuple[float, ...], tolerance: float) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def sorted_along_normal(slices: Iterable[FoundSlice]) -> Slices:
    """Slices of one orientation in the order of their places."""
    listed = list(slices)
    normal = _normal(listed)
    return sorted(
        listed,
        key=lambda each: (
            float(normal @ np.array(each.header.position_mm)),
            each.header.instance_number or 0,
            each.header.sop_instance_uid,
            each.header.frame or 0,
        ),
    )


def _normal(slices: Slices) -> Floats:
    along, down = np.array(slices[0].header.orientation).reshape(2, 3)
    normal: Floats = np.cross(along, down)
    return normal


def split(slices: Slices) -> list[Part]:
    """Even stacks, where the headers tell how; else the slices as they are."""
    ordered = sorted_along_normal(slices)
    faults = _faults(ordered)
    if faults == (0, 0):
        return [Part(ordered)]
    for name, key in _KEYS:
        parts = _parts(ordered, key)
        if _are_better(parts, faults):
            return [Part(part, name) for part in parts]
    for name, parts in (("time", _by_time(ordered)), ("instance order", _by_order(ordered))):
        if faults[0] and _are_better(parts, faults):
            return [Part(part, name) for part in parts]
    return [_one_a_place(ordered)]


_KEYS: tuple[tuple[str, Callable[[FoundSlice], Hashable]], ...] = (
    ("acquisition number", lambda each: each.header.acquisition),
    ("temporal position", lambda each: each.temporal_position),
    ("image type", lambda each: each.image_type),
    ("contrast agent", lambda each: each.contrast_agent),
    ("slice thickness", lambda each: each.header.thickness_mm),
)
"""What may tell stacks apart, the clearest first."""


def _one_a_place(ordered: Slices) -> Part:
    """The stack without the second slices of a few places; as it is where many hold two.

    Of the slices at one place that one stays which shares most with most of the stack (`_KEYS`);
    of equal ones the first by instance number.
    """
    by_place: dict[int, Slices] = {}
    for place, each in zip(_places(ordered), ordered, strict=True):
        by_place.setdefault(place, []).append(each)
    doubled = [slices for slices in by_place.values() if len(slices) > 1]
    if not doubled or len(doubled) > MOST_DOUBLED_SHARE * len(by_place):
        return Part(ordered)
    usual = [Counter(key(each) for each in ordered).most_common(1)[0][0] for _, key in _KEYS]

    def likeness(each: FoundSlice) -> int:
        return sum(key(each) == value for (_, key), value in zip(_KEYS, usual, strict=True))

    kept = {id(max(slices, key=likeness)) for slices in by_place.values()}
    return Part(
        [each for each in ordered if id(each) in kept],
        left_out=tuple(each for each in ordered if id(each) not in kept),
    )


def doubled_places(part: Part) -> tuple[int, ...]:
    """Slices of a part (counted from 0) at whose place another one was left out."""
    if not part.left_out:
        return ()
    normal = _normal(part.slices)
    along_mm = np.array([s.header.position_mm for s in part.slices]) @ normal
    left_out_mm = np.array([s.header.position_mm for s in part.left_out]) @ normal
    return tuple(sorted({int(np.abs(along_mm - at_mm).argmin()) for at_mm in left_out_mm}))


def _faults(ordered: Slices) -> tuple[int, int]:
    """Number of doubled and of unevenly spaced places."""
    stack = _stack(ordered)
    return len(stack.doubled), len(stack.uneven)


def _stack(ordered: Slices) -> Stack:
    return Stack(np.array([s.header.position_mm for s in ordered]), _normal(ordered))


def _parts(ordered: Slices, key: Callable[[FoundSlice], Hashable]) -> list[Slices]:
    found: dict[Hashable, Slices] = {}
    for each in ordered:
        found.setdefault(key(each), []).append(each)
    return list(found.values())


def _are_better(parts: list[Slices], faults: tuple[int, int]) -> bool:
    """True where the parts are stacks without any doubled place and no less even."""
    most = MOST_PARTS if faults[0] else MOST_UNEVEN_PARTS
    if not 2 <= len(parts) <= most or min(map(len, parts)) < SMALLEST_PART:
        return False
    each = [_faults(part) for part in parts]
    doubled, uneven = sum(d for d, _ in each), sum(u for _, u in each)
    return doubled == 0 and uneven <= (faults[1] if faults[0] else 0)


def _most_copies(ordered: Slices) -> int:
    """How many slices share the place that most slices share."""
    places = _places(ordered)
    return max(Counter(places).values())


def _places(ordered: Slices) -> list[int]:
    """Number of the distinct place along the normal on which each slice lies."""
    return [0, *np.cumsum(_stack(ordered).gaps_mm > SAME_POSITION_MM).tolist()]


def _by_time(ordered: Slices) -> list[Slices]:
    """Cut at the longest pauses between the slices' times, into as many parts as copies."""
    count = _most_copies(ordered)
    if any(each.acquired_s is None for each in ordered):
        return []
    by_time = sorted(ordered, key=lambda each: each.acquired_s or 0.0)
    pauses = np.diff([each.acquired_s or 0.0 for each in by_time])
    cuts = sorted(np.argsort(pauses, kind="stable")[::-1][: count - 1] + 1)
    if any(pauses[cut - 1] <= 0 for cut in cuts):
        return []
    edges = [0, *(int(cut) for cut in cuts), len(by_time)]
    return [sorted_along_normal(by_time[start:end]) for start, end in pairwise(edges)]


def _by_order(ordered: Slices) -> list[Slices]:
    """Stack after stack, or place after place, as the instance numbers count them.

    Only where the numbers run in step with the places: others are no order of the stacks, and a
    split by them would mix the stacks without anyone seeing it.
    """
    numbers = [each.header.instance_number for each in ordered]
    if None in numbers or len(set(numbers)) < len(numbers):
        return []
    places = dict(zip(numbers, _places(ordered), strict=True))
    by_number = {each.header.instance_number: each for each in ordered}
    in_order = [(number, places[number]) for number in sorted(places, key=lambda n: n or 0)]
    steps = np.diff([place for _, place in in_order])
    if (steps >= 0).all() or (steps <= 0).all():  # place after place
        parts: dict[int, Slices] = {}
        seen: Counter[int] = Counter()
        for number, place in in_order:
            parts.setdefault(seen[place], []).append(by_number[number])
            seen[place] += 1
        found = list(parts.values()) if len(set(seen.values())) == 1 else []
    else:
        found = _runs(steps, [by_number[number] for number, _ in in_order])
    return [sorted_along_normal(part) for part in found]


def _runs(steps: NDArray[np.int64], slices: Slices) -> list[Slices]:
    """Runs that all go through the places one way; none where the order turns about."""
    forward = int(np.sum(steps > 0)) > int(np.sum(steps < 0))
    breaks = np.flatnonzero(steps <= 0 if forward else steps >= 0) + 1
    edges = [0, *(int(place) for place in breaks), len(slices)]
    return [slices[start:end] for start, end in pairwise(edges)]
