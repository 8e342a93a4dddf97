"""Scores of every model on the same scans, part by part: each fold, and the test set.

The truth comes from the cohort, the parts from the folds: a model that predicts a patient in a
fold not the patient's own may have been trained on that patient, and is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.cohort import Cohort, CohortRow, mortality_label
from core.data.folds import HELD_OUT, TEST, Folds
from core.errors import CohortError
from core.training.evaluation_settings import ModelEntry
from core.training.prediction_table import PredictionRow

Part = int | str
SAME_TIME = 1e-6
"""Largest relative difference of a follow-up time between cohort and predictions."""


@dataclass(frozen=True)
class ScoredPart:
    """Scans of a part in the order of the cohort, and what one model says of them.

    Attributes:
        patients: Whose scan each is.
        labels: Class; meaningless where `has_label` is false.
        has_label: False for deaths outside the endpoint.
        event: Died of the endpoint; other deaths end the follow-up as censoring does.
        time_years: To death or to when last seen.
        scores: Higher is worse.
    """

    patients: tuple[str, ...]
    labels: NDArray[np.bool_]
    has_label: NDArray[np.bool_]
    event: NDArray[np.bool_]
    time_years: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def classified(self) -> tuple[NDArray[np.bool_], NDArray[np.float64], tuple[str, ...]]:
        """Labels, scores and patients of the scans that have a class."""
        kept = self.has_label
        names = tuple(name for name, keep in zip(self.patients, kept, strict=True) if keep)
        return self.labels[kept], self.scores[kept], names


def score_of(entry: ModelEntry, row: PredictionRow) -> float:
    """The score that an entry ranks by; nan where the prediction does not hold it."""
    if entry.score == "risk_score":
        return row.risk_score
    if entry.score in ("probability", "survival_risk"):
        given = row.probability if entry.score == "probability" else row.survival_risk
        return float("nan") if given is None else given
    years = entry.horizon_years
    return float("nan") if years is None else 1 - row.survival.get(years, float("nan"))


def model_scores(
    entry: ModelEntry, predictions: Sequence[PredictionRow], folds: Folds, cohort: Cohort
) -> dict[Part, dict[str, list[float]]]:
    """Scores of one model by part and patient, a patient's scans by falling follow-up time.

    Raises:
        CohortError: A patient is in another part than the folds say, comes too often, has another
            outcome than in the cohort, or the score is not in the predictions.
    """
    by_patient: dict[tuple[Part, str], list[PredictionRow]] = {}
    for row in predictions:
        by_patient.setdefault((row.fold, row.patient_id), []).append(row)
    strange = [place for place in by_patient if folds.part_of(place[1]) != place[0]]
    if strange:
        raise CohortError(
            f"Model '{entry.name}' predicts {len(strange)} patients in a part that the folds do "
            f"not put them in (first: {part_words(strange[0][0])}): it may have been trained on "
            "them.",
            "Train it on the same folds as the others. For a cohort that no model was taught on, "
            "`thoralens-core cohort --fold-count 0` writes folds that are a test set alone.",
        )
    found: dict[Part, dict[str, list[float]]] = {}
    for (part, patient), rows in by_patient.items():
        if part == HELD_OUT:
            continue
        rows.sort(key=lambda row: -row.time_years)
        truth = sorted(cohort.patients[patient], key=lambda row: -row.time_years)
        _require_truth(entry, rows, truth)
        if len(rows) == len(truth):
            found.setdefault(part, {})[patient] = [_finite(entry, row) for row in rows]
    return found


def part_words(part: Part) -> str:
    """A part as messages name it."""
    return f"fold {part}" if isinstance(part, int) else f"the {part} set"


def _finite(entry: ModelEntry, row: PredictionRow) -> float:
    score = score_of(entry, row)
    if not np.isfinite(score):
        raise CohortError(
            f"The predictions of model '{entry.name}' hold no '{entry.score}'.",
            "Choose another `score` for this model: probability, risk_score, or, where it has a "
            "survival head, survival_risk or survival_5y.",
        )
    return score


def _require_truth(
    entry: ModelEntry, rows: Sequence[PredictionRow], truth: Sequence[CohortRow]
) -> None:
    """Outcomes in the predictions must be those of the cohort."""
    if len(rows) > len(truth):
        raise CohortError(
            f"Model '{entry.name}' predicts a scan twice (row {truth[0].number} of the cohort).",
            "Let `thoralens-core train` write its predictions again.",
        )
    for row in rows:
        # Scans that the model left out make the times of the others unpaired, not wrong.
        same = [
            each
            for each in truth
            if abs(each.time_years - row.time_years) <= SAME_TIME * max(1.0, each.time_years)
        ]
        if not same or row.event != truth[0].event or row.label != mortality_label(truth[0]):
            raise CohortError(
                f"The predictions of model '{entry.name}' disagree with row {truth[0].number} of "
                "the cohort about time, event or class.",
                "Train the model on this cohort, or evaluate with the cohort it was trained on.",
            )


def common_parts(
    scores: Mapping[str, Mapping[Part, Mapping[str, list[float]]]],
    folds: Folds,
    cohort: Cohort,
    *,
    only_common: bool,
) -> tuple[dict[str, dict[Part, ScoredPart]], tuple[str, ...]]:
    """The same scans for every model that predicts a part at all.

    Args:
        scores: By model, from `model_scores`.
        folds: Of all models.
        cohort: With the truth.
        only_common: Compare on the patients that all have; else a lack is refused.

    Returns:
        Parts by model, and notes on whom was left out.

    Raises:
        CohortError: A model lacks patients of a part, or too few are common to all.
    """
    parts: dict[str, dict[Part, ScoredPart]] = {name: {} for name in scores}
    notes = []
    wanted: dict[Part, tuple[str, ...]] = dict(enumerate(folds.folds))
    if folds.test:
        wanted[TEST] = folds.test
    for part, patients in wanted.items():
        able = [name for name, some in scores.items() if some.get(part)]
        kept = set(patients)
        for name in able:
            lacking = kept - scores[name][part].keys()
            if lacking and not only_common:
                raise CohortError(
                    f"Model '{name}' lacks predictions of {len(lacking)} of {len(patients)} "
                    f"patients in {part_words(part)}.",
                    'Let it predict everyone, or set `patients = "common"` in [evaluation].',
                )
            kept -= lacking
        if len(kept) < len(patients) and able:
            left = len(patients) - len(kept)
            notes.append(f"{part_words(part)}: {left} of {len(patients)} patients left out.")
        rows = cohort.rows_of(kept)
        for name in able:
            parts[name][part] = _scored(rows, scores[name][part])
    return parts, tuple(notes)


def _scored(rows: Sequence[CohortRow], scores: Mapping[str, list[float]]) -> ScoredPart:
    order: dict[str, list[CohortRow]] = {}
    for row in rows:
        order.setdefault(row.patient_id, []).append(row)
    values = {
        id(row): value
        for patient, some in order.items()
        for row, value in zip(
            sorted(some, key=lambda row: -row.time_years), scores[patient], strict=True
        )
    }
    labels = [mortality_label(row) for row in rows]
    return ScoredPart(
        patients=tuple(row.patient_id for row in rows),
        labels=np.array([label is True for label in labels]),
        has_label=np.array([label is not None for label in labels]),
        event=np.array([label is True for label in labels]),
        time_years=np.array([row.time_years for row in rows]),
        scores=np.array([values[id(row)] for row in rows]),
    )
