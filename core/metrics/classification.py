"""Two classes told apart by a score: area under the ROC curve, curves, and values at a threshold.

`labels` are True for a death, `scores` rise with its probability; a score at or above the threshold
is called a death. Ties of scores count one half, as everywhere in the literature.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class RocCurve:
    """Points from (0, 0) to (1, 1), one for each distinct score, thresholds falling from infinity.

    Attributes:
        false_positive_rate: 1 - specificity.
        true_positive_rate: Sensitivity.
        thresholds: Scores at or above are called positive.
    """

    false_positive_rate: Scores
    true_positive_rate: Scores
    thresholds: Scores


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Points with recall rising, one for each distinct score, thresholds falling.

    Attributes:
        recall: Sensitivity.
        precision: Positive predictive value.
        thresholds: Scores at or above are called positive.
    """

    recall: Scores
    precision: Scores
    thresholds: Scores


@dataclass(frozen=True)
class Decisions:
    """Counts at one threshold, and what follows from them; None where it would divide by zero."""

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def sensitivity(self) -> float | None:
        """TP / (TP + FN)."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float | None:
        """TN / (TN + FP)."""
        return _ratio(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def positive_predictive_value(self) -> float | None:
        """TP / (TP + FP), precision."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def negative_predictive_value(self) -> float | None:
        """TN / (TN + FN)."""
        return _ratio(self.true_negatives, self.true_negatives + self.false_negatives)

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN)."""
        hits = 2 * self.true_positives
        return _ratio(hits, hits + self.false_positives + self.false_negatives)

    @property
    def matthews(self) -> float | None:
        """(TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN)), Matthews 1975."""
        tp, fp, tn, fn = (
            self.true_positives,
            self.false_positives,
            self.true_negatives,
            self.false_negatives,
        )
        product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return _ratio(tp * tn - fp * fn, sqrt(product))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def checked(labels: Any, scores: Any) -> tuple[Labels, Scores]:
    """Labels and scores as flat arrays of one length, both classes there, every score finite.

    Raises:
        ValueError: They are not.
    """
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(f"one score for each label is needed, got {scores.shape}, {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must be true or false")
    labels = labels.astype(bool)
    if not np.isfinite(scores).all():
        raise ValueError("every score must be a finite number")
    if labels.all() or not labels.any():
        raise ValueError(f"both classes are needed, got {labels.sum()} of {labels.size} positive")
    return labels, scores


def mid_ranks(values: Scores) -> Scores:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: Scores = last - (counts - 1) / 2
    ranks: Scores = middle[places]
    return ranks


def auc(labels: Any, scores: Any) -> float:
    """Area under the ROC curve: probability that a positive scores above a negative, ties 1/2.

    Args:
        labels: (N,) true for the positives.
        scores: (N,) finite; any rising function of them gives the same area.

    Raises:
        ValueError: A class is empty, or a score is not finite.
    """
    labels, scores = checked(labels, scores)
    positives = int(labels.sum())
    wins = mid_ranks(scores)[labels].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * (labels.size - positives)))


def roc_curve(labels: Any, scores: Any) -> RocCurve:
    """The ROC curve; see `auc` for the arguments and what they raise."""
    labels, scores = checked(labels, scores)
    hits, misses, thresholds = _cumulated(labels, scores)
    return RocCurve(
        np.r_[0.0, misses / misses[-1]],
        np.r_[0.0, hits / hits[-1]],
        np.r_[np.inf, thresholds],
    )


def precision_recall_curve(labels: Any, scores: Any) -> PrecisionRecallCurve:
    """The precision-recall curve; see `auc` for the arguments and what they raise."""
    labels, scores = checked(labels, scores)
    hits, misses, thresholds = _cumulated(labels, scores)
    return PrecisionRecallCurve(hits / hits[-1], hits / (hits + misses), thresholds)


def average_precision(labels: Any, scores: Any) -> float:
    """Sum over thresholds of (rise of recall) x precision; not interpolated: that would flatter."""
    curve = precision_recall_curve(labels, scores)
    return float(np.diff(curve.recall, prepend=0.0) @ curve.precision)


def _cumulated(labels: Labels, scores: Scores) -> tuple[Scores, Scores, Scores]:
    """True and false positives at each distinct score, from the highest down."""
    thresholds, places = np.unique(scores, return_inverse=True)
    hits = np.bincount(places, weights=labels, minlength=thresholds.size)[::-1]
    misses = np.bincount(places, weights=~labels, minlength=thresholds.size)[::-1]
    return np.cumsum(hits), np.cumsum(misses), thresholds[::-1]


def at_threshold(labels: Any, scores: Any, threshold: float) -> Decisions:
    """Counts when scores at or above the threshold are called positive."""
    labels = np.asarray(labels, dtype=bool)
    called = np.asarray(scores, dtype=np.float64) >= threshold
    return Decisions(
        true_positives=int((labels & called).sum()),
        false_positives=int((~labels & called).sum()),
        true_negatives=int((~labels & ~called).sum()),
        false_negatives=int((labels & ~called).sum()),
    )


def youden(labels: Any, scores: Any) -> float:
    """Threshold with the greatest sensitivity + specificity - 1 (Youden 1950).

    Halfway to the next lower score, so that it does not hang on the last digit of one; the highest
    such threshold where several are equal. Found on some patients, it flatters on the same ones.
    """
    curve = roc_curve(labels, scores)
    gain = curve.true_positive_rate - curve.false_positive_rate
    best = 1 + int(np.argmax(gain[1:]))
    if best + 1 == curve.thresholds.size:
        return float(curve.thresholds[best])
    return float((curve.thresholds[best] + curve.thresholds[best + 1]) / 2)
