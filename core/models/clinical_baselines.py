"""Models A, B and C: clinical values alone, by classical learners.

Lu, Aslani, Emberton, Alexander, Jacob, IEEE Access 2022. A is a support vector machine, B gradient
boosting, C a random forest, each by grid search; impurity importances choose 11 features, principal
components of the time information among them.

Reproduced: the learners, the number of features, the choice by impurity importance, PCA of times.
[unstated] and therefore ours, each a named setting or constant: the grids, the inner folds, whose
importances are taken (a forest's for all three, since a support vector machine has none), the
number of components, balanced class weights, how margins become probabilities (Platt's scaling of
what the inner folds left out). Filling in, scaling, components, choice of features and grid search
see the training patients alone, and are fitted anew in every inner fold.
Training cohort and outcome: those of the folds; see `core.training.clinical_training`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import CohortError
from core.metrics.calibration import Platt, fit_platt, log_odds
from core.metrics.classification import auc
from core.models.clinical_pipeline import (
    GRIDS,
    ClinicalChoices,
    ClinicalModel,
    Values,
    importances,
    learner,
    preparation,
    risk_scores,
)
from core.progress import Progress, Silent

SMALLEST_SLOPE = 1e-3
"""Of the probability's log odds with the score."""

Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class ClinicalTable:
    """Clinical values of scans.

    Attributes:
        values: (scan, column), nan where one is missing.
        names: Of the columns.
        groups: Rows of one group never lie on both sides of an inner fold: the scans of a patient,
            and of a death and its matches where the sample is a matched one.
    """

    values: Values
    names: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class FittedClinical:
    """A fitted Model A, B or C.

    Attributes:
        names: Columns that it was fitted on.
        features: Chosen features, the most important first.
        importances: Impurity importance of every candidate, the greatest first; their sum is 1.
        parameters: What the grid search chose.
        inner_auc: Mean area over the inner folds with them; the best of many, so it flatters.
        filled_in: Values of the training patients that were missing and filled in.
        fills_in: Whether missing values are filled in.
        prepare: Fitted steps before the learner.
        learn: Fitted learner.
        platt: From score to probability.
    """

    names: tuple[str, ...]
    features: tuple[str, ...]
    importances: Mapping[str, float]
    parameters: Mapping[str, Any]
    inner_auc: float
    filled_in: int
    fills_in: bool
    prepare: Any
    learn: Any
    platt: Platt

    def scores(self, table: ClinicalTable) -> Values:
        """Risk score (scan,): margin of the machine or log odds of the trees, higher is worse.

        Raises:
            CohortError: Other columns than were trained on, or a value is missing.
        """
        if table.names != self.names:
            raise CohortError(
                f"The model was trained on {len(self.names)} clinical columns; other ones, or in "
                "another order, were given.",
                "Give the columns of the training cohort.",
            )
        require_complete(table, fills_in=self.fills_in)
        return risk_scores(self.learn, self.prepare.transform(table.values))

    def probabilities(self, table: ClinicalTable) -> Values:
        """Probability of the endpoint (scan,); see `scores` for what it raises."""
        return self.platt.probability(self.scores(table))


def fit_clinical(
    model: ClinicalModel,
    table: ClinicalTable,
    labels: Labels,
    *,
    choices: ClinicalChoices,
    seed: int,
    progress: Progress | None = None,
) -> FittedClinical:
    """Choose features and parameters on the training patients, and fit on all of them.

    Args:
        model: Which learner.
        table: Of the training patients alone.
        labels: (scan,) true for deaths of the endpoint.
        choices: Settings.
        seed: Of forests and inner folds.
        progress: Told of every fit of the grid search.

    Raises:
        CohortError: A column of times is not there, a value is missing and may not be filled in,
            or a class has fewer patients than inner folds.
    """
    _require_fit(table, labels, choices)
    parameters, left_out, inner_auc = _grid_search(
        model, table, labels, choices=choices, seed=seed, progress=progress or Silent()
    )
    prepare = preparation(table.names, choices, seed)
    prepared = prepare.fit_transform(table.values, labels)
    weights = importances(prepare, table.names, choices)
    return FittedClinical(
        names=table.names,
        features=tuple(weights)[: prepared.shape[1]],
        importances=weights,
        parameters=parameters,
        inner_auc=inner_auc,
        filled_in=int(np.isnan(table.values).sum()),
        fills_in=choices.fill_in_medians,
        prepare=prepare,
        learn=learner(model, parameters, seed).fit(prepared, labels),
        platt=_rising(fit_platt(labels, left_out), labels),
    )


def _rising(platt: Platt, labels: Labels) -> Platt:
    """The scaling as it is, or an all but flat one where the inner folds found the score worthless.

    A falling one would turn the ranks of the model around.
    """
    if platt.slope > 0:
        return platt
    return Platt(SMALLEST_SLOPE, float(log_odds(labels.mean())))


def _grid_search(
    model: ClinicalModel,
    table: ClinicalTable,
    labels: Labels,
    *,
    choices: ClinicalChoices,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], Values, float]:
    """The parameters with the best mean area, the scores that inner folds left out, that area."""
    from sklearn.model_selection import ParameterGrid

    grid = list(ParameterGrid({k: list(v) for k, v in (choices.grid or GRIDS[model]).items()}))
    scores = np.zeros((len(grid), labels.size))
    areas = np.zeros((len(grid), choices.inner_folds))
    for number, (seen, left_out) in enumerate(_inner_folds(table, labels, choices, seed)):
        prepare = preparation(table.names, choices, seed)
        inside = prepare.fit_transform(table.values[seen], labels[seen])
        outside = prepare.transform(table.values[left_out])
        for place, parameters in enumerate(grid):
            done = (number + place / len(grid)) / choices.inner_folds
            progress.step(done, f"Grid search, inner fold {number + 1} of {choices.inner_folds}")
            fitted = learner(model, parameters, seed).fit(inside, labels[seen])
            scores[place, left_out] = risk_scores(fitted, outside)
            areas[place, number] = auc(labels[left_out], scores[place, left_out])
    best = int(np.argmax(areas.mean(axis=1)))
    return dict(grid[best]), scores[best], float(areas[best].mean())


def _inner_folds(
    table: ClinicalTable, labels: Labels, choices: ClinicalChoices, seed: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows to learn from and rows left out; all scans of a group on one side."""
    from sklearn.model_selection import StratifiedGroupKFold

    split = StratifiedGroupKFold(choices.inner_folds, shuffle=True, random_state=seed)
    yield from split.split(table.values, labels, groups=list(table.groups))


def require_complete(table: ClinicalTable, *, fills_in: bool) -> None:
    """Check that no value is missing where none may be filled in.

    Raises:
        CohortError: Some are; the message counts them by column.
    """
    missing = np.isnan(table.values).sum(axis=0)
    if fills_in or not missing.any():
        return
    places = ", ".join(
        f"'{name}' {count}" for name, count in zip(table.names, missing, strict=True) if count
    )
    raise CohortError(
        f"Every clinical value is needed; {missing.sum()} of {table.values.size} are missing: "
        f"{places}.",
        'Fill them in, leave these columns out of `columns`, or set `missing = "median"` in '
        "[clinical]: medians of the training patients are then filled in and counted.",
    )


def _require_fit(table: ClinicalTable, labels: Labels, choices: ClinicalChoices) -> None:
    require_complete(table, fills_in=choices.fill_in_medians)
    unknown = [name for name in choices.time_columns if name not in table.names]
    if unknown:
        raise CohortError(
            f"The columns of times {', '.join(unknown)} are not among the clinical columns.",
            "Name columns of the cohort in `time_columns`.",
        )
    columns = zip(table.names, table.values.T, strict=True)
    empty = [name for name, column in columns if np.isnan(column).all()]
    if empty or not table.names:
        raise CohortError(
            f"Clinical values are needed to learn from; no training patient has a value of "
            f"{', '.join(empty) or 'any column'}.",
            "Add clinical columns, or leave empty ones out of `columns` in [clinical].",
        )
    groups = np.array(table.groups)
    fewest = min(np.unique(groups[labels == each]).size for each in (True, False))
    if fewest < choices.inner_folds:
        raise CohortError(
            f"{choices.inner_folds} inner folds need as many patients of each class; one class "
            f"has {fewest}.",
            "Set fewer `inner_folds` in [clinical], or gather more patients.",
        )
