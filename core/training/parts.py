"""The parts of an experiment: a model for each fold, and the final one of all folds."""

from dataclasses import dataclass

import numpy as np

from core.data.folds import HELD_OUT, TEST, VALIDATION, Folds
from core.training.configuration import TrainingError
from core.training.examples import Examples
from core.training.initial_weights import FINAL, fold_name


@dataclass(frozen=True, eq=False)
class Part:
    """One model to train.

    Deaths of other causes have no part and are never tested on: they are among the training scans
    of every model, where only stages without labels (findings, survival) take them, as censored.

    Attributes:
        name: "fold-1" (from 1) or "final"; its folder.
        fold: What stands in the predictions: the number from 0, or "test".
        training, validation, test: Scans; no patient is in two.
        held_out: Deaths of lung cancer, of the final part alone.
    """

    name: str
    fold: int | str
    training: Examples
    validation: Examples
    test: Examples
    held_out: Examples | None = None


def part_names(folds: Folds, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Of the parts that are wanted, in the order in which they are trained."""
    of_folds = [fold_name(fold) for fold in range(len(folds.folds))] if "folds" in wanted else []
    return (*of_folds, *([FINAL] if FINAL in wanted else []))


def parts_of(examples: Examples, folds: Folds, wanted: tuple[str, ...]) -> tuple[Part, ...]:
    """The parts that are wanted.

    Args:
        examples: The whole cohort.
        folds: Who belongs where.
        wanted: "folds", "final" or both.

    Raises:
        TrainingError: A part that trains or validates lacks a class.
    """
    where = [folds.part_of(row.patient_id) for row in examples.rows]
    validation = examples.take(np.array([place == VALIDATION for place in where]))
    censored = np.array([place is None for place in where]) & ~examples.has_label
    parts = []
    if "folds" in wanted:
        for fold in range(len(folds.folds)):
            others = np.array([isinstance(place, int) and place != fold for place in where])
            others |= censored
            mine = np.array([place == fold for place in where])
            parts.append(
                Part(fold_name(fold), fold, examples.take(others), validation, examples.take(mine))
            )
    if FINAL in wanted:
        dealt = np.array([isinstance(place, int) for place in where]) | censored
        test, held_out = (
            examples.take(np.array([place == name for place in where])) for name in (TEST, HELD_OUT)
        )
        parts.append(Part(FINAL, TEST, examples.take(dealt), validation, test, held_out))
    for part in parts:
        _require_classes(part.training, f"The training scans of {part.name}")
    _require_classes(validation, "The validation scans")
    return tuple(parts)


def _require_classes(examples: Examples, whose: str) -> None:
    dead = int((examples.labels & examples.has_label).sum())
    alive = int((~examples.labels & examples.has_label).sum())
    if not dead or not alive:
        raise TrainingError(
            f"{whose} hold {dead} deaths of the endpoint and {alive} living patients: both are "
            "needed.",
            "Make the folds with a larger part for it.",
        )
