"""A finished calcium reading with all that is said of it: the same for window and command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.calcium.edits import Edit
from core.calcium.protocol import category_first
from core.calcium.reading import Reading
from core.calcium.uncertainty import uncertainty
from core.calcium_case import CalciumCase
from core.data.series import SeriesRecord
from core.geometry import VolumeGeometry
from core.prognosis import RESEARCH_USE_ONLY
from core.progress import Progress, Silent
from core.report.calcium_document import JsonObject, checks_document, reading_document
from core.report.calcium_files import write_calcium
from core.report.calcium_pdf import write_calcium_pdf

PDF_FILE = "calcium.pdf"


@dataclass(frozen=True, eq=False)
class CalciumReport:
    """What is written of a reading.

    Attributes:
        record: Headers of the series.
        stored: Geometry of the scan as stored: the label map has its order.
        reading: What was marked.
        document: Everything in numbers and words: calcium.json.
        created: When, ISO 8601.
    """

    record: SeriesRecord
    stored: VolumeGeometry
    reading: Reading
    document: JsonObject
    created: str


def calcium_report(
    case: CalciumCase,
    reading: Reading,
    record: SeriesRecord,
    stored: VolumeGeometry,
    *,
    missed: Sequence[Edit] = (),
    warnings: Sequence[str] = (),
    progress: Progress = Silent(),
) -> CalciumReport:
    """Weigh a reading and its uncertainty.

    Args:
        case: From which the reading began.
        reading: With its edits.
        record: Headers of the series.
        stored: Geometry of the scan as stored, or as reoriented.
        missed: Edits that met nothing.
        warnings: Of the series; those of the reading are added.
        progress: Stepped once a draw of the uncertainty; may cancel.
    """
    noise_hu = None if case.blood is None else case.blood.noise_hu
    spread = uncertainty(reading, noise_hu, progress)
    found = reading_document(reading, spread, missed)
    modified = _other_voltage(record, reading)
    said = dict.fromkeys([*_missed(missed), *warnings, *modified, *found["warnings"]])
    document = {
        **series_document(case, record),
        **found,
        "lead": _lead(case),
        "modified": bool(modified) or reading.rule.is_modified,
        "warnings": list(said),
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return CalciumReport(record, stored, reading, document, created)


def _missed(missed: Sequence[Edit]) -> tuple[str, ...]:
    """A total without marks that met nothing must not look complete."""
    if not missed:
        return ()
    are = "1 mark met" if len(missed) == 1 else f"{len(missed)} marks met"
    return (f"{are} nothing that counts and is not in the score.",)


def series_document(case: CalciumCase, record: SeriesRecord) -> JsonObject:
    """The scan and its pre-flight card; slices count from the feet, from 0."""
    return {
        "research_use_only": RESEARCH_USE_ONLY,
        "series": {
            "uid": record.uid,
            "slices": case.volume.geometry.shape[0],
            "spacing_mm": list(case.volume.geometry.spacing_mm),
        },
        "checks": checks_document(case.checks),
    }


def write_calcium_report(folder: Path, report: CalciumReport) -> None:
    """Write calcium.json, calcium-lesions.csv, calcium.nii.gz and calcium.pdf.

    Args:
        folder: Exists.
        report: What is written.

    Raises:
        ReportError: A file cannot be written.
    """
    write_calcium_pdf(
        folder / PDF_FILE, report.record, report.reading, report.document, report.created
    )
    write_calcium(folder, report.reading, report.document, report.stored)


def _lead(case: CalciumCase) -> JsonObject:
    """What a reader should see first, and why."""
    gating = category_first(case.checks)
    if gating is None:
        return {"first": "agatston", "why": ""}
    return {
        "first": "category and visual grade",
        "why": f"ECG gating {gating.value}. {gating.words}",
    }


def _other_voltage(record: SeriesRecord, reading: Reading) -> list[str]:
    kvp, rule = record.kvp, reading.rule
    if kvp is None or kvp == rule.kvp:
        return []
    return [
        f"Modified score: scanned with {kvp:g} kVp, weighed by cut points for {rule.kvp:g} kVp."
    ]
