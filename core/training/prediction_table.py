"""``predictions.csv``: what a model said of each scan that it was not trained on.

Every model writes the same columns, so that one table compares them all: ``patient_id``, ``fold``
(number, "test" or "held_out"), ``label`` (1, 0, or empty for other deaths), ``event``,
``time_years``, ``probability``, ``risk_score``, then of a survival head ``survival_risk`` (the area
under the survival curve, turned round) and ``survival_1y`` and so on.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from core.data.cohort_table import spreadsheet_rows
from core.data.folds import HELD_OUT, TEST
from core.errors import CohortError
from core.whole_file import write_whole

COLUMNS = (
    "patient_id",
    "fold",
    "label",
    "event",
    "time_years",
    "probability",
    "risk_score",
)
SURVIVAL_RISK = "survival_risk"
SURVIVAL = "survival_"
YEAR = "y"
AGAIN = "Let `thoralens-core train` write the predictions again."


@dataclass(frozen=True)
class PredictionRow:
    """What a model said of one scan.

    Attributes:
        patient_id: As in the cohort.
        fold: Number of the fold that the scan was left out of; "test" or "held_out" where the
            model of all folds says it.
        label: Class, None for a death outside the endpoint.
        event: The patient died.
        time_years: From the scan to death or to when last seen.
        probability: Of the endpoint, None where the model gives none.
        risk_score: Higher means worse.
        survival: Probability of being alive by years after the scan.
        survival_risk: Of the whole survival curve, None without one; higher means worse.
    """

    patient_id: str
    fold: int | str
    label: bool | None
    event: bool
    time_years: float
    probability: float | None
    risk_score: float
    survival: Mapping[float, float] = field(default_factory=dict)
    survival_risk: float | None = None


def write_table(path: Path, rows: Iterable[PredictionRow]) -> None:
    """Write predictions whole or not at all; every row has the same columns.

    Raises:
        ReportError: The file cannot be written.
        ValueError: A score is not finite, or the rows have different horizons.
    """
    rows = tuple(rows)
    horizons = tuple(rows[0].survival) if rows else ()
    has_risk = any(row.survival_risk is not None for row in rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    risk = [SURVIVAL_RISK] * has_risk
    writer.writerow([*COLUMNS, *risk, *(f"{SURVIVAL}{years:g}{YEAR}" for years in horizons)])
    for row in rows:
        if tuple(row.survival) != horizons:
            raise ValueError("every prediction must have the same horizons")
        writer.writerow(_cells(row, has_risk=has_risk))
    write_whole(path, text.getvalue().encode())


def _cells(row: PredictionRow, *, has_risk: bool) -> list[object]:
    numbers = [row.risk_score, *row.survival.values()]
    numbers += [each for each in (row.probability, row.survival_risk) if each is not None]
    if not all(map(isfinite, numbers)):
        raise ValueError("every prediction must be a finite number")
    return [
        row.patient_id,
        row.fold,
        "" if row.label is None else int(row.label),
        int(row.event),
        repr(float(row.time_years)),
        "" if row.probability is None else repr(float(row.probability)),
        repr(float(row.risk_score)),
        *(["" if row.survival_risk is None else repr(float(row.survival_risk))] * has_risk),
        *(repr(float(each)) for each in row.survival.values()),
    ]


def read_table(path: Path, whose: str = "a model") -> tuple[PredictionRow, ...]:
    """Read predictions.

    Args:
        path: CSV.
        whose: Of which model, for messages.

    Raises:
        CohortError: The file cannot be read or a row is at fault; the message names it.
    """
    try:
        header, cells = spreadsheet_rows(path.read_text("utf-8-sig"))
    except OSError as error:
        raise CohortError(
            f"The predictions of {whose} cannot be read ({error.strerror}).",
            "Train the model first, and check the path in the configuration.",
        ) from None
    except (UnicodeDecodeError, csv.Error):
        raise CohortError(f"The predictions of {whose} are not CSV in UTF-8.", AGAIN) from None
    horizons = _horizons(header, whose)
    rows = []
    for number, row in cells:
        try:
            record = dict(zip(header, row, strict=True))
            if not _is_unscored(record):
                rows.append(_row(record, horizons))
        except (ValueError, KeyError):
            raise CohortError(
                f"Row {number} of the predictions of {whose} is not valid.", AGAIN
            ) from None
    if not rows:
        raise CohortError(
            f"The predictions of {whose} hold no row.",
            "Only a mortality or a survival stage predicts, and only scans of a fold, of the test "
            "set or held out. Train such a stage.",
        )
    return tuple(rows)


def _horizons(header: list[str], whose: str) -> dict[str, float]:
    """Years by column of survival."""
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise CohortError(
            f"The predictions of {whose} lack the columns {', '.join(missing)}.", AGAIN
        )
    try:
        return {
            name: float(name.removeprefix(SURVIVAL).removesuffix(YEAR))
            for name in header
            if name.startswith(SURVIVAL) and name != SURVIVAL_RISK
        }
    except ValueError:
        raise CohortError(
            f"A column of survival in the predictions of {whose} names no years.", AGAIN
        ) from None


def _is_unscored(record: Mapping[str, str]) -> bool:
    """In a table of `thoralens-core score`: a refused scan, or a death outside the endpoint."""
    return "remark" in record and not (record["fold"] and record["risk_score"])


def _row(record: Mapping[str, str], horizons: Mapping[str, float]) -> PredictionRow:
    fold: int | str = record["fold"]
    if fold not in (TEST, HELD_OUT):
        fold = int(fold)
    return PredictionRow(
        patient_id=record["patient_id"],
        fold=fold,
        label=_flag(record["label"]) if record["label"] else None,
        event=_flag(record["event"]),
        time_years=_finite(record["time_years"]),
        probability=_probability(record["probability"]) if record["probability"] else None,
        risk_score=_finite(record["risk_score"]),
        survival={
            years: _probability(record[name]) for name, years in horizons.items() if record[name]
        },
        survival_risk=_finite(record[SURVIVAL_RISK]) if record.get(SURVIVAL_RISK) else None,
    )


def _flag(cell: str) -> bool:
    return {"0": False, "1": True}[cell]


def _finite(cell: str) -> float:
    value = float(cell)
    if not isfinite(value):
        raise ValueError("not a finite number")
    return value


def _probability(cell: str) -> float:
    value = _finite(cell)
    if not 0 <= value <= 1:
        raise ValueError("not within 0 and 1")
    return value
