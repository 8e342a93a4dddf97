"""Predictions of the folds that a run made before, when the final model alone is wanted now."""

from core.training.configuration import TrainingConfiguration, TrainingError
from core.training.initial_weights import FINAL
from core.training.prediction_table import PredictionRow, read_table
from core.training.run_record import RunRecord, stored_record

PREDICTIONS_FILE = "predictions.csv"


def rows_of_folds(
    configuration: TrainingConfiguration, record: RunRecord, count: int
) -> list[PredictionRow]:
    """Rows of the folds in the run's ``predictions.csv``; none where folds are trained anyway.

    Args:
        configuration: Of the run.
        record: What the run is.
        count: Of folds.

    Raises:
        TrainingError: The folder holds another run, or folds that do not go with the final model:
            not all of them, or taught otherwise.
        CohortError: The predictions are damaged.
    """
    folder = configuration.output.folder
    found = stored_record(folder, record)
    path = folder / PREDICTIONS_FILE
    if configuration.output.parts != (FINAL,) or found is None or not path.exists():
        return []
    if len(path.read_bytes().splitlines()) < 2:  # a final model without any test scan
        return []
    rows = [row for row in read_table(path, "this run") if isinstance(row.fold, int)]
    horizons = _horizons(configuration, record)
    is_whole = {row.fold for row in rows} == set(range(count))
    is_same = found.training in ((), record.training)
    if rows and not (is_whole and is_same and {tuple(row.survival) for row in rows} == {horizons}):
        raise TrainingError(
            "The predictions of the folds in the output folder do not go with this final model: "
            "some folds are missing, or they were taught otherwise.",
            'Train them as well, with parts = ["folds", "final"]: what is finished is kept. Or '
            "choose another output folder.",
        )
    return rows


def _horizons(configuration: TrainingConfiguration, record: RunRecord) -> tuple[float, ...]:
    """Columns of survival that this run writes."""
    return configuration.model.horizons_years if record.tells_survival else ()
