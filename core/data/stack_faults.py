"""What the places of the slices forbid: looking at the series, or only computing from it.

Missing slices and a tilt can be shown honestly (a hatched band, slices moved back), but a network
or a calcium score would give a wrong number. Anything else that is uneven is not shown at all.
"""

from dataclasses import dataclass

import numpy as np

from core.data.fitness import Level, Reason
from core.data.series import SeriesRecord
from core.data.slice_stack import MOST_MISSING_SHARE, STRAY_TOLERANCE_MM, Stack

_EXPORT_AGAIN = "Export the complete series again, or choose another series of the study."
MOST_NAMED = 3
"""More places than this are counted, not named."""


@dataclass(frozen=True)
class StackFault:
    """One finding, and what it means for each use.

    Attributes:
        view: For looking: WARN where the series can be shown honestly, else BLOCK.
        use: For the model and for calcium.
    """

    view: Reason
    use: Reason


def stack_faults(stack: Stack) -> list[StackFault]:
    """Why the slices are no whole, even, straight grid; the most telling first."""
    candidates = (_doubled(stack), _missing(stack), _uneven(stack), _tilted(stack))
    faults = [fault for fault in candidates if fault is not None]
    if any(fault.view.level == Level.BLOCK for fault in faults):
        return faults  # a stray slice would say the same again
    stray = _stray(stack)
    return faults if stray is None else [stray, *faults]


def _refused(text: str, remedy: str = _EXPORT_AGAIN) -> StackFault:
    reason = Reason(Level.BLOCK, text, remedy)
    return StackFault(reason, reason)


def only_viewed(text: str, how_shown: str, remedy: str = _EXPORT_AGAIN) -> StackFault:
    """A finding that keeps the model and calcium away, and how the series is shown all the same."""
    return StackFault(
        Reason(Level.WARN, f"{text} {how_shown}", remedy), Reason(Level.BLOCK, text, remedy)
    )


def _doubled(stack: Stack) -> StackFault | None:
    doubled = stack.doubled
    if not doubled:
        return None
    first = min(stack.numbers[k] for k in doubled)
    count = "One slice lies" if len(doubled) == 1 else f"{len(doubled)} slices lie"
    return _refused(
        f"{count} at the position of another one (first: slice {first}, counted from "
        f"{stack.counted_from}): perhaps two reconstructions or phases under one series."
    )


def _missing(stack: Stack) -> StackFault | None:
    missing = stack.missing
    if not missing:
        return None
    at = sorted(missing, key=lambda k: _between(stack, k))
    k, total = at[0], sum(missing.values())
    before, after = _between(stack, k)
    count = missing[k]
    text = (
        f"{'One slice is' if count == 1 else f'{count} slices are'} missing between slice {before} "
        f"and {after} ({stack.gaps_mm[k]:.1f} mm instead of {stack.median_gap_mm:.1f} mm)"
    )
    if len(missing) > 1:
        others = ["{} and {}".format(*_between(stack, place)) for place in at[1:MOST_NAMED]]
        more = ", ..." if len(missing) > MOST_NAMED else ""
        text += f", also between {', '.join(others)}{more}"
        text += f"; {total} are missing in all, at {len(missing)} places"
    text += f"; slices counted from {stack.counted_from}, as in the views"
    if total > MOST_MISSING_SHARE * (stack.places[-1] + 1):
        return _refused(f"{text}: too many to show the rest as one volume.")
    bands = "a hatched band shows where" if len(missing) == 1 else "hatched bands show where"
    return only_viewed(f"{text}.", f"It can be viewed: {bands}.")


def left_out_faults(record: SeriesRecord, stack: Stack) -> list[StackFault]:
    """Places where one of two different slices is shown; which one is said."""
    if not record.doubled:
        return []
    first = min(record.doubled, key=lambda k: stack.numbers[k])
    instance = record.slices[first].instance_number
    which = f"slice {stack.numbers[first]}, counted from {stack.counted_from}"
    count = len(record.doubled)
    text = (
        f"Two slices with different pixels lie at one place ({which})."
        if count == 1
        else f"At {count} places lie two slices with different pixels (first: {which})."
    )
    number = "" if instance is None else f" ({'first: ' * (count > 1)}instance number {instance})"
    shown = f"It can be viewed: one of the two is shown{number}, the other is listed as left out."
    remedy = (
        "Export the series again with only the slices that belong to it, or choose another series "
        "of the study."
    )
    return [only_viewed(text, shown, remedy)]


def _between(stack: Stack, k: int) -> tuple[int, int]:
    """Numbers of a stored slice and the next one, the lower first."""
    one, other = stack.numbers[k : k + 2]
    return min(one, other), max(one, other)


def _uneven(stack: Stack) -> StackFault | None:
    uneven = stack.uneven
    if not uneven:
        return None
    k = min(uneven, key=lambda place: _between(stack, place))
    before, after = _between(stack, k)
    others = f" (and at {len(uneven) - 1} other places)" if len(uneven) > 1 else ""
    return _refused(
        f"Slices are unevenly spaced: {stack.gaps_mm[k]:.2f} mm between slice {before} and "
        f"{after} instead of {stack.median_gap_mm:.2f} mm{others}."
    )


def _tilted(stack: Stack) -> StackFault | None:
    if not stack.is_tilted:
        return None
    return only_viewed(
        f"The slices are tilted by {stack.tilt_degrees:.1f} degrees against the direction in which "
        "they are stacked (tilted gantry): the volume is sheared.",
        "It can be viewed: each slice is moved back to its place.",
        "Choose a series without tilt, or reconstruct it untilted.",
    )


def _stray(stack: Stack) -> StackFault | None:
    """A slice whose place is off the straight, even line through the others."""
    off_mm = stack.off_place_mm
    k = int(np.argmax(off_mm))
    if off_mm[k] <= STRAY_TOLERANCE_MM:
        return None
    return _refused(
        f"Slice {stack.numbers[k]} lies {off_mm[k]:.1f} mm away from its place in the stack."
    )
