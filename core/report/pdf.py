"""The report: one PDF/A for a person to read, with the machine's `result.json` attached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences
from numpy.typing import NDArray

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.explanation import Explanation
from core.report import words
from core.report.calcium_page import add_calcium
from core.report.calcium_report import CalciumReport
from core.report.content import result_json
from core.report.map_page import add_organ_shares, add_trust
from core.report.page import (
    INK,
    MUTED,
    Identity,
    ReportPage,
)
from core.report.prognosis_page import add_fitness, add_prognosis, add_study, add_warnings
from core.report.source_pages import add_key_views, add_model_card, add_provenance
from core.whole_file import write_whole

TITLE = "Chest CT prognosis report"

Picture = NDArray[np.uint8]


def write_pdf(
    path: Path,
    request: AnalysisRequest,
    result: AnalysisResult,
    pictures: Mapping[str, Picture],
    *,
    calcium: CalciumReport | None = None,
    further: Sequence[Explanation] = (),
) -> None:
    """Write the report: the same pages for the same result.

    Args:
        path: The file to write.
        request: What was asked.
        result: What the run gave.
        pictures: RGB uint8 key views by name (`core.report.figures.key_views`).
        calcium: A calcium reading of the same scan, on a page of its own; None without.
        further: Maps of other targets: named, and in the attached numbers.

    Raises:
        ReportError: The file cannot be written, or the result holds a number that is not finite.
    """
    digest, state = result.provenance.weights_sha256, words.weights_state(result.card)
    with ReportPage(Identity(TITLE, result.card.id, digest, state)) as page:
        _fill(page, request, result, pictures, further=further)
        if calcium is not None:
            page.add_page()
            add_calcium(page, calcium.reading, calcium.document)
        document = None if calcium is None else calcium.document
        numbers = result_json(request, result, calcium=document, further=further)
        _attach(page, numbers, result.provenance.created)
        content = bytes(page.output())
    write_whole(path, content)


def _fill(
    page: ReportPage,
    request: AnalysisRequest,
    result: AnalysisResult,
    pictures: Mapping[str, Picture],
    *,
    further: Sequence[Explanation],
) -> None:
    card, provenance = result.card, result.provenance
    page.set_title(TITLE)
    page.set_author("Thoralens")
    page.set_creator(f"Thoralens {provenance.versions.get('thoralens', words.NOT_STATED)}")
    page.set_lang("en")
    page.viewer_preferences = ViewerPreferences(display_doc_title=True)
    page.set_creation_date(datetime.fromisoformat(provenance.created))
    page.add_page()
    _title(page, provenance.created)
    add_study(page, request, result.lung_volumes_l)
    add_warnings(page, card, result.prognosis)
    add_prognosis(page, card, result.prognosis)
    add_fitness(page, request.fitness)
    add_key_views(page, result, pictures, further=further)
    add_organ_shares(page, result)
    add_trust(page, result.trust)
    add_model_card(page, card, result.clinical)
    add_provenance(page, result)


def _attach(page: ReportPage, numbers: bytes, created: str) -> None:
    page.embed_file(
        bytes=numbers,
        basename="result.json",
        desc="The result in numbers, for programs",
        mime_type="application/json",
        modification_date=datetime.fromisoformat(created),
        associated_file_relationship="Data",
    )


def _title(page: ReportPage, created: str) -> None:
    page.ink(INK, 19, bold=True)
    page.cell(0, 9, TITLE, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    moment = datetime.fromisoformat(created)
    page.paragraph(f"Made with Thoralens, {moment.isoformat(' ', 'minutes')}", colour=MUTED)
    page.ln(2)
