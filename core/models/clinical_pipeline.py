"""From clinical values to a risk score: fill in, scale, join times, choose features, learn.

Everything here is fitted on training patients alone; `core.models.clinical_baselines` says what of
it stands in the paper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.calibration import log_odds

PUBLISHED_FEATURES = 11
IMPORTANCE_TREES = 200
FOREST_TREES = 200
BOOSTING_SHARE = 0.8
"""Of the patients that each tree of the boosting sees."""

TIMES = "times_component_"
"""Name of a principal component of the time columns, followed by its number from 1."""

Values = NDArray[np.float64]


class ClinicalModel(StrEnum):
    """Models A, B and C, by their learner."""

    SVM = "svm"
    GRADIENT_BOOSTING = "gradient_boosting"
    RANDOM_FOREST = "random_forest"


GRIDS: Mapping[ClinicalModel, Mapping[str, Sequence[Any]]] = {
    ClinicalModel.SVM: {"C": (0.1, 1.0, 10.0), "gamma": (0.01, 0.03, 0.1)},
    ClinicalModel.GRADIENT_BOOSTING: {
        "learning_rate": (0.03, 0.1),
        "max_depth": (1, 2, 3),
        "n_estimators": (50, 150),
    },
    ClinicalModel.RANDOM_FOREST: {"max_depth": (3, 6, None), "min_samples_leaf": (1, 4, 12)},
}
"""What the grid search tries."""


@dataclass(frozen=True)
class ClinicalChoices:
    """Settings of a fit.

    Attributes:
        time_columns: Replaced by their principal components.
        time_components: How many.
        features: How many are kept.
        fill_in_medians: Whether missing values are filled in with the training patients' median.
        inner_folds: Of the grid search.
        grid: What is tried; `GRIDS` of the learner if empty.
    """

    time_columns: tuple[str, ...] = ()
    time_components: int = 1
    features: int = PUBLISHED_FEATURES
    fill_in_medians: bool = False
    inner_folds: int = 5
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def candidates(names: Sequence[str], choices: ClinicalChoices) -> tuple[str, ...]:
    """Features to choose from: the columns that tell no times, then the components of the times."""
    kept = [name for name in names if name not in choices.time_columns]
    components = min(choices.time_components, len(choices.time_columns))
    return (*kept, *(f"{TIMES}{number}" for number in range(1, components + 1)))


def preparation(names: Sequence[str], choices: ClinicalChoices, seed: int) -> Any:
    """The steps before the learner, not yet fitted: (scan, column) to (scan, chosen feature)."""
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_selection import SelectFromModel
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    times = [place for place, name in enumerate(names) if name in choices.time_columns]
    others = [place for place in range(len(names)) if place not in times]
    parts: list[tuple[str, Any, list[int]]] = [("kept", "passthrough", others)]
    if times:
        components = min(choices.time_components, len(times))
        parts.append(("times", PCA(components, svd_solver="full"), times))
    forest = RandomForestClassifier(
        IMPORTANCE_TREES, class_weight="balanced", random_state=seed, n_jobs=1
    )
    most = min(choices.features, len(candidates(names, choices)))
    return Pipeline(
        [
            ("fill in", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("scale", StandardScaler()),
            ("join times", ColumnTransformer(parts)),
            # Their number alone decides: no importance is too small.
            ("choose", SelectFromModel(forest, threshold=-np.inf, max_features=most)),
        ]
    )


def learner(model: ClinicalModel, parameters: Mapping[str, Any], seed: int) -> Any:
    """The learner with these parameters, not yet fitted."""
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.svm import SVC

    if model is ClinicalModel.SVM:
        return SVC(kernel="rbf", class_weight="balanced", random_state=seed, **parameters)
    if model is ClinicalModel.GRADIENT_BOOSTING:
        return GradientBoostingClassifier(subsample=BOOSTING_SHARE, random_state=seed, **parameters)
    return RandomForestClassifier(
        FOREST_TREES, class_weight="balanced", random_state=seed, n_jobs=1, **parameters
    )


def importances(prepared: Any, names: Sequence[str], choices: ClinicalChoices) -> dict[str, float]:
    """Impurity importance of every candidate, the greatest first; their sum is 1."""
    values = prepared.named_steps["choose"].estimator_.feature_importances_.tolist()
    pairs = zip(candidates(names, choices), values, strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def risk_scores(fitted: Any, prepared_values: Values) -> Values:
    """Margin or log odds (scan,), higher is worse.

    Of a forest the log odds of (p T + 1/2) / (T + 1), finite also where all T trees agree.
    """
    if hasattr(fitted, "decision_function"):
        found = fitted.decision_function(prepared_values)
        return np.asarray(found, dtype=np.float64).reshape(-1)
    share = fitted.predict_proba(prepared_values)[:, 1]
    trees = len(fitted.estimators_)
    return log_odds((share * trees + 0.5) / (trees + 1))
