"""What the places of the slices forbid: looking at the series, or only computing from it.

Missing slices and a tilt can be shown honestly (a hatched band, slices moved back), but a network
or a calcium score would give a wrong number. Anything else that is uneven is not shown at all.
"""

from dataclasses import dataclass

import numpy as np

from core.data.fitness import Level, Reason
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
    first = doubled[0] + 1
    count = "One slice lies" if len(doubled) == 1 else f"{len(doubled)} slices lie"
    return _refused(
        f"{count} at the position of another one (first: slices {first} and {first + 1}): "
        "perhaps two reconstructions or phases under one series."
    )


def _missing(stack: Stack) -> StackFault | None:
    missing = stack.missing
    if not missing:
        return None
    k, count = next(iter(missing.items()))
    total = sum(missing.values())
    text = (
        f"{'One slice is' if count == 1 else f'{count} slices are'} missing between slice {k + 1} "
        f"and {k + 2} ({stack.gaps_mm[k]:.1f} mm instead of {stack.median_gap_mm:.1f} mm)"
    )
    if len(missing) > 1:
        others = [f"{place + 1} and {place + 2}" for place in list(missing)[1:MOST_NAMED]]
        more = ", ..." if len(missing) > MOST_NAMED else ""
        text += f", also between {', '.join(others)}{more}"
        text += f"; {total} are missing in all, at {len(missing)} places"
    if total > MOST_MISSING_SHARE * (stack.places[-1] + 1):
        return _refused(f"{text}: too many to show the rest as one volume.")
    bands = "a hatched band shows where" if len(missing) == 1 else "hatched bands show where"
    return only_viewed(
        f"{text}; stored slices counted {_from_end(stack)}.", f"It can be viewed: {bands}."
    )


def _from_end(stack: Stack) -> str:
    """Where slice 1 lies, in words: views count from the head and include missing slices."""
    ends = ("the right", "the front", "the feet"), ("the left", "the back", "the head")
    axis = int(np.abs(stack.normal).argmax())
    return f"from {ends[int(stack.normal[axis] < 0)][axis]}"


def _uneven(stack: Stack) -> StackFault | None:
    uneven = stack.uneven
    if not uneven:
        return None
    k = uneven[0]
    others = f" (and at {len(uneven) - 1} other places)" if len(uneven) > 1 else ""
    return _refused(
        f"Slices are unevenly spaced: {stack.gaps_mm[k]:.2f} mm between slice {k + 1} and {k + 2} "
        f"instead of {stack.median_gap_mm:.2f} mm{others}."
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
    return _refused(f"Slice {k + 1} lies {off_mm[k]:.1f} mm away from its place in the stack.")
