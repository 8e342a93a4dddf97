"""What a model says about the future of a patient. No number here is made from another one."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis or treatment."
NOT_TRAINED = (
    "This model has NOT been trained: its weights are random and its numbers and maps mean nothing."
)
DEMONSTRATION = (
    "Demonstration weights, trained on synthetic phantoms: the numbers say nothing of a patient."
)
SALIENCY_CAPTION = (
    "Shows voxels that influence this model's output. Not a lesion map. May be wrong."
)

FAR_PERCENTILE = 0.99
"""A scan whose features lie farther out than this share of the training scans' is far from them."""
FAR_FROM_TRAINING = (
    "This scan is unlike those that the model was trained on: its numbers are not to be relied on."
)


def deaths_in_training(share: float) -> str:
    """What a probability of a model means that was taught on a sample in which `share` died."""
    return (
        f"Risks of a training sample in which {100 * share:.0f}\N{NO-BREAK SPACE}% had the "
        "outcome: elsewhere wrong as absolute risks."
    )


@dataclass(frozen=True)
class HorizonRisk:
    """Probability of the outcome within `years`.

    Attributes:
        years: The horizon.
        probability: 0..1.
        interval: (low, high) of the probability, or None where the model gives none.
    """

    years: float
    probability: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class SurvivalCurve:
    """Survival at the breaks of the model's intervals; starts with (0, 1).

    Attributes:
        time_years: Rising, the first is 0.
        survival: Same length, never rising, within 0..1.
    """

    time_years: tuple[float, ...]
    survival: tuple[float, ...]

    def __post_init__(self) -> None:
        times, values = np.array(self.time_years), np.array(self.survival)
        if len(times) != len(values) or len(times) < 2 or times[0] != 0 or values[0] != 1:
            raise ValueError(f"a survival curve starts with (0, 1): {times=}, {values=}")
        if np.any(np.diff(times) <= 0) or np.any(np.diff(values) > 0) or values[-1] < 0:
            raise ValueError(f"survival must not rise nor leave 0..1: {times=}, {values=}")

    def at(self, time_years: ArrayLike) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        """Survival at any time of the curve, linear between breaks.

        Raises:
            ValueError: A time lies outside the curve: survival is never extrapolated.
        """
        times = np.asarray(time_years, float)
        if np.any(times < 0) or np.any(times > self.time_years[-1]):
            raise ValueError(f"time must lie within 0..{self.time_years[-1]} years, got {times}")
        return np.asarray(np.interp(times, self.time_years, self.survival))


@dataclass(frozen=True)
class Prognosis:
    """The outputs of one model for one scan.

    Attributes:
        model_id: Which card.
        outcome: What is predicted, in words.
        mortality_probability: Of the classification head (Models D, E); None if it has none.
        horizons: Of the survival head.
        survival_curve: Of the survival head; None if the model has none.
        risk_score: The model's own score (its logit), on no absolute scale.
        risk_group: Only where the card defines cut points.
        percentile: Share (0..1) with a lower risk score among `compared_with`; only where the
            bundle holds a reference distribution.
        compared_with: Scans of the cohort that the model was not trained on; 0 if not known.
        out_of_distribution: 0..1 percentile of the distance to the training scans, or None.
        warnings: Sentences that must stand beside the numbers.
    """

    model_id: str
    outcome: str
    mortality_probability: float | None
    horizons: tuple[HorizonRisk, ...]
    survival_curve: SurvivalCurve | None
    risk_score: float
    risk_group: str | None = None
    percentile: float | None = None
    compared_with: int = 0
    out_of_distribution: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_far_from_training(self) -> bool:
        """Whether the numbers are shown only on request."""
        return self.out_of_distribution is not None and self.out_of_distribution >= FAR_PERCENTILE

    def with_warnings(self, *warnings: str) -> "Prognosis":
        """The same prognosis with more sentences beside it."""
        return replace(self, warnings=(*self.warnings, *warnings))
