"""Which scans make up the steps of an epoch: a function of the epoch alone."""

import numpy as np
from numpy.typing import NDArray

from core.training.seeds import generator

Indices = NDArray[np.intp]


def even_draws(labels: NDArray[np.bool_], batch: int, *place: int | str) -> Indices:
    """Draws with replacement, both classes equally often (weights of inverse class size).

    Args:
        labels: (N,) of the scans.
        batch: Scans per step.
        place: In the run, for the seed.

    Returns:
        (steps, batch) of indices; as many draws as scans, to whole batches.

    Raises:
        ValueError: A class is empty.
    """
    dead = int(labels.sum())
    if dead in (0, len(labels)):
        raise ValueError(f"both classes are needed, got {dead} of {len(labels)}")
    weights = np.where(labels, 0.5 / dead, 0.5 / (len(labels) - dead))
    steps = _steps(len(labels), batch)
    drawn = generator(*place).choice(len(labels), size=steps * batch, p=weights)
    return drawn.reshape(steps, batch)


def each_once(count: int, batch: int, *place: int | str) -> Indices:
    """All scans in a new order; what does not fill a batch waits for another epoch.

    Args:
        count: Of the scans; where it is smaller than a batch, some come twice.
        batch: Scans per step.
        place: In the run, for the seed.

    Returns:
        (steps, batch) of indices.
    """
    steps = _steps(count, batch)
    order = generator(*place).permutation(count)
    return np.resize(order, steps * batch).reshape(steps, batch)


def _steps(count: int, batch: int) -> int:
    return max(1, count // batch)
