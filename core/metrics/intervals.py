"""Confidence intervals of the area under the ROC curve, and of anything by bootstrap of patients.

DeLong, DeLong & Clarke-Pearson, Biometrics 1988;44:837, with the extension of Obuchowski,
Biometrics 1997;53:567, where a patient has several scans; LeDell, Petersen & van der Laan, Electron
J Stat 2015;9:1583, for the mean over folds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.classification import auc, checked, mid_ranks

LEVEL = 0.95
BOOTSTRAPS = 2000
LEAST_SHARE_OF_RESAMPLES = 0.9
"""Where more resamples than the rest lack a class, an interval would say nothing."""

SMALLEST_VARIANCE = 1e-15
"""Of a difference; below it two models say the same of everyone."""

Patients = Sequence[str] | NDArray[Any] | None


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval; `low` and `high` are nan where none can be given."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def auc_interval(
    labels: Any, scores: Any, *, patients: Patients = None, level: float = LEVEL
) -> Interval:
    """Area under the ROC curve with DeLong's interval.

    With the placements V10 = share of negatives below a positive, V01 = share of positives above a
    negative, summed over each patient: var = S10 / m + S01 / n + 2 S11 / (m n), where m and n count
    positives and negatives.

    Args:
        labels: As for `auc`.
        scores: As for `auc`.
        patients: (N,) whose scan it is; every scan its own patient if None.
        level: Of confidence.

    Returns:
        The ends cut at 0 and 1. An area of exactly 1 or 0 has no width: DeLong's known limit.
    """
    placements = _placements(labels, scores, patients)
    return _normal(placements.area, placements.variance(placements), level)


def fold_auc_interval(
    folds: Sequence[tuple[Any, Any]],
    *,
    patients: Sequence[Patients] | None = None,
    level: float = LEVEL,
) -> Interval:
    """Mean over folds of the area within each fold, var = sum of the folds' variances / K^2.

    Scores of different models are never compared, as pooling the folds would do.

    Args:
        folds: (labels, scores) of each fold.
        patients: Of each fold, as for `auc_interval`.
        level: Of confidence.
    """
    whose = patients or [None] * len(folds)
    parts = [_placements(*fold, some) for fold, some in zip(folds, whose, strict=True)]
    value = float(np.mean([part.area for part in parts]))
    variance = sum(part.variance(part) for part in parts) / len(parts) ** 2
    return _normal(value, variance, level)


def auc_difference(
    folds: Sequence[tuple[Any, Any, Any]],
    *,
    patients: Sequence[Patients] | None = None,
    level: float = LEVEL,
) -> tuple[Interval, float]:
    """How much larger one model's area is than another's on the same scans, mean over folds.

    Args:
        folds: (labels, scores, scores of the other) of each fold; one for a test set.
        patients: Of each fold, as for `auc_interval`.
        level: Of confidence.

    Returns:
        The difference, and the two-sided p value of DeLong's test that it is 0.
    """
    whose = patients or [None] * len(folds)
    differences, variance = [], 0.0
    for (labels, scores, others), some in zip(folds, whose, strict=True):
        one, other = _placements(labels, scores, some), _placements(labels, others, some)
        differences.append(one.area - other.area)
        variance += one.variance(one) + other.variance(other) - 2 * one.variance(other)
    difference = float(np.mean(differences))
    variance = max(variance, 0.0) / len(folds) ** 2
    found = _normal(difference, variance, level, limits=(-1, 1))
    if variance <= SMALLEST_VARIANCE:
        return found, 1.0 if difference == 0 else 0.0
    return found, 2 * (1 - NormalDist().cdf(abs(difference) / variance**0.5))


@dataclass(frozen=True)
class _Placements:
    """Placements of every patient: sums over the patient's scans, less what the area makes expect.

    Attributes:
        area: Under the curve.
        positive: (patients,) sum of V10, less positives x area.
        negative: (patients,) sum of V01, less negatives x area.
        counts: Positives and negatives of all.
        holders: Patients with positives, and with negatives.
    """

    area: float
    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    counts: tuple[int, int]
    holders: tuple[int, int]

    def variance(self, other: "_Placements") -> float:
        """Covariance of both areas; the variance where both are the same."""
        (m, n), (with_m, with_n) = self.counts, self.holders
        if min(with_m, with_n) < 2:
            return float("nan")
        patients = self.positive.size
        s10 = with_m / ((with_m - 1) * m) * (self.positive @ other.positive)
        s01 = with_n / ((with_n - 1) * n) * (self.negative @ other.negative)
        both = self.positive @ other.negative + self.negative @ other.positive
        s11 = patients / (patients - 1) * both / 2
        return float(s10 / m + s01 / n + 2 * s11 / (m * n))


def _placements(labels: Any, scores: Any, patients: Patients) -> _Placements:
    labels, scores = checked(labels, scores)
    m, n = int(labels.sum()), int((~labels).sum())
    ranks = mid_ranks(scores)
    above = np.empty(labels.size)
    above[labels] = (ranks[labels] - mid_ranks(scores[labels])) / n
    above[~labels] = 1 - (ranks[~labels] - mid_ranks(scores[~labels])) / m
    area = float(above[labels].mean())
    names = np.arange(labels.size) if patients is None else np.asarray(patients)
    if names.shape != labels.shape:
        raise ValueError(f"one patient for each label is needed, got {names.shape}")
    _, whose = np.unique(names, return_inverse=True)
    size = int(whose.max()) + 1
    excess = above - area
    return _Placements(
        area,
        _sums(np.where(labels, excess, 0.0), whose, size),
        _sums(np.where(labels, 0.0, excess), whose, size),
        (m, n),
        (np.unique(whose[labels]).size, np.unique(whose[~labels]).size),
    )


def _sums(values: NDArray[np.float64], places: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    return np.bincount(places, weights=values, minlength=size).astype(np.float64)


def _normal(
    value: float, variance: float, level: float, limits: tuple[float, float] = (0, 1)
) -> Interval:
    half = NormalDist().inv_cdf((1 + level) / 2) * max(variance, 0.0) ** 0.5
    if np.isnan(variance):
        return Interval(value, float("nan"), float("nan"), level)
    return Interval(value, max(value - half, limits[0]), min(value + half, limits[1]), level)


def resampled_patients(
    patients: Any, *, strata: Any = None, resamples: int = BOOTSTRAPS, seed: int = 0
) -> NDArray[np.int64]:
    """How often each scan is drawn when whole patients are drawn with replacement.

    Args:
        patients: (N,) whose scan it is.
        strata: (N,) drawn within each, such as the fold or the class; one stratum if None.
        resamples: Number of draws.
        seed: Of the draws.

    Returns:
        (resamples, N) counts; scans of one patient have the same.
    """
    names = np.asarray(patients)
    layers = np.zeros(names.size) if strata is None else np.asarray(strata)
    random = np.random.default_rng(seed)
    counts = np.zeros((resamples, names.size), dtype=np.int64)
    for layer in np.unique(layers):
        (inside,) = np.nonzero(layers == layer)
        unique, whose = np.unique(names[inside], return_inverse=True)
        share = np.full(unique.size, 1 / unique.size)
        counts[:, inside] = random.multinomial(unique.size, share, size=resamples)[:, whose]
    return counts


def bootstrap_interval(
    value: float,
    statistic: Callable[[NDArray[np.int64]], float | None],
    draws: NDArray[np.int64],
    *,
    level: float = LEVEL,
) -> Interval:
    """The percentile interval of a statistic of weighted scans.

    Args:
        value: The statistic of the scans as they are.
        statistic: Of (N,) counts of a resample; None or nan where it is not defined.
        draws: From `resampled_patients`.
        level: Of confidence.

    Returns:
        Without ends (nan) where more than a tenth of the resamples give no value.
    """
    found = [statistic(counts) for counts in draws]
    drawn = np.array([np.nan if each is None else each for each in found], dtype=np.float64)
    valid = drawn[np.isfinite(drawn)]
    if valid.size < LEAST_SHARE_OF_RESAMPLES * len(draws):
        return Interval(value, float("nan"), float("nan"), level)
    low, high = np.quantile(valid, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), level)


def bootstrap_auc(labels: Any, scores: Any, counts: NDArray[np.int64]) -> float | None:
    """Area of a resample, None where it lacks a class."""
    labels = np.repeat(np.asarray(labels, dtype=bool), counts)
    if labels.all() or not labels.any():
        return None
    return auc(labels, np.repeat(np.asarray(scores, dtype=np.float64), counts))
