"""Sensitivity, specificity, F1 and their like over folds, with intervals by bootstrap of patients.

Thresholds stay as they were chosen: the interval tells how much the patients matter, not how much
the choice of a threshold does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.intervals import (
    BOOTSTRAPS,
    LEVEL,
    Interval,
    bootstrap_interval,
    resampled_patients,
)

NAMES = (
    "sensitivity",
    "specificity",
    "positive_predictive_value",
    "negative_predictive_value",
    "f1",
    "matthews",
)
"""As the properties of `core.metrics.classification.Decisions`."""

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class DecidedFold:
    """What was called positive in one fold.

    Attributes:
        labels: (N,) true for the positives.
        called: (N,) true where the score reached the threshold.
        patients: (N,) whose scan it is.
    """

    labels: NDArray[np.bool_]
    called: NDArray[np.bool_]
    patients: Sequence[str]


@dataclass(frozen=True)
class DecisionValue:
    """A value over folds: the mean with its interval, and the value in each fold (nan if none)."""

    interval: Interval
    folds: tuple[float, ...]

    @property
    def deviation(self) -> float:
        """Standard deviation over folds, nan for one fold."""
        return float(np.std(self.folds, ddof=1)) if len(self.folds) > 1 else float("nan")


def decision_intervals(
    folds: Sequence[DecidedFold],
    *,
    resamples: int = BOOTSTRAPS,
    seed: int = 0,
    level: float = LEVEL,
) -> Mapping[str, DecisionValue]:
    """The values of `NAMES`, each the mean over folds, with the interval of a bootstrap.

    Patients are drawn within each fold and class, so that every resample holds as many deaths as
    the fold does.

    Args:
        folds: One for a test set.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        level: Of confidence.
    """
    seeds = np.random.default_rng(seed).integers(0, 2**31, len(folds)).tolist()
    plain = [_values(fold, np.ones((1, fold.labels.size))) for fold in folds]
    drawn = [
        _values(
            fold,
            resampled_patients(fold.patients, strata=fold.labels, resamples=resamples, seed=one),
        )
        for fold, one in zip(folds, seeds, strict=True)
    ]
    found = {}
    for name in NAMES:
        values = tuple(float(each[name][0]) for each in plain)
        means = np.mean([each[name] for each in drawn], axis=0)
        interval = bootstrap_interval(
            float(np.mean(values)),
            lambda place, means=means: float(means[place[0]]),  # type: ignore[misc]
            np.arange(resamples)[:, None],
            level=level,
        )
        found[name] = DecisionValue(interval, values)
    return found


def _values(fold: DecidedFold, counts: NDArray[Any]) -> dict[str, Counts]:
    """Every value for each row of counts of scans, nan where it would divide by zero."""
    weights = counts.astype(np.float64)
    tp = weights @ (fold.labels & fold.called)
    fp = weights @ (~fold.labels & fold.called)
    tn = weights @ (~fold.labels & ~fold.called)
    fn = weights @ (fold.labels & ~fold.called)
    return {
        "sensitivity": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "positive_predictive_value": _ratio(tp, tp + fp),
        "negative_predictive_value": _ratio(tn, tn + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "matthews": _ratio(
            tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        ),
    }


def _ratio(part: Counts, whole: Counts) -> Counts:
    ratio = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
