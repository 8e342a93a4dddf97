"""Numbers of one model: over the folds of the cross-validation, and on the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.folds import TEST
from core.metrics.calibration import (
    Platt,
    ReliabilityBin,
    brier,
    expected_calibration_error,
    fit_platt,
    log_odds,
    reliability,
)
from core.metrics.classification import auc, average_precision, youden
from core.metrics.concordance import concordance_of_draws, harrell_c, harrell_c_interval
from core.metrics.decision_intervals import DecidedFold, DecisionValue, decision_intervals
from core.metrics.intervals import (
    Interval,
    auc_difference,
    auc_interval,
    bootstrap_auc,
    bootstrap_interval,
    fold_auc_interval,
    resampled_patients,
)
from core.training.evaluation_settings import EvaluationChoices
from core.training.scored_parts import Part, ScoredPart

CHANCE = 0.5
RELIABILITY_BINS = 8


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities of a test set mean what they say.

    Attributes:
        brier, error: Brier score and expected calibration error of the probabilities as they are.
        platt: Fitted on what the folds left out.
        brier_after, error_after: With it.
        bins, bins_after: Reliability.
    """

    brier: float
    error: float
    platt: Platt
    brier_after: float
    error_after: float
    bins: tuple[ReliabilityBin, ...]
    bins_after: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class PartsResult:
    """Numbers of one model over folds, or on the test set as its only part.

    Attributes:
        scans, deaths: With a class, and positives among them.
        auc: Mean over the folds with its interval.
        fold_aucs: Of each.
        average_precision: Mean over the folds.
        decisions: At the thresholds, empty where there is none.
        thresholds: Of each fold.
        concordance: Harrell's C of the test set, None over folds.
        calibration: Of the test set where the score is a probability, else None.
    """

    scans: int
    deaths: int
    auc: Interval
    fold_aucs: tuple[float, ...]
    average_precision: float
    decisions: Mapping[str, DecisionValue]
    thresholds: tuple[float, ...]
    concordance: Interval | None = None
    calibration: Calibration | None = None

    @property
    def auc_deviation(self) -> float:
        """Standard deviation of the area over folds, nan for one."""
        return float(np.std(self.fold_aucs, ddof=1)) if len(self.fold_aucs) > 1 else float("nan")


def evaluate_folds(
    parts: Mapping[Part, ScoredPart], choices: EvaluationChoices
) -> PartsResult | None:
    """Numbers over the folds of the cross-validation; None where the model has none of them."""
    folds = [part for number, part in sorted_folds(parts)]
    if not folds:
        return None
    return _result(folds, _thresholds(folds, choices), choices)


def evaluate_test(
    parts: Mapping[Part, ScoredPart], choices: EvaluationChoices, *, is_probability: bool
) -> PartsResult | None:
    """Numbers on the test set; None where the model does not predict it."""
    if TEST not in parts:
        return None
    test, folds = parts[TEST], [part for _, part in sorted_folds(parts)]
    pooled = _pooled(folds) if folds else None
    thresholds: tuple[float, ...] = ()
    if choices.threshold != "youden":
        thresholds = (choices.threshold,)
    elif pooled is not None:
        thresholds = (youden(*pooled),)
    plain = _result([test], thresholds, choices)
    return PartsResult(
        scans=plain.scans,
        deaths=plain.deaths,
        auc=plain.auc,
        fold_aucs=plain.fold_aucs,
        average_precision=plain.average_precision,
        decisions=plain.decisions,
        thresholds=thresholds,
        concordance=_concordance(test, choices),
        calibration=_calibration(test, pooled) if is_probability and pooled else None,
    )


def sorted_folds(parts: Mapping[Part, ScoredPart]) -> list[tuple[int, ScoredPart]]:
    """The folds in their order, without the test set."""
    return sorted((part, scored) for part, scored in parts.items() if isinstance(part, int))


def _pooled(folds: Sequence[ScoredPart]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Labels and scores of several folds together."""
    pairs = [fold.classified[:2] for fold in folds]
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _thresholds(folds: Sequence[ScoredPart], choices: EvaluationChoices) -> tuple[float, ...]:
    """For each fold a threshold that its own patients had no part in."""
    if choices.threshold != "youden":
        return (choices.threshold,) * len(folds)
    if len(folds) < 2:
        return ()
    others = ([*folds[:number], *folds[number + 1 :]] for number in range(len(folds)))
    return tuple(youden(*_pooled(some)) for some in others)


def _result(
    folds: Sequence[ScoredPart], thresholds: tuple[float, ...], choices: EvaluationChoices
) -> PartsResult:
    classified = [fold.classified for fold in folds]
    pairs = [(labels, scores) for labels, scores, _ in classified]
    whose = [patients for _, _, patients in classified]
    level = choices.level
    if len(folds) == 1:
        area = auc_interval(*pairs[0], patients=whose[0], level=level)
    else:
        area = fold_auc_interval(pairs, patients=whose, level=level)
    decided = [
        DecidedFold(labels, scores >= threshold, patients)
        for (labels, scores, patients), threshold in zip(classified, thresholds, strict=False)
    ]
    return PartsResult(
        scans=sum(labels.size for labels, _ in pairs),
        deaths=int(sum(labels.sum() for labels, _ in pairs)),
        auc=area,
        fold_aucs=tuple(auc(*pair) for pair in pairs),
        average_precision=float(np.mean([average_precision(*pair) for pair in pairs])),
        decisions=decision_intervals(
            decided, resamples=choices.resamples, seed=choices.seed, level=level
        )
        if decided
        else {},
        thresholds=thresholds,
    )


def _concordance(test: ScoredPart, choices: EvaluationChoices) -> Interval:
    return harrell_c_interval(
        test.event,
        test.time_years,
        test.scores,
        patients=test.patients,
        resamples=choices.resamples,
        seed=choices.seed,
        level=choices.level,
    )


def _calibration(
    test: ScoredPart, pooled: tuple[NDArray[np.bool_], NDArray[np.float64]]
) -> Calibration:
    labels, probability, _ = test.classified
    platt = fit_platt(pooled[0], log_odds(pooled[1]))
    after = platt.probability(log_odds(probability))
    bins = RELIABILITY_BINS
    return Calibration(
        brier=brier(labels, probability),
        error=expected_calibration_error(labels, probability, bins=bins),
        platt=platt,
        brier_after=brier(labels, after),
        error_after=expected_calibration_error(labels, after, bins=bins),
        bins=reliability(labels, probability, bins=bins),
        bins_after=reliability(labels, after, bins=bins),
    )


def difference_of(
    ours: Mapping[Part, ScoredPart], others: Mapping[Part, ScoredPart], choices: EvaluationChoices
) -> tuple[Interval, float] | None:
    """How much larger our area is, on the test set or else over the folds, and its p value."""
    places: list[Part] = [TEST] if TEST in ours else [number for number, _ in sorted_folds(ours)]
    if not places or not all(place in others for place in places):
        return None
    folds, whose = [], []
    for place in places:
        labels, scores, patients = ours[place].classified
        folds.append((labels, scores, others[place].classified[1]))
        whose.append(patients)
    return auc_difference(folds, patients=whose, level=choices.level)


def share_of_auc(
    ours: Sequence[ScoredPart], oracle: Sequence[ScoredPart], choices: EvaluationChoices
) -> Interval | None:
    """(AUC - 0.5) / (AUC of the oracle - 0.5), means over folds, by a paired bootstrap."""
    ratios, value = [], []
    for number, (part, best) in enumerate(zip(ours, oracle, strict=True)):
        labels, scores, patients = part.classified
        draws = resampled_patients(
            patients, strata=labels, resamples=choices.resamples, seed=choices.seed + number
        )
        both = (scores, best.classified[1])
        value.append([auc(labels, each) for each in both])
        ratios.append([[bootstrap_auc(labels, each, counts) for each in both] for counts in draws])
    return _share(np.mean(value, axis=0), np.mean(np.array(ratios, dtype=float), axis=0), choices)


def share_of_concordance(
    ours: ScoredPart, oracle: ScoredPart, choices: EvaluationChoices
) -> Interval | None:
    """(C - 0.5) / (C of the oracle - 0.5) on the test set, by a paired bootstrap."""
    draws = resampled_patients(ours.patients, resamples=choices.resamples, seed=choices.seed)
    outcome = (ours.event, ours.time_years)
    value = np.array([harrell_c(*outcome, part.scores) for part in (ours, oracle)])
    drawn = [concordance_of_draws(*outcome, part.scores, draws) for part in (ours, oracle)]
    return _share(value, np.stack(drawn, axis=1), choices)


def _share(
    value: NDArray[np.float64], drawn: NDArray[np.float64], choices: EvaluationChoices
) -> Interval | None:
    """Ratio of the ways from chance; None where the oracle is no better than chance."""
    if value[1] <= CHANCE:
        return None
    way = drawn - CHANCE
    shares = np.where(way[:, 1] > 0, way[:, 0] / np.where(way[:, 1] > 0, way[:, 1], 1), np.nan)
    return bootstrap_interval(
        float((value[0] - CHANCE) / (value[1] - CHANCE)),
        lambda place: float(shares[place[0]]),
        np.arange(len(shares))[:, None],
        level=choices.level,
    )
