"""Do probabilities mean what they say? Platt scaling, reliability, Brier score."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.classification import checked
from core.metrics.intervals import LEVEL

NEWTON_STEPS = 100
CONVERGED = 1e-12
"""Change of the loss, as a share of it, below which Newton's method stops."""

SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Platt:
    """probability = 1 / (1 + exp(-(slope x score + intercept)))."""

    slope: float
    intercept: float

    def probability(self, scores: Any) -> NDArray[np.float64]:
        """Probabilities of scores, of their shape."""
        return _sigmoid(self.slope * np.asarray(scores, dtype=np.float64) + self.intercept)


@dataclass(frozen=True)
class ReliabilityBin:
    """Scans of like predicted probability.

    Attributes:
        count: Scans.
        predicted: Mean probability.
        observed: Share of positives.
        low, high: Wilson's interval of `observed`.
    """

    count: int
    predicted: float
    observed: float
    low: float
    high: float


def log_odds(probabilities: Any) -> NDArray[np.float64]:
    """log(p / (1 - p)), p kept 1e-7 away from 0 and 1."""
    p = np.clip(
        np.asarray(probabilities, dtype=np.float64), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY
    )
    odds: NDArray[np.float64] = np.log(p) - np.log1p(-p)
    return odds


def fit_platt(labels: Any, scores: Any, *, smoothed: bool = True) -> Platt:
    """Logistic regression of the label on the score, by Newton's method.

    Args:
        labels: As for `auc`, of other patients than the model was trained on.
        scores: As for `auc`.
        smoothed: Targets (N+ + 1) / (N+ + 2) and 1 / (N- + 2) in place of 1 and 0 (Platt 1999; Lin,
            Lin & Weng, Mach Learn 2007;68:267): finite even where the score separates the classes.
            Without, slope and intercept are those of calibration as statisticians report them.

    Raises:
        ValueError: A class is empty, a score is not finite, or without smoothing the classes are
            separated.
    """
    labels, scores = checked(labels, scores)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    target = labels.astype(np.float64)
    if smoothed:
        target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, spread = float(scores.mean()), float(scores.std())
    if spread == 0:  # a score that tells nothing: the share of positives
        return Platt(0.0, float(log_odds(target.mean())))
    slope, intercept = _newton((scores - centre) / spread, target)
    return Platt(slope / spread, intercept - slope * centre / spread)


def _newton(x: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept with the least cross entropy."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    mean = target.mean()
    point = np.array([0.0, np.log(mean / (1 - mean))])
    loss = _cross_entropy(design @ point, target)
    for _ in range(NEWTON_STEPS):
        p = _sigmoid(design @ point)
        slope = design.T @ (p - target)
        curvature = (design * (p * (1 - p))[:, None]).T @ design
        if np.linalg.cond(curvature) > 1 / SMALLEST_PROBABILITY**2:
            raise ValueError("the score separates the classes: no finite slope fits")
        step = np.linalg.solve(curvature, slope)
        length = 1.0
        while _cross_entropy(design @ (point - length * step), target) > loss and length > 1e-10:
            length /= 2
        point = point - length * step
        before, loss = loss, _cross_entropy(design @ point, target)
        if before - loss <= CONVERGED * abs(before):
            return float(point[0]), float(point[1])
    raise ValueError("the score separates the classes: no finite slope fits")


def _cross_entropy(logits: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    return float((np.logaddexp(0.0, logits) - target * logits).sum())


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    half: NDArray[np.float64] = np.tanh(x / 2)
    return (1 + half) / 2


def reliability(
    labels: Any, probabilities: Any, *, bins: int = 10, level: float = LEVEL
) -> tuple[ReliabilityBin, ...]:
    """Predicted and observed frequency in bins of nearly equal count.

    Equal probabilities stay in one bin; there are fewer bins than asked for where they are many.

    Args:
        labels: As for `auc`.
        probabilities: (N,) within 0 and 1.
        bins: At most.
        level: Of confidence of the observed share (Wilson 1927).
    """
    labels, probabilities = _checked_probabilities(labels, probabilities)
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, probabilities, side="right")
    found = []
    for number in np.unique(place):
        inside = place == number
        count, hits = int(inside.sum()), int(labels[inside].sum())
        low, high = wilson(hits, count, level)
        found.append(
            ReliabilityBin(count, float(probabilities[inside].mean()), hits / count, low, high)
        )
    return tuple(found)


def wilson(hits: int, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a share, Wilson, J Am Stat Assoc 1927;22:209."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def expected_calibration_error(labels: Any, probabilities: Any, *, bins: int = 10) -> float:
    """Mean distance of predicted and observed frequency over the bins, weighted by their count."""
    found = reliability(labels, probabilities, bins=bins)
    total = sum(each.count for each in found)
    return sum(each.count * abs(each.predicted - each.observed) for each in found) / total


def brier(labels: Any, probabilities: Any) -> float:
    """Mean squared difference of probability and outcome; lower is better."""
    labels, probabilities = _checked_probabilities(labels, probabilities)
    return float(((probabilities - labels) ** 2).mean())


def _checked_probabilities(
    labels: Any, probabilities: Any
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    labels, probabilities = checked(labels, probabilities)
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise ValueError("probabilities lie within 0 and 1")
    return labels, probabilities
