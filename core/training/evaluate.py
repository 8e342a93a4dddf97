"""All models of a study on the same patients: one table, with the oracle where the truth is known.

Reads what the models wrote (`predictions.csv`) and never runs one.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from core.data.cohort import Cohort, read_cohort
from core.data.cohort_table import spreadsheet_rows
from core.data.folds import HELD_OUT, TEST, Folds, read_folds
from core.errors import CohortError
from core.metrics.concordance import uno_c_interval
from core.metrics.intervals import Interval
from core.progress import Progress
from core.training.evaluation_settings import (
    EvaluationChoices,
    EvaluationSettings,
    ModelEntry,
    OracleEntry,
)
from core.training.model_evaluation import (
    PartsResult,
    difference_of,
    evaluate_folds,
    evaluate_test,
    share_of_auc,
    share_of_concordance,
    sorted_folds,
)
from core.training.prediction_table import SURVIVAL_RISK, read_table
from core.training.scored_parts import Part, ScoredPart, common_parts, model_scores, part_words

ORACLE = "oracle"
ORACLE_TITLE = "the true hazard, the best that any model could reach"

Parts = Mapping[Part, ScoredPart]


@dataclass(frozen=True)
class EvaluatedModel:
    """A row of the table.

    Attributes:
        name, title, score: As in the configuration.
        folds: Over the cross-validation, None where the model has no fold.
        test: On the test set, None where the model does not predict it.
        share_auc: Share of the way from 0.5 to the oracle's area, on the test set or else over the
            folds; None without an oracle.
        share_concordance: The same of Harrell's C, on the test set alone.
        difference: Of the area to the reference's, and its p value.
        uno: Uno's C of the test set, of survival scores alone.
        parts: The scores behind the numbers, for the curves.
    """

    name: str
    title: str
    score: str
    folds: PartsResult | None
    test: PartsResult | None
    share_auc: Interval | None
    share_concordance: Interval | None
    difference: tuple[Interval, float] | None
    uno: Interval | None
    parts: Parts


@dataclass(frozen=True)
class Evaluation:
    """Everything that the table shows.

    Attributes:
        models: In the order of the configuration, the oracle last.
        choices: How the numbers were made.
        notes: Who was left out, in words.
    """

    models: tuple[EvaluatedModel, ...]
    choices: EvaluationChoices
    notes: tuple[str, ...]


def evaluate(settings: EvaluationSettings, progress: Progress) -> Evaluation:
    """Evaluate every model of a configuration on the same patients.

    Raises:
        CohortError: Cohort, folds and predictions do not belong together, or a part lacks a class.
    """
    cohort = read_cohort(settings.cohort.csv)
    folds = read_folds(settings.cohort.folds, cohort, is_for_training=False)
    scores = {
        entry.name: model_scores(
            entry, read_table(entry.predictions, f"model '{entry.name}'"), folds, cohort
        )
        for entry in settings.model
    }
    entries = list(settings.model)
    if settings.oracle is not None:
        entries.append(_oracle_entry(settings))
        scores[ORACLE] = _oracle_scores(settings.oracle, folds, cohort)
    choices = settings.evaluation
    parts, notes = common_parts(scores, folds, cohort, only_common=choices.patients == "common")
    _require_truth(parts)
    _require_classes(parts)
    models = []
    for number, entry in enumerate(entries):
        progress.step(number / len(entries), f"Evaluating {entry.name}")
        models.append(_evaluated(entry, parts, choices))
    progress.step(1.0, "Evaluated")
    return Evaluation(tuple(models), choices, notes)


def _evaluated(
    entry: ModelEntry, parts: Mapping[str, Parts], choices: EvaluationChoices
) -> EvaluatedModel:
    ours, oracle = parts[entry.name], parts.get(ORACLE)
    reference = choices.reference
    is_other = reference not in ("", entry.name) and entry.name != ORACLE
    shared = None if oracle is None or entry.name == ORACLE else _shared(ours, oracle)
    has_test = shared is not None and TEST in ours
    return EvaluatedModel(
        name=entry.name,
        title=entry.title,
        score=entry.score,
        folds=evaluate_folds(ours, choices),
        test=evaluate_test(ours, choices, is_probability=entry.score == "probability"),
        share_auc=share_of_auc(*shared, choices) if shared else None,
        share_concordance=share_of_concordance(ours[TEST], oracle[TEST], choices)
        if oracle is not None and has_test
        else None,
        difference=difference_of(ours, parts[reference], choices) if is_other else None,
        uno=uno_of(entry, ours[TEST], choices) if TEST in ours else None,
        parts=ours,
    )


def uno_of(entry: ModelEntry, test: ScoredPart, choices: EvaluationChoices) -> Interval | None:
    """Uno's C up to the score's horizon, or to the end of the follow-up for the whole curve.

    None for scores that are not of survival, and where nobody dies before the horizon.
    """
    if entry.score != SURVIVAL_RISK and entry.horizon_years is None:
        return None
    end = float(test.time_years.max())  # nobody is known to be free of censoring after it
    until = end if entry.horizon_years is None else min(entry.horizon_years, end)
    if not (test.event & (test.time_years < until)).any():
        return None
    return uno_c_interval(
        test.event,
        test.time_years,
        test.scores,
        until_years=until,
        patients=test.patients,
        resamples=choices.resamples,
        seed=choices.seed,
        level=choices.level,
    )


def _shared(ours: Parts, oracle: Parts) -> tuple[list[ScoredPart], list[ScoredPart]] | None:
    """The test set of both, or all folds of both where there is none."""
    if TEST in ours:
        return [ours[TEST]], [oracle[TEST]]
    numbers = [number for number, _ in sorted_folds(ours)]
    return [ours[k] for k in numbers], [oracle[k] for k in numbers]


def _oracle_entry(settings: EvaluationSettings) -> ModelEntry:
    if any(entry.name == ORACLE for entry in settings.model):
        raise CohortError(
            f"No model may be named '{ORACLE}': that row is the true hazard.", "Rename the model."
        )
    return ModelEntry(
        name=ORACLE, title=ORACLE_TITLE, predictions=settings.cohort.csv, score="risk_score"
    )


def _oracle_scores(
    entry: OracleEntry, folds: Folds, cohort: Cohort
) -> dict[Part, dict[str, list[float]]]:
    """The true hazard of every patient of the folds who has one, by part."""
    hazards = read_truth(entry.csv, entry.column)
    found: dict[Part, dict[str, list[float]]] = {}
    for patient, part in folds.parts.items():
        if patient in hazards and (isinstance(part, int) or part == TEST) and part != HELD_OUT:
            count = len(cohort.patients[patient])
            found.setdefault(part, {})[patient] = [hazards[patient]] * count
    return found


def read_truth(path: Path, column: str) -> dict[str, float]:
    """Numbers of one column by ``patient_id``.

    Raises:
        CohortError: The table cannot be read, lacks the column, or a cell is no finite number.
    """
    remedy = "Give a CSV with patient_id and the column that [oracle] names."
    try:
        header, cells = spreadsheet_rows(path.read_text("utf-8-sig"))
    except OSError as error:
        raise CohortError(f"The truth cannot be read ({error.strerror}).", remedy) from None
    except (UnicodeDecodeError, csv.Error):
        raise CohortError("The truth is not CSV in UTF-8.", remedy) from None
    found: dict[str, float] = {}
    for number, row in cells:
        record = dict(zip(header, row, strict=False))
        patient, value = record.get("patient_id"), _number(record.get(column))
        if not patient or value is None:
            raise CohortError(
                f"Row {number} of the truth needs patient_id and a number in '{column}'.", remedy
            )
        if found.setdefault(patient, value) != value:
            raise CohortError(f"Row {number} of the truth contradicts an earlier one.", remedy)
    return found


def _require_truth(parts: Mapping[str, Parts]) -> None:
    """The oracle, where there is one, knows every part that a model predicts."""
    if ORACLE not in parts:
        return
    predicted = dict.fromkeys(place for some in parts.values() for place in some)
    unknown = [place for place in predicted if place not in parts[ORACLE]]
    if unknown:
        raise CohortError(
            f"The truth holds no patient of {part_words(unknown[0])}, which a model predicts.",
            "Give [oracle] the truth of this very cohort, or leave [oracle] away.",
        )


def _number(cell: str | None) -> float | None:
    try:
        value = float(cell or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _require_classes(parts: Mapping[str, Parts]) -> None:
    """An area needs deaths and living in every part, and a model some part."""
    for name, some in parts.items():
        if not some:
            raise CohortError(
                f"Model '{name}' predicts no patient of a fold or of the test set.",
                "Let it predict the patients of these folds.",
            )
        for place, part in some.items():
            labels: Sequence[bool] = part.classified[0].tolist()
            if all(labels) or not any(labels):
                raise CohortError(
                    f"Deaths of the endpoint and living patients are needed in every part; "
                    f"{part_words(place)} has {sum(labels)} deaths among {len(labels)} scans.",
                    "Make folds with fewer parts, or gather more patients.",
                )
