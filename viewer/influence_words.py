"""What "Why here?" found, as a sentence."""

from core.prognosis import FAR_FROM_TRAINING
from core.saliency.influence import Influence
from viewer.method_names import probability_name

TIMES_NOISE = 2
"""A change counts from beyond this many times the noise of repeating the model."""

OUTSIDE = (
    "This place lies outside the region that the model is shown: nothing there can change its "
    "output."
)


def influence_sentence(influence: Influence, *, is_far: bool = False) -> str:
    """What replacing a place did to the output, with the noise of repeating it.

    Of a scan far from the training scans the change alone, and that it is not to be relied on.

    Such as "Replacing 20 mm here by its surroundings changes the 5-year risk from 31.2 % to 29.8 %
    (−1.4 points; repeat noise 0.2 points)."
    """
    if influence.outside:
        return OUTSIDE
    points, noise = 100 * influence.change, 100 * influence.repeat_noise
    digits = _digits(max(abs(points), noise))
    written, written_noise = round(points, digits), round(noise, digits)
    is_change = abs(points) > TIMES_NOISE * noise and abs(written) > TIMES_NOISE * written_noise
    verdict = "" if is_change else " No more than twice the repeat noise: not a change."
    before, after = (f"{100 * each:.{digits}f} %" for each in (influence.before, influence.after))
    change = f"{signed(points, digits)} points; repeat noise {noise:.{digits}f} points"
    by = f"by {change}." if is_far else f"from {before} to {after} ({change})."
    return (
        f"Replacing {influence.size_mm:g} mm here by its surroundings changes the "
        f"{probability_name(influence.target)} {by}{verdict}"
        + (f" {FAR_FROM_TRAINING}" if is_far else "")
    )


def _digits(points: float) -> int:
    """Enough digits after the point to set a change against its noise."""
    if points >= 0.5:
        return 1
    return 2 if points >= 0.05 else 3


def signed(value: float, digits: int) -> str:
    """A number with its sign; nothing is "−0.0"."""
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{rounded:+.{digits}f}".replace("-", "−")
