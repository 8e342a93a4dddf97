"""What a bundle says of its model: calibrated, measured and placed among scans it never saw."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.metrics.calibration import (
    Platt,
    brier,
    expected_calibration_error,
    fit_platt,
    reliability,
)
from core.metrics.classification import Labels
from core.metrics.concordance import harrell_c_interval
from core.metrics.intervals import Interval, auc_interval, fold_auc_interval
from core.models.cards import Calibration, CalibrationBin, CardMetric, ClinicalColumn
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Progress, Span
from core.training.bundle_writing import (
    BundleContent,
    calibrate,
    round_weights,
    write_bundle,
)
from core.training.configuration import TrainingError
from core.training.early_checks import require_reference
from core.training.examples import Examples
from core.training.objectives import death_risk
from core.training.parts import Part
from core.training.prediction_table import PredictionRow
from core.training.predictions import Said, said_of
from core.training.reference_fit import fit_reference
from core.training.run_record import RunRecord
from core.training.stages import Training

OUT_OF_FOLD = "scans of the folds, each scored by the model that never saw it"
VALIDATION_SCANS = "validation scans"
UNSEEN = "validation and test scans of the cohort, none of which the model was trained on"
TEST_SCANS = "test scans that no model ever saw"

Scores = NDArray[np.float64]

ERRORS = {"Brier score": brier, "Expected calibration error": expected_calibration_error}
"""Of the probabilities; lower is better."""


@dataclass(frozen=True, eq=False)
class _Scored:
    """Labels and log odds by which a model is calibrated."""

    labels: Labels
    risk_scores: Scores
    words: str


def make_bundle(
    network: MortalityResNet3D,
    part: Part,
    training: Training,
    *,
    columns: tuple[ClinicalColumn, ...],
    rows: list[PredictionRow],
    record: RunRecord,
    progress: Progress,
) -> Path:
    """Calibrate, round, measure and write the final model of a run.

    Args:
        network: The final model; calibrated and rounded afterwards.
        part: The final part.
        training: Configuration, cache, processes.
        columns: Clinical values that the model takes.
        rows: Predictions of the run; those of the folds calibrate where there are any.
        record: Of the run.
        progress: Told of every scan; may cancel.

    Returns:
        The folder of the bundle.

    Raises:
        TrainingError: The model tells nothing, or there are too few scans to compare with.
    """
    scored = _out_of_fold(rows) or _of_validation(network, part, training, progress)
    scaling = fit_platt(scored.labels, scored.risk_scores)
    calibrate(network, scaling)
    round_weights(network)
    store = training.features(training.configuration.image_shape)
    features = store.pooled(network, part.training.keys, Span(progress, 0.0, 0.7)).numpy()
    unseen = _said(network, part.validation, training, Span(progress, 0.7, 0.8))
    tested = _said(network, part.test, training, Span(progress, 0.8, 1.0))
    risk_scores = np.concatenate([each.risk_score for each in (unseen, tested) if each])
    require_reference(len(risk_scores))
    labelled = part.training.labels[part.training.has_label]
    content = BundleContent(
        network=network,
        columns=columns,
        calibration=_calibration(scored, scaling, part.test, tested),
        metrics=(*_fold_metrics(rows), *_test_metrics(part.test, tested)),
        reference=fit_reference(features, risk_scores, patients=_patients(part.training)),
        reference_of=UNSEEN,
        training_deaths=float(labelled.mean()),
        record=record,
    )
    return write_bundle(training.configuration, content)


def _out_of_fold(rows: list[PredictionRow]) -> _Scored | None:
    of_folds = [row for row in rows if isinstance(row.fold, int) and row.label is not None]
    if not of_folds:
        return None
    return _Scored(
        np.array([bool(row.label) for row in of_folds]),
        np.array([row.risk_score for row in of_folds]),
        OUT_OF_FOLD,
    )


def _of_validation(
    network: MortalityResNet3D, part: Part, training: Training, progress: Progress
) -> _Scored:
    labelled = part.validation.take(part.validation.has_label)
    said = _said(network, labelled, training, Span(progress, 0.0, 0.0))
    if said is None:
        raise TrainingError("There are no validation scans.", "Make the folds anew.")
    return _Scored(labelled.labels, said.risk_score, VALIDATION_SCANS)


def _said(
    network: MortalityResNet3D, examples: Examples, training: Training, progress: Progress
) -> Said | None:
    """What the network says of scans; None of no scans."""
    if not len(examples):
        return None
    configuration = training.configuration
    store = training.features(configuration.image_shape)
    return said_of(
        network,
        store.pooled(network, examples.keys, progress),
        examples.clinical,
        breaks_years=configuration.model.breaks_years,
        horizons_years=configuration.model.horizons_years,
    )


def _patients(examples: Examples) -> tuple[str, ...]:
    """Whose scan each is."""
    return tuple(row.patient_id for row in examples.rows)


def _calibration(
    scored: _Scored, scaling: Platt, tested: Examples, said: Said | None
) -> Calibration:
    """What was fitted, and how well it holds on test scans."""
    known = None if said is None else _known(tested, said)
    bins = () if known is None else reliability(known.labels, known.probability)
    return Calibration(
        slope=scaling.slope,
        intercept=scaling.intercept,
        scans=len(scored.labels),
        of=scored.words,
        bins=tuple(
            CalibrationBin(
                scans=each.count,
                predicted=each.predicted,
                observed=each.observed,
                low=each.low,
                high=each.high,
            )
            for each in bins
        ),
        bins_of=TEST_SCANS if bins else "",
    )


@dataclass(frozen=True, eq=False)
class _Known:
    """Scans that have a class, and what the model says of them."""

    labels: Labels
    probability: Scores
    risk_scores: Scores
    patients: tuple[str, ...]


def _known(examples: Examples, said: Said) -> _Known | None:
    """None where a class is empty."""
    kept = examples.has_label
    labels = examples.labels[kept]
    if not 0 < labels.sum() < len(labels):
        return None
    patients = _patients(examples.take(kept))
    return _Known(labels, said.probability[kept], said.risk_score[kept], patients)


def _fold_metrics(rows: list[PredictionRow]) -> tuple[CardMetric, ...]:
    """Mean AUC over the folds."""
    folds = sorted({row.fold for row in rows if isinstance(row.fold, int)})
    if not folds:
        return ()
    known = [[row for row in rows if row.fold == k and row.label is not None] for k in folds]
    pairs = [
        ([bool(row.label) for row in some], [row.risk_score for row in some]) for some in known
    ]
    whose = [[row.patient_id for row in some] for some in known]
    found = fold_auc_interval(pairs, patients=whose)
    return (_metric("AUC, mean of the folds", found, sum(map(len, known)), OUT_OF_FOLD),)


def _test_metrics(examples: Examples, said: Said | None) -> tuple[CardMetric, ...]:
    """Of mortality and of the survival head, where the test scans allow them."""
    if said is None:
        return ()
    metrics = []
    known = _known(examples, said)
    if known is not None:
        found = auc_interval(known.labels, known.risk_scores, patients=known.patients)
        metrics.append(_metric("AUC", found, len(known.labels), TEST_SCANS))
        for name, measure in ERRORS.items():
            value = measure(known.labels, known.probability)
            metrics.append(
                CardMetric(name=name, value=value, scans=len(known.labels), of=TEST_SCANS)
            )
    return (*metrics, *_concordance(examples, said))


def _concordance(examples: Examples, said: Said) -> tuple[CardMetric, ...]:
    """C of the survival head; none where no two test scans can be compared."""
    if said.hazard_logits is None or not examples.events.any():
        return ()
    risk = death_risk(said.hazard_logits)
    outcome = (examples.events, examples.time_years)
    try:
        found = harrell_c_interval(*outcome, risk, patients=_patients(examples))
    except ValueError:
        return ()
    return (_metric("C-index of survival", found, len(examples), TEST_SCANS),)


def _metric(name: str, found: Interval, scans: int, of: str) -> CardMetric:
    low, high = (None if np.isnan(each) else each for each in (found.low, found.high))
    return CardMetric(name=name, value=found.value, low=low, high=high, scans=scans, of=of)
