"""How training went: a table for each part, and TensorBoard's file where that is installed."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.training.checkpoint import StageState
from core.training.configuration import StageSettings
from core.training.input_cache import write_atomically

HISTORY_FILE = "history.csv"
COLUMNS = ("stage", "epoch", "loss", "score", "learning_rate")


def write_history(
    folder: Path, stages: Sequence[StageSettings], states: Sequence[StageState]
) -> None:
    """Write one line for each epoch of each stage.

    Raises:
        ResourcesError: The disk is full or may not be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for stage, state in zip(stages, states, strict=True):
        for record in state.history:
            writer.writerow([stage.name, *(record[name] for name in COLUMNS[1:])])
    write_atomically(folder / HISTORY_FILE, text.getvalue().encode())
