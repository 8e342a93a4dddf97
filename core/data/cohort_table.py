"""The cells of ``cohort.csv``, checked one by one: every fault is named by row and column.

No cell is ever quoted in a message: in a table whose columns slipped, any text may be a name and
any number an identifier.
"""

import csv
import io
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from core.data.cause_groups import is_icd10
from core.errors import CohortError
from core.whole_file import write_whole

IDENTITY = ("patient_id", "scan")
OUTCOME = ("event", "time_years", "cause")
REQUIRED = (*IDENTITY, *OUTCOME)
MATCHED_SET = "matched_set"
"""Optional: the same word in every row of a death and its matches; empty for who has none."""

UNREAD_MARK = "#"
"""Columns whose name begins with it are the user's own notes."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LONGEST_LIFE_YEARS = 120.0
"""A longer time was surely not written in years."""

MOST_FAULTS_TOLD = 8
LARGEST_CELL = 10_000
"""Characters; a longer one is no cell but an open quotation mark."""

FORM = (
    "The first row of a cohort table names the columns, patient_id, scan, event, time_years and "
    "cause among them, separated by commas; the README describes them."
)


@dataclass(frozen=True)
class TableRow:
    """Checked cells of one row; the attributes are those of `core.data.cohort.CohortRow`."""

    number: int
    patient_id: str
    scan: str
    event: bool
    time_years: float
    cause: str
    clinical: Mapping[str, float]
    matched_set: str = ""


@dataclass(frozen=True)
class Table:
    """Checked rows, names of the numeric columns, what was left unread, whether outcomes stand."""

    rows: tuple[TableRow, ...]
    clinical_names: tuple[str, ...]
    notes: tuple[str, ...]
    has_outcomes: bool = True


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell, or with a row where `column` is ""."""

    row: int
    column: str
    words: str

    def __str__(self) -> str:
        place = f"row {self.row}, column '{self.column}'" if self.column else f"row {self.row}"
        return f"{place}: {self.words}"


def read_table(path: Path, *, outcomes: bool = True) -> Table:
    """Read and check the cells of a cohort table.

    Args:
        path: Of the table.
        outcomes: False where the columns of the outcome may all be missing.

    Raises:
        CohortError: It cannot be read, or some cells are at fault.
    """
    header, cells = _cells(path, outcomes=outcomes)
    faults = [
        Fault(number, "", f"{len(header)} cells were expected, {len(row)} are there")
        for number, row in cells
        if len(row) != len(header)
    ]
    _refuse(faults, len(cells))
    records = [(number, dict(zip(header, row, strict=True))) for number, row in cells]
    clinical, texts = _numeric_columns(header, records)
    rows: list[TableRow] = []
    for number, record in records:
        faults.extend(_faults_of(number, record, clinical))
        if not faults:
            rows.append(_row(number, record, clinical))
    _refuse(faults, len(cells))
    _refuse(_contradictions(rows), len(cells))
    notes = (f"Columns of text are not used: {', '.join(texts)}.",) if texts else ()
    return Table(tuple(rows), clinical, notes, has_outcomes=OUTCOME[0] in header)


def _cells(path: Path, *, outcomes: bool = True) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header, and the cells of each row that is not empty with its number in a spreadsheet."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise CohortError(
            "There is no cohort table at this path.", "Check the path and that the disk is there."
        ) from None
    except OSError as error:
        raise CohortError(f"The cohort table cannot be read ({error.strerror}).", FORM) from None
    except UnicodeDecodeError:
        raise CohortError(
            "The cohort table is not text in UTF-8.", "Save it as CSV with the encoding UTF-8."
        ) from None
    try:
        header, cells = spreadsheet_rows(text)
    except csv.Error:
        raise CohortError(
            "The cohort table is not valid CSV: a quotation mark is open, or a cell is endless.",
            FORM,
        ) from None
    if any(
        len(cell) > LARGEST_CELL for row in (header, *(row for _, row in cells)) for cell in row
    ):
        raise CohortError(f"A cell holds more than {LARGEST_CELL:,} characters.", FORM)
    _check_header(header, outcomes)
    if not cells:
        raise CohortError("The cohort table holds no row below its header.", FORM)
    return header, cells


def spreadsheet_rows(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Cells of a CSV table without the blanks around them.

    Returns:
        The header; and each row that is not empty, with its number as a spreadsheet counts, the
        header being row 1.

    Raises:
        csv.Error: It is no CSV.
    """
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    stripped = [[cell.strip() for cell in row] for row in rows]
    header = stripped[0] if stripped else []
    return header, [(number, row) for number, row in enumerate(stripped[1:], 2) if any(row)]


def copy_rows(source: Path, numbers: Collection[int], target: Path) -> None:
    """Write some rows of a table into another one, whole, with paths as seen from its folder.

    Args:
        source: A table that `read_table` accepts.
        numbers: Of the rows, as in `TableRow.number`.
        target: The new table.

    Raises:
        CohortError: The source cannot be read.
        ReportError: The target cannot be written.
    """
    header, cells = _cells(source)
    place = header.index("scan")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    wanted = frozenset(numbers)
    for number, row in cells:
        if number in wanted:
            scan = source.parent / row[place]
            if not Path(row[place]).is_absolute():
                row[place] = os.path.relpath(scan, target.parent)
            writer.writerow(row)
    write_whole(target, text.getvalue().encode())


def _check_header(header: list[str], outcomes: bool) -> None:
    """Other names of the header are not told: without a header they are a patient's values."""
    required = REQUIRED if outcomes or any(name in header for name in OUTCOME) else IDENTITY
    missing = [name for name in required if name not in header]
    if missing:
        semicolons = any(";" in name for name in header)
        found = "its cells are separated by semicolons" if semicolons else "they are not there"
        raise CohortError(
            f"The cohort table needs the columns {', '.join(missing)} in row 1; {found}.", FORM
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice or "" in header:
        which = ", ".join(f"'{name}'" for name in twice) or "one is empty"
        raise CohortError(
            f"Each column of a cohort table has a name of its own in row 1; found: {which}.", FORM
        )


def _numeric_columns(
    header: list[str], records: list[tuple[int, dict[str, str]]]
) -> tuple[tuple[str, ...], list[str]]:
    """Columns with a number in them, and those of text alone."""
    known = (*REQUIRED, MATCHED_SET)
    others = [name for name in header if name not in known and not name.startswith(UNREAD_MARK)]
    numeric, texts = [], []
    for name in others:
        filled = [record[name] for _, record in records if record[name]]
        if any(NUMBER.fullmatch(cell) for cell in filled):
            numeric.append(name)
        elif filled:
            texts.append(name)
        else:
            numeric.append(name)  # empty throughout: missing in every row
    return tuple(numeric), texts


def _faults_of(number: int, record: Mapping[str, str], clinical: tuple[str, ...]) -> list[Fault]:
    found = {
        "patient_id": "" if record["patient_id"] else "it is empty",
        "scan": _scan_fault(record["scan"]),
        **(_outcome_faults(record) if OUTCOME[0] in record else {}),
    }
    for name in clinical:
        cell = record[name]
        if cell and _number(cell) is None:
            found[name] = f"a number or an empty cell was {_seen(cell)}"
    return [Fault(number, column, words) for column, words in found.items() if words]


def _outcome_faults(record: Mapping[str, str]) -> dict[str, str]:
    return {
        "event": "" if record["event"] in ("0", "1") else f"0 or 1 was {_seen(record['event'])}",
        "time_years": _time_fault(record["time_years"]),
        "cause": _cause_fault(record["cause"], record["event"]),
    }


def _seen(cell: str) -> str:
    """What was found in place of what was expected, never the cell: numbers may be identifiers."""
    if NUMBER.fullmatch(cell):
        return "expected, another number found"
    return "expected, an empty cell found" if not cell else "expected, a text found"


def _number(cell: str) -> float | None:
    if NUMBER.fullmatch(cell) is None:
        return None
    value = float(cell)
    return value if isfinite(value) else None


def _scan_fault(cell: str) -> str:
    if not cell:
        return "it is empty"
    return "it holds a character that no path has" if "\0" in cell else ""


def _time_fault(cell: str) -> str:
    years = _number(cell)
    if years is None or years < 0:
        return f"a time of 0 years or more was {_seen(cell)}"
    if years > LONGEST_LIFE_YEARS:
        return f"more than {LONGEST_LIFE_YEARS:g} is no time in years; are these days?"
    return ""


def _cause_fault(cell: str, event: str) -> str:
    if not cell:
        return ""
    if not is_icd10(cell):
        return "an ICD-10 code such as I25.1 or an empty cell was expected, another text found"
    return "a cause of death is given, but the event is 0" if event == "0" else ""


def _row(number: int, record: Mapping[str, str], clinical: tuple[str, ...]) -> TableRow:
    return TableRow(
        number=number,
        patient_id=record["patient_id"],
        scan=record["scan"],
        event=record.get("event") == "1",
        time_years=float(record.get("time_years", "nan")),
        cause=record.get("cause", "").upper(),
        clinical={name: float(record[name]) for name in clinical if record[name]},
        matched_set=record.get(MATCHED_SET, ""),
    )


def _contradictions(rows: list[TableRow]) -> list[Fault]:
    """A scan that comes twice, a patient who both died and lives, or died of two causes."""
    faults = []
    scans: dict[str, int] = {}
    outcomes: dict[str, TableRow] = {}
    for row in rows:
        earlier_scan = scans.setdefault(row.scan, row.number)
        if earlier_scan != row.number:
            faults.append(Fault(row.number, "scan", f"it stands in row {earlier_scan} already"))
        earlier = outcomes.setdefault(row.patient_id, row)
        for column in ("event", "cause"):
            if getattr(earlier, column) != getattr(row, column):
                words = f"row {earlier.number} is of the same patient and says otherwise"
                faults.append(Fault(row.number, column, words))
    return faults


def _refuse(faults: list[Fault], row_count: int) -> None:
    if not faults:
        return
    told = "; ".join(map(str, faults[:MOST_FAULTS_TOLD]))
    more = len(faults) - MOST_FAULTS_TOLD
    raise CohortError(
        f"The cohort table has {len(faults)} fault{'s' if len(faults) > 1 else ''} in "
        f"{row_count} rows: {told}" + (f"; and {more} more." if more > 0 else "."),
        "Correct these cells and save the table as CSV; a value that is not known stays empty.",
    )
