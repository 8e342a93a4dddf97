"""What "Why here?" found, as a sentence."""

from core.saliency.influence import Influence
from viewer.method_names import probability_name

OUTSIDE = (
    "This place lies outside the region that the model is shown: nothing there can change its "
    "output."
)


def influence_sentence(influence: Influence) -> str:
    """What replacing a place did to the output, with the noise of repeating it.

    Such as "Replacing 20 mm here by its surroundings changes the 5-year risk from 31.2 % to 29.8 %
    (−1.4 points; repeat noise 0.2 points)."
    """
    if influence.outside:
        return OUTSIDE
    points, noise = 100 * influence.change, 100 * influence.repeat_noise
    digits = 1 if max(abs(points), noise) >= 0.05 else 3
    verdict = "" if abs(points) > noise else " No more than the noise."
    before, after = (f"{100 * each:.{digits}f} %" for each in (influence.before, influence.after))
    return (
        f"Replacing {influence.size_mm:g} mm here by its surroundings changes the "
        f"{probability_name(influence.target)} from {before} to {after} "
        f"({signed(points, digits)} points; repeat noise {noise:.{digits}f} points).{verdict}"
    )


def signed(value: float, digits: int) -> str:
    """A number with its sign; nothing is "−0.0"."""
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{rounded:+.{digits}f}".replace("-", "−")
