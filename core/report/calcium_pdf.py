"""The report of a calcium reading alone: one PDF/A for a person to read, calcium.json attached."""

import json
from datetime import datetime
from pathlib import Path

from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences

from core.calcium.reading import Reading
from core.data.series import SeriesRecord
from core.report import words
from core.report.calcium_document import JsonObject
from core.report.calcium_page import add_calcium
from core.report.page import INK, MUTED, Identity, ReportPage
from core.whole_file import write_whole

TITLE = "Coronary calcium report"


def write_calcium_pdf(
    path: Path, record: SeriesRecord, reading: Reading, document: JsonObject, created: str
) -> None:
    """Write the report: the same pages for the same reading.

    Args:
        path: The file to write.
        record: Headers of the series.
        reading: What was marked.
        document: Everything in numbers; see `core.report.calcium_report`.
        created: When, ISO 8601.

    Raises:
        ReportError: The file cannot be written.
    """
    moment = datetime.fromisoformat(created)
    with ReportPage(Identity(TITLE, reading.rule.name, "")) as page:
        page.set_title(TITLE)
        page.set_author("Thoralens")
        page.set_lang("en")
        page.viewer_preferences = ViewerPreferences(display_doc_title=True)
        page.set_creation_date(moment)
        page.add_page()
        page.ink(INK, 16, bold=True)
        page.cell(0, 7, TITLE, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        made = f"Made with Thoralens, {moment.isoformat(' ', 'minutes')}"
        page.paragraph(made, colour=MUTED, size_pt=8)
        page.ln(1)
        _study(page, record, reading)
        add_calcium(page, reading, document)
        content = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        page.embed_file(
            bytes=content.encode(),
            basename="calcium.json",
            desc="The reading in numbers, for programs",
            mime_type="application/json",
            modification_date=moment,
            associated_file_relationship="Data",
        )
        output = bytes(page.output())
    write_whole(path, output)


def _study(page: ReportPage, record: SeriesRecord, reading: Reading) -> None:
    page.facts(
        [
            ("Patient", words.patient_line(record.patient)),
            ("Age, sex", words.age_and_sex(record.patient)),
            ("Study", words.stated(record.study_description)),
            ("Study date", words.date(record.study_date)),
            ("Series", words.stated(record.description)),
            ("Scanner", words.scanner(record)),
            ("Slices", words.slices(record, reading.volume.geometry)),
            ("Voxels", words.voxels(reading.volume.geometry)),
        ],
        columns=2,
        label_mm=19,
    )
