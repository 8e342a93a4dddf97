"""Rows of a cohort as a network learns from them: key of the prepared scan, labels, values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.cohort import CohortRow, mortality_label
from core.models.cards import ClinicalColumn
from core.training.configuration import TrainingError

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Examples:
    """N scans; arrays share their order.

    Attributes:
        rows: Of the cohort.
        keys: Of the prepared scans in the cache.
        labels: True dead of such a cause, False alive; where `has_label`.
        has_label: False for deaths of other causes.
        events: Deaths of such a cause; deaths of others count as censored at their time.
        time_years: To death or to when last seen.
        clinical: (N, values) scaled to 0..1.
    """

    rows: tuple[CohortRow, ...]
    keys: tuple[str, ...]
    labels: NDArray[np.bool_]
    has_label: NDArray[np.bool_]
    events: NDArray[np.bool_]
    time_years: Floats
    clinical: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "Examples":
        """Some of them, by index or by mask."""
        chosen = np.arange(len(self))[which]
        return Examples(
            tuple(self.rows[k] for k in chosen),
            tuple(self.keys[k] for k in chosen),
            self.labels[chosen],
            self.has_label[chosen],
            self.events[chosen],
            self.time_years[chosen],
            self.clinical[chosen],
        )


def examples_of(
    rows: Sequence[CohortRow], keys: Sequence[str], columns: Sequence[ClinicalColumn]
) -> Examples:
    """Rows of a cohort, without those that have no key.

    Args:
        rows: Of the cohort, in its order.
        keys: Of their prepared scans, "" for one that is left out.
        columns: Clinical values that the model takes; none for Model D.

    Raises:
        TrainingError: A clinical value is missing or out of range; the message names row (the
            header is row 1), column and range, and never the value. Nothing is imputed: no guess
            could be made at reading.
    """
    clinical = np.zeros((len(rows), len(columns)), dtype=np.float32)
    for number, (row, key) in enumerate(zip(rows, keys, strict=True)):
        for place, column in enumerate(columns if key else ()):
            clinical[number, place] = _scaled(row, column)
    labels = [mortality_label(row) for row in rows]
    all_of_them = Examples(
        tuple(rows),
        tuple(keys),
        np.array([label is True for label in labels]),
        np.array([label is not None for label in labels]),
        np.array([row.event and label is True for row, label in zip(rows, labels, strict=True)]),
        np.array([row.time_years for row in rows], dtype=np.float32),
        clinical,
    )
    return all_of_them.take(np.array([bool(key) for key in keys]))


def clinical_fault(row: CohortRow, column: ClinicalColumn) -> str | None:
    """Why the row's value cannot be used, in words; None where it can."""
    value = row.clinical.get(column.name)
    return "is missing" if value is None else column.fault(value)


def _scaled(row: CohortRow, column: ClinicalColumn) -> float:
    value = row.clinical.get(column.name)
    fault = clinical_fault(row, column)
    if value is None or fault:
        raise TrainingError(
            f"Row {row.number} of the cohort, column '{column.name}': the value {fault}.",
            "Give the value, take the row out, or train a model without this column.",
        )
    return (value - column.minimum) / (column.maximum - column.minimum)
