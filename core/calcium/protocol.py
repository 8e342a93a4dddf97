"""How far a scan was made for calcium scoring: what the reader must know before the first click.

Each check has a level, its value and its words. Only contrast agent refuses a score by itself (it
cannot be told from calcium); everything else is said beside the numbers.
"""

from dataclasses import dataclass
from enum import IntEnum

from core.calcium.aorta import BloodPool
from core.calcium.rule import NORMAL_INCREMENT_MM, STANDARD_KVP
from core.calcium.thin_slices import NORMAL_TOLERANCE_MM, grouping

CONTRAST_ABOVE_HU = 100.0
"""Blood without contrast agent is 30 to 60 HU; Comp2Comp refuses above the same value."""
NOISE_AMBER_HU = 20.0
NOISE_RED_HU = 30.0
THICK_ABOVE_MM = 3.0
INCREMENT_TOLERANCE_MM = 0.05
GATING = "ECG gating"


class Light(IntEnum):
    """Level of a check."""

    GREEN = 0
    AMBER = 1
    RED = 2


@dataclass(frozen=True)
class Check:
    """One line of the pre-flight card.

    Attributes:
        name: What was looked at.
        light: Whether it is as it should be.
        value: What was found, with its unit.
        words: What follows from it; "" where nothing does.
        refuses: True where no score may be given.
    """

    name: str
    light: Light
    value: str
    words: str = ""
    refuses: bool = False


@dataclass(frozen=True)
class Acquisition:
    """What the headers say of how the scan was made.

    Attributes:
        kvp: Tube voltage; None if not stated.
        kernel: Name of the convolution kernel.
        has_sharp_kernel: True if that name is known to be sharp.
        thickness_mm: Slice Thickness; None if not stated.
        increment_mm: Distance of the slices.
        is_gated: Triggered by the ECG; None where the headers do not say.
        contrast_agent: As stated; "" without.
    """

    kvp: float | None
    kernel: str
    has_sharp_kernel: bool
    thickness_mm: float | None
    increment_mm: float
    is_gated: bool | None
    contrast_agent: str = ""


def preflight(acquisition: Acquisition, blood: BloodPool | None) -> tuple[Check, ...]:
    """Every check, in the order in which a reader asks.

    Args:
        acquisition: From the headers.
        blood: Measured in the great vessels; None where they were not found.
    """
    return (
        _contrast(acquisition, blood),
        _voltage(acquisition),
        _slices(acquisition),
        _kernel(acquisition),
        _gating(acquisition),
        _noise(blood),
    )


def refusal(checks: tuple[Check, ...]) -> Check | None:
    """The check that forbids a score, None if none does."""
    return next((check for check in checks if check.refuses), None)


def category_first(checks: tuple[Check, ...]) -> Check | None:
    """The check for which category and visual grade stand before the points; None if gated."""
    gating = next(check for check in checks if check.name == GATING)
    return None if gating.light is Light.GREEN else gating


def _contrast(acquisition: Acquisition, blood: BloodPool | None) -> Check:
    name = "Contrast agent"
    if blood is not None and blood.mean_hu > CONTRAST_ABOVE_HU:
        words = f"Blood is over {CONTRAST_ABOVE_HU:.0f} HU: contrast cannot be told from calcium."
        return Check(name, Light.RED, f"blood {blood.mean_hu:.0f} HU", words, refuses=True)
    if blood is None and acquisition.contrast_agent:
        words = "The headers name a contrast agent: it cannot be told from calcium."
        return Check(name, Light.RED, "named, blood not measured", words, refuses=True)
    if blood is None:
        words = "The great vessels were not found: look for contrast agent yourself."
        return Check(name, Light.AMBER, "blood not measured", words)
    if acquisition.contrast_agent:
        words = "The headers name a contrast agent, the blood shows none: look for yourself."
        return Check(name, Light.AMBER, f"blood {blood.mean_hu:.0f} HU", words)
    return Check(name, Light.GREEN, f"none, blood {blood.mean_hu:.0f} HU")


def _voltage(acquisition: Acquisition) -> Check:
    name = "Tube voltage"
    if acquisition.kvp is None:
        words = f"Not stated: the rule holds for {STANDARD_KVP:.0f} kVp."
        return Check(name, Light.AMBER, "not stated", words)
    value = f"{acquisition.kvp:.0f} kVp"
    if acquisition.kvp == STANDARD_KVP:
        return Check(name, Light.GREEN, value)
    words = (
        f"The score is modified: 130 HU holds for {STANDARD_KVP:.0f} kVp. Published cut points for "
        "other voltages disagree; they can be chosen by name."
    )
    return Check(name, Light.AMBER, value, words)


def _slices(acquisition: Acquisition) -> Check:
    name, increment = "Slices", acquisition.increment_mm
    thickness = acquisition.thickness_mm
    value = f"every {increment:.3g} mm"
    if thickness is not None:
        value = f"{thickness:.3g} mm, {value}"
    if increment > THICK_ABOVE_MM + INCREMENT_TOLERANCE_MM:
        words = "Thicker than the 3 mm of the definition: small plaques drown."
        return Check(name, Light.AMBER, value, words)
    made = grouping(increment, thickness)
    if made.averages:
        return Check(name, Light.AMBER, value, f"Thin: the score on {made.words} stands beside it.")
    if (thickness or increment) < NORMAL_INCREMENT_MM - NORMAL_TOLERANCE_MM:
        words = "Thinner than the 3 mm of the definition, too thick to average: points run high."
        return Check(name, Light.AMBER, value, words)
    if thickness is not None and thickness > increment + INCREMENT_TOLERANCE_MM:
        words = "They overlap: each counts by its distance to the next, not by its thickness."
        return Check(name, Light.GREEN, value, words)
    return Check(name, Light.GREEN, value)


def _kernel(acquisition: Acquisition) -> Check:
    name, value = "Kernel", acquisition.kernel or "not stated"
    if acquisition.has_sharp_kernel:
        words = "Sharp: it overshoots at edges and adds noise, plaques look denser than they are."
        return Check(name, Light.AMBER, value, words)
    return Check(name, Light.GREEN if acquisition.kernel else Light.AMBER, value)


def _gating(acquisition: Acquisition) -> Check:
    name = GATING
    if acquisition.is_gated:
        return Check(name, Light.GREEN, "gated")
    value = "not gated" if acquisition.is_gated is False else "not stated"
    words = (
        "Motion blurs calcium: the category and the visual grade come first, the points are an "
        "estimate."
    )
    return Check(name, Light.AMBER, value, words)


def _noise(blood: BloodPool | None) -> Check:
    name = "Noise"
    if blood is None:
        return Check(name, Light.AMBER, "not measured", "The great vessels were not found.")
    value = f"{blood.noise_hu:.0f} HU in the great vessels"
    if blood.noise_hu > NOISE_RED_HU:
        words = f"Over {NOISE_RED_HU:.0f} HU: specks of noise reach the threshold."
        return Check(name, Light.RED, value, words)
    if blood.noise_hu > NOISE_AMBER_HU:
        return Check(
            name, Light.AMBER, value, f"Over {NOISE_AMBER_HU:.0f} HU: check small lesions."
        )
    return Check(name, Light.GREEN, value)
