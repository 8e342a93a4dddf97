"""A cohort: who was scanned, what became of them, and their clinical values, from ``cohort.csv``.

One row is one scan; a patient may have several. The columns are ``patient_id``, ``scan`` (DICOM
folder or volume file, relative to the table), ``event`` (1 died, 0 alive when last seen),
``time_years`` (from the scan to either), ``cause`` (ICD-10 code of the death, else empty), perhaps
``matched_set`` (the same word for a death and its matches), then clinical columns of numbers. An
empty clinical cell is a missing value and stays missing.
"""

import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.data.cause_groups import CauseGroup, cause_group
from core.data.cohort_table import read_table
from core.errors import CohortError

ENDPOINT = (CauseGroup.CARDIAC, CauseGroup.RESPIRATORY)
"""Deaths that Models A-E predict (Lu et al. 2022)."""


@dataclass(frozen=True)
class CohortRow:
    """One scan and the outcome of its patient.

    Attributes:
        patient_id: Stands in the user's own files only, never in a message.
        scan: DICOM folder or volume file.
        event: The patient died.
        time_years: From the scan to death or to when the patient was last seen; NaN in a table
            without outcomes.
        cause: ICD-10 code of the death, "" where alive or not known.
        clinical: Values by column; one that is missing is absent, so nobody computes with a guess.
        number: Of the row in the table as a spreadsheet counts, the header being 1.
        matched_set: Word that a death and its matches share; "" for who has none.
    """

    patient_id: str
    scan: Path
    event: bool
    time_years: float
    cause: str
    clinical: Mapping[str, float]
    number: int = 0
    matched_set: str = ""

    @property
    def group(self) -> CauseGroup | None:
        """Group of the cause of death, None where the patient lives."""
        return cause_group(self.cause) if self.event else None


@dataclass(frozen=True)
class Cohort:
    """Rows of one table.

    Attributes:
        rows: In the order of the table.
        clinical_names: Numeric columns, in the order of the table.
        notes: What was left unread, in words.
        has_outcomes: Whether the table says what became of the patients.
    """

    rows: tuple[CohortRow, ...]
    clinical_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    has_outcomes: bool = True

    @cached_property
    def patients(self) -> Mapping[str, tuple[CohortRow, ...]]:
        """Rows of each patient, patients in the order of the table."""
        rows: dict[str, list[CohortRow]] = {}
        for row in self.rows:
            rows.setdefault(row.patient_id, []).append(row)
        return MappingProxyType({patient: tuple(some) for patient, some in rows.items()})

    @cached_property
    def matched_sets(self) -> tuple[tuple[str, ...], ...]:
        """Patients who are matched with each other, as the table says."""
        sets: dict[str, dict[str, None]] = {}
        for row in self.rows:
            if row.matched_set:
                sets.setdefault(row.matched_set, {})[row.patient_id] = None
        return tuple(tuple(some) for some in sets.values())

    def rows_of(self, patients: Collection[str]) -> tuple[CohortRow, ...]:
        """Rows of these patients, in the order of the table."""
        wanted = frozenset(patients)
        return tuple(row for row in self.rows if row.patient_id in wanted)


def read_cohort(path: Path, *, outcomes: bool = True) -> Cohort:
    """Read and check a cohort table.

    Args:
        path: CSV in UTF-8, cells separated by commas, numbers with a decimal point.
        outcomes: False where ``patient_id`` and ``scan`` are enough; outcomes that are there are
            read and checked all the same.

    Raises:
        CohortError: The table cannot be read or is not consistent; the message names row (the
            header is row 1) and column of every fault, and never a patient.
    """
    table = read_table(path, outcomes=outcomes)
    rows = tuple(
        CohortRow(
            patient_id=each.patient_id,
            scan=path.parent / each.scan,
            event=each.event,
            time_years=each.time_years,
            cause=each.cause,
            clinical=MappingProxyType(dict(each.clinical)),
            number=each.number,
            matched_set=each.matched_set,
        )
        for each in table.rows
    )
    return Cohort(rows, table.clinical_names, table.notes, table.has_outcomes)


def require_scans(cohort: Cohort) -> None:
    """Check that every scan lies where the table says.

    Raises:
        CohortError: Some do not; the message gives how many, and the first of their rows.
    """
    lost = [row.number for row in cohort.rows if not os.path.exists(row.scan)]
    if lost:
        rows = ", ".join(map(str, lost[:8])) + (", ..." if len(lost) > 8 else "")
        raise CohortError(
            f"The cohort names {len(cohort.rows)} scans, {len(lost)} of them do not exist "
            f"(column 'scan', row {rows}).",
            "Write each path as seen from the folder of the table, and check that the disk is "
            "there.",
        )


def mortality_label(row: CohortRow, causes: Collection[CauseGroup] = ENDPOINT) -> bool | None:
    """The class of a row: True died of such a cause, False alive when last seen.

    None means a death of another or unknown cause, or no outcome at all: neither class, so it is
    left out. Deaths of lung cancer are kept as a set of their own (`core.data.folds`).
    """
    if math.isnan(row.time_years):
        return None
    if not row.event:
        return False
    return True if row.group in causes else None


def clinical_matrix(rows: Collection[CohortRow], names: Collection[str]) -> NDArray[np.float64]:
    """Clinical values (row, name), NaN where one is missing."""
    return np.array(
        [[row.clinical.get(name, np.nan) for name in names] for row in rows], dtype=np.float64
    ).reshape(len(rows), len(names))
