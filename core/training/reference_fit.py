"""The reference of a bundle: what the features of its training scans look like.

Each training scan's distance is measured from other patients' scans alone (in turns of a fifth of
the patients), as that of a new scan is: distances within the fit would make every new scan look
strange.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.models.reference import Reference
from core.training.configuration import TrainingError

TURNS = 5
GREATEST_DIRECTIONS = 64
SCANS_A_DIRECTION = 8
"""A principal direction needs at least so many scans for its variance."""

FEWEST_TRAINING_SCANS = 2 * SCANS_A_DIRECTION
SMALLEST_VARIANCE = 1e-12

Floats = NDArray[np.float32]


def fit_reference(
    features: Floats, risk_scores: NDArray[np.float64], *, patients: Sequence[str] | None = None
) -> Reference:
    """Mean, whitening and distances of training scans, and risk scores of others.

    Args:
        features: (N, features), pooled, of the training scans.
        risk_scores: (M,) of scans that the model was not trained on.
        patients: (N,) whose scan it is; every scan its own patient if None.

    Raises:
        TrainingError: Fewer scans than are needed for one direction in every turn.
    """
    if len(features) < FEWEST_TRAINING_SCANS:
        raise TrainingError(
            f"A bundle's reference needs {FEWEST_TRAINING_SCANS} training scans, there are "
            f"{len(features)}.",
            "Train on a larger cohort, or without [bundle].",
        )
    exact = features.astype(np.float64)
    names = np.arange(len(exact)) if patients is None else np.asarray(patients)
    turn = np.unique(names, return_inverse=True)[1] % TURNS
    distances = np.empty(len(exact))
    nothing = np.zeros(1, np.float32)
    for number in range(TURNS):
        mean, whitening = _whitened(exact[turn != number])
        others = Reference(mean, whitening, nothing, nothing)
        distances[turn == number] = others.distance(features[turn == number])
    mean, whitening = _whitened(exact)
    return Reference(
        mean,
        whitening,
        np.sort(distances).astype(np.float32),
        np.sort(risk_scores).astype(np.float32),
    )


def _whitened(features: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Mean, and the whitening of probabilistic principal components.

    Covariance V diag(l) V': the leading variances l as they are, all others their mean; whitening
    V diag(1 / sqrt(l)).
    """
    mean = features.mean(axis=0)
    covariance = np.cov(features, rowvar=False)
    variances, directions = np.linalg.eigh(covariance)
    kept = min(GREATEST_DIRECTIONS, len(features) // SCANS_A_DIRECTION, len(variances) - 1)
    small = variances[:-kept]
    # What the scans leave no variance for (fewer scans than features) counts as noise as well.
    level = max(float(small.mean()), SMALLEST_VARIANCE * max(float(variances[-1]), 1.0))
    even = np.concatenate((np.full(len(small), level), np.maximum(variances[-kept:], level)))
    whitening = directions / np.sqrt(even)
    return mean.astype(np.float32), whitening.astype(np.float32)
