"""Findings that a stage learns to name: numeric columns, scaled by the training scans.

They come from the cohort's own table, where each scan has its values, or from another one with a
row for each patient (of a phantom cohort: ``truth.csv`` with the amounts of every disease).
"log:NAME" is log(1 + value): for amounts with a long tail, such as calcium.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.cohort import Cohort, CohortRow
from core.data.cohort_table import spreadsheet_rows
from core.errors import CohortError
from core.training.configuration import TrainingError

PATIENT = "patient_id"
LOGARITHM = "log:"

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FindingTable:
    """Numbers of scans.

    Attributes:
        names: Columns.
        patients: Patient to numbers by column; one that is missing is absent. None: every row of
            the cohort holds its own.
    """

    names: frozenset[str]
    patients: Mapping[str, Mapping[str, float]] | None = None

    def values(self, rows: tuple[CohortRow, ...], columns: tuple[str, ...]) -> Values:
        """(N, columns) of rows of the cohort, NaN where missing.

        Raises:
            TrainingError: No such column, or a logarithm of less than nothing.
        """
        plain = [column.removeprefix(LOGARITHM) for column in columns]
        unknown = sorted(set(plain) - self.names)
        if unknown:
            raise TrainingError(
                f"There are no findings {', '.join(unknown)}.",
                f"Name some of these: {', '.join(sorted(self.names))}.",
            )
        known = [self._of(row) for row in rows]
        values = np.array([[some.get(name, np.nan) for name in plain] for some in known])
        for place, column in enumerate(columns):
            if column.startswith(LOGARITHM):
                values[:, place] = _logarithm(values[:, place], column)
        return values.reshape(len(rows), len(columns))

    def _of(self, row: CohortRow) -> Mapping[str, float]:
        return row.clinical if self.patients is None else self.patients.get(row.patient_id, {})


@dataclass(frozen=True, eq=False)
class FindingScale:
    """Mean and SD of findings in the training scans.

    Attributes:
        table: Of the numbers.
        columns: Of it.
        mean: (columns,).
        deviation: (columns,), above 0.
    """

    table: FindingTable
    columns: tuple[str, ...]
    mean: Values
    deviation: Values

    def __call__(self, rows: tuple[CohortRow, ...]) -> NDArray[np.float32]:
        """(N, columns), in SD from the mean; NaN where missing."""
        scaled = (self.table.values(rows, self.columns) - self.mean) / self.deviation
        return scaled.astype(np.float32)


def finding_scale(
    table: FindingTable, training: tuple[CohortRow, ...], columns: tuple[str, ...]
) -> FindingScale:
    """Of the training scans alone.

    Raises:
        TrainingError: No such column, or one that is the same for all.
    """
    values = table.values(training, columns)
    for place, column in enumerate(columns):
        different = len(np.unique(values[np.isfinite(values[:, place]), place]))
        if different < 2:
            raise TrainingError(
                f"The finding '{column}' cannot be learned: the training scans hold {different} "
                "different values of it.",
                "Name columns that differ from scan to scan.",
            )
    return FindingScale(table, columns, np.nanmean(values, axis=0), np.nanstd(values, axis=0))


def findings_of_cohort(cohort: Cohort) -> FindingTable:
    """The clinical columns of the cohort itself: of each scan its own."""
    return FindingTable(frozenset(cohort.clinical_names))


def require_findings(
    table: FindingTable, training: tuple[CohortRow, ...], columns: tuple[str, ...]
) -> None:
    """The training scans can teach these columns.

    Raises:
        TrainingError: A patient has no row in the table, there is no such column, or one is the
            same for all.
    """
    if table.patients is not None:
        whose = {row.patient_id for row in training}
        unknown = len(whose - table.patients.keys())
        if unknown:
            raise TrainingError(
                f"{unknown} of the {len(whose)} training patients have no row in the table of "
                "findings.",
                "Give each a row, with empty cells for what is not known, and the same patient_id "
                "as in the cohort.",
            )
    finding_scale(table, training, columns)


def read_findings(path: Path) -> FindingTable:
    """Read a table with the column ``patient_id``; columns that hold text are left unread.

    Raises:
        CohortError: It cannot be read, a row is not whole, or two rows name one patient.
    """
    try:
        names, lines = spreadsheet_rows(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CohortError(
            f"The table of findings cannot be read ({type(error).__name__}).",
            "Give a CSV in UTF-8 in findings_csv.",
        ) from None
    if PATIENT not in names:
        raise CohortError(
            f"The table of findings has no column {PATIENT} in row 1.",
            "Add it; columns are separated by commas.",
        )
    records = _records(names, lines)
    columns = [name for name in names if name != PATIENT and _is_numeric(name, records)]
    patients = {
        record[PATIENT]: {name: float(record[name]) for name in columns if record[name]}
        for record in records
    }
    return FindingTable(frozenset(columns), patients)


def _records(names: list[str], lines: list[tuple[int, list[str]]]) -> list[dict[str, str]]:
    """Cells by column, of one row for each patient."""
    seen: set[str] = set()
    records = []
    for number, cells in lines:
        if len(cells) != len(names):
            raise CohortError(
                f"Row {number} of the table of findings has {len(cells)} cells, row 1 names "
                f"{len(names)} columns.",
                "Give every row as many cells.",
            )
        record = dict(zip(names, cells, strict=True))
        if record[PATIENT] in seen:
            raise CohortError(
                f"Row {number} of the table of findings names a patient of an earlier row.",
                "Give one row a patient; values of single scans stand in the cohort's own table.",
            )
        seen.add(record[PATIENT])
        records.append(record)
    return records


def _is_numeric(name: str, records: list[dict[str, str]]) -> bool:
    try:
        return all(np.isfinite(float(record[name])) for record in records if record[name])
    except ValueError:
        return False


def _logarithm(values: Values, column: str) -> Values:
    if np.nanmin(values, initial=0.0) < 0:
        raise TrainingError(
            f"The finding '{column}' has values below 0, which have no such logarithm.",
            "Name the column without log: before it.",
        )
    logarithms: Values = np.log1p(values)
    return logarithms
