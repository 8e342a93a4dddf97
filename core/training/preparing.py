"""From rows of a cohort to examples: scans prepared once, and who was left out told in a table."""

import csv
import io

from core.data.cohort import Cohort, CohortRow
from core.data.folds import Folds
from core.models.cards import ClinicalColumn
from core.progress import Progress
from core.training.configuration import TrainingConfiguration
from core.training.examples import Examples, clinical_fault, examples_of
from core.training.input_cache import InputCache, fill, look_up, write_atomically
from core.training.processes import Processes

LEFT_OUT_FILE = "left_out.csv"
NOT_ENDPOINT = "death of another cause, and the value of '{column}' {fault}"


def prepared_examples(
    configuration: TrainingConfiguration,
    cohort: Cohort,
    folds: Folds,
    *,
    columns: tuple[ClinicalColumn, ...],
    cache: InputCache,
    processes: Processes,
    progress: Progress,
) -> Examples:
    """The first process fills the cache, then all of them look into it.

    Deaths of other causes, which have no part, teach survival as censored; one without the clinical
    values is left out. Whoever is left out stands in ``left_out.csv``: row and why.

    Raises:
        ThoralensError: Scans or clinical values cannot be used.
    """
    if processes.is_first:
        filled = fill(
            cache,
            cohort.rows,
            workers=configuration.training.workers,
            leave_out_unusable=configuration.input.leave_out_unusable,
            progress=progress,
        )
        processes.wait()
    else:
        processes.wait()
        filled = look_up(cache, cohort.rows)
    incomplete = {
        row.number: words
        for row in cohort.rows
        if folds.part_of(row.patient_id) is None and (words := _incomplete(row, columns))
    }
    if processes.is_first:
        _write_left_out(configuration, incomplete | dict(filled.faults))
    keys = [
        "" if row.number in incomplete else key
        for row, key in zip(cohort.rows, filled.keys, strict=True)
    ]
    return examples_of(cohort.rows, keys, columns)


def _incomplete(row: CohortRow, columns: tuple[ClinicalColumn, ...]) -> str:
    """Which value the row lacks, in words; "" if none."""
    faults = ((column.name, clinical_fault(row, column)) for column in columns)
    return next((NOT_ENDPOINT.format(column=name, fault=each) for name, each in faults if each), "")


def _write_left_out(configuration: TrainingConfiguration, faults: dict[int, str]) -> None:
    """Write the table, or take an old one away."""
    path = configuration.output.folder / LEFT_OUT_FILE
    if not faults:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "why"))
    writer.writerows(sorted(faults.items()))
    write_atomically(path, text.getvalue().encode())
