"""Cross-validation of Models A-C on the same folds as every other model, to the same files.

For each fold a model is fitted on the other folds and on the validation patients: a network stops
early by those, the clinical models need none of that. The test set and the held-out deaths of lung
cancer are predicted by a last model, fitted on all folds. Fitted models are not kept: they cannot
be stored without pickle; ``features.json`` says what they were.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from types import MappingProxyType
from typing import Any

import numpy as np

from core.data.cohort import Cohort, CohortRow, clinical_matrix, mortality_label, read_cohort
from core.data.folds import HELD_OUT, TEST, Folds, read_folds
from core.errors import CohortError, ResourcesError
from core.models.clinical_baselines import (
    ClinicalTable,
    FittedClinical,
    fit_clinical,
    require_complete,
)
from core.models.clinical_pipeline import ClinicalChoices, ClinicalModel
from core.progress import Progress, Span
from core.training.clinical_settings import ClinicalSettings, MissingValues
from core.training.prediction_table import PredictionRow, write_table
from core.whole_file import make_folder, require_writable, write_whole

PREDICTIONS = "predictions.csv"
FEATURES = "features.json"
FINAL = "final"
"""The model of all folds."""

NOBODY: Mapping[str, str] = MappingProxyType({})


def train_clinical(
    cohort_csv: Path,
    folds_json: Path,
    kind: ClinicalModel | str,
    settings: ClinicalSettings,
    *,
    output: Path,
    seed: int,
    progress: Progress,
) -> Path:
    """Cross-validate Model A, B or C; write ``predictions.csv`` and ``features.json``.

    Args:
        cohort_csv: The cohort.
        folds_json: Its folds, those of all models.
        kind: "svm", "gradient_boosting" or "random_forest".
        settings: The part [clinical] of the configuration.
        output: Folder of the run; made where it is not there.
        seed: Of forests and inner folds.
        progress: Told of every fit.

    Returns:
        The file of predictions.

    Raises:
        CohortError: The cohort, the folds or the settings do not fit together.
        ResourcesError: scikit-learn is not installed.
        ReportError: The folder cannot be written to.
    """
    _require_learners()
    require_writable(output)
    cohort = read_cohort(cohort_csv)
    folds = read_folds(folds_json, cohort)
    columns = _columns(cohort, settings)
    everyone = _table(cohort.rows_of(folds.parts.keys()), columns)
    require_complete(everyone, fills_in=settings.missing is MissingValues.MEDIAN)
    model = ClinicalModel(kind)
    fitted: list[FittedClinical] = []
    rows: list[PredictionRow] = []
    parts = _parts(folds)
    for number, (taught, predicted) in enumerate(parts):
        found = _fit(
            model,
            cohort.rows_of(taught),
            columns,
            settings,
            leaders={each: unit[0] for unit in folds.together for each in unit},
            seed=seed + number,
            progress=Span(progress, number / len(parts), (number + 1) / len(parts)),
        )
        fitted.append(found)
        for name, patients in predicted.items():
            rows += _predictions(found, cohort.rows_of(patients), columns, name)
    described = _described(model, fitted, columns, settings)
    described["filled_in_when_predicting"] = _missing(cohort, folds, columns)
    make_folder(output)
    write_whole(output / FEATURES, (json.dumps(described, indent=2) + "\n").encode())
    write_table(output / PREDICTIONS, rows)
    progress.step(1.0, "Predictions written")
    return output / PREDICTIONS


def _require_learners() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise ResourcesError(
            "Models A-C need scikit-learn, which is not installed.",
            "Install Thoralens with its extra: pip install 'thoralens[training]'.",
        ) from None


def _columns(cohort: Cohort, settings: ClinicalSettings) -> tuple[str, ...]:
    columns = settings.columns or cohort.clinical_names
    absent = [name for name in columns if name not in cohort.clinical_names]
    if absent or len(set(columns)) < len(columns):
        raise CohortError(
            f"`columns` names each clinical column once; the cohort lacks "
            f"{', '.join(absent) or 'none of them'}.",
            "Correct `columns` in [clinical]; columns of text cannot be used.",
        )
    return tuple(columns)


def _table(
    rows: Sequence[CohortRow], columns: tuple[str, ...], leaders: Mapping[str, str] = NOBODY
) -> ClinicalTable:
    """Values of the rows; `leaders` names one patient for everyone of a set."""
    groups = tuple(leaders.get(row.patient_id, row.patient_id) for row in rows)
    return ClinicalTable(clinical_matrix(rows, columns), columns, groups)


def _fit(
    model: ClinicalModel,
    rows: Sequence[CohortRow],
    columns: tuple[str, ...],
    settings: ClinicalSettings,
    *,
    leaders: Mapping[str, str],
    seed: int,
    progress: Progress,
) -> FittedClinical:
    choices = ClinicalChoices(
        time_columns=settings.time_columns,
        time_components=settings.time_components,
        features=settings.features,
        fill_in_medians=settings.missing is MissingValues.MEDIAN,
        inner_folds=settings.inner_folds,
    )
    labels = np.array([bool(mortality_label(row)) for row in rows])
    return fit_clinical(
        model, _table(rows, columns, leaders), labels, choices=choices, seed=seed, progress=progress
    )


def _everyone(folds: Folds) -> tuple[str, ...]:
    """Patients of all folds."""
    return tuple(patient for some in folds.folds for patient in some)


def _parts(folds: Folds) -> list[tuple[tuple[str, ...], dict[int | str, tuple[str, ...]]]]:
    """For each model whom it is taught on and whom it predicts, by the name their rows bear."""
    of_folds: list[tuple[tuple[str, ...], dict[int | str, tuple[str, ...]]]] = [
        ((*folds.training(number), *folds.validation), {number: left_out})
        for number, left_out in enumerate(folds.folds)
    ]
    last = (*_everyone(folds), *folds.validation)
    return [*of_folds, (last, {TEST: folds.test, HELD_OUT: folds.held_out})]


def _predictions(
    model: FittedClinical, rows: Sequence[CohortRow], columns: tuple[str, ...], fold: int | str
) -> list[PredictionRow]:
    """What a model says of each row."""
    if not rows:
        return []
    table = _table(rows, columns)
    probability, score = model.probabilities(table), model.scores(table)
    return [
        PredictionRow(
            patient_id=row.patient_id,
            fold=fold,
            label=mortality_label(row),
            event=row.event,
            time_years=row.time_years,
            probability=float(probability[place]),
            risk_score=float(score[place]),
        )
        for place, row in enumerate(rows)
    ]


def _described(
    model: ClinicalModel,
    fitted: Sequence[FittedClinical],
    columns: tuple[str, ...],
    settings: ClinicalSettings,
) -> dict[str, Any]:
    """What was chosen in each fold and in the last model; features by their mean importance."""
    overall = {
        name: mean(each.importances[name] for each in fitted) for name in fitted[0].importances
    }
    ranked = sorted(overall, key=lambda name: -overall[name])
    return {
        "model": model.value,
        "columns": columns,
        "time_columns": settings.time_columns,
        "missing": settings.missing.value,
        "features": ranked[: len(fitted[0].features)],
        "mean_importance": {name: overall[name] for name in ranked},
        "models": [
            {
                "part": FINAL if place == len(fitted) - 1 else place,
                "features": each.features,
                "parameters": dict(each.parameters),
                "inner_auc": each.inner_auc,
                "filled_in": each.filled_in,
            }
            for place, each in enumerate(fitted)
        ],
    }


def _missing(cohort: Cohort, folds: Folds, columns: tuple[str, ...]) -> dict[str, int]:
    """Missing values by column among everyone who gets a prediction."""
    rows = cohort.rows_of((*_everyone(folds), *folds.test, *folds.held_out))
    counts = np.isnan(clinical_matrix(rows, columns)).sum(axis=0).tolist()
    return {name: count for name, count in zip(columns, counts, strict=True) if count}
