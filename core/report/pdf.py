"""The report: one PDF/A for a person to read, with the machine's `result.json` attached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences
from numpy.typing import NDArray
from PIL import Image

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.data.fitness import Fitness, Level
from core.models.cards import ModelCard
from core.prognosis import SALIENCY_CAPTION, Prognosis
from core.report import words
from core.report.content import result_json
from core.report.figures import hottest_point_mm
from core.report.page import (
    FAINT,
    INK,
    LINE_MM,
    MUTED,
    Identity,
    ReportPage,
)
from core.report.survival_plot import draw_survival_curve
from core.report.whole_file import write_whole

TITLE = "Chest CT prognosis report"
METHOD_NAMES = {"gradcam": "GradCAM", "gradient": "Gradient"}
VERDICTS = {Level.PASS: "Fit.", Level.WARN: "Fit, with a warning:", Level.BLOCK: "Not fit:"}
PROGNOSIS_MM = 60.0
"""Height of the prognosis block: number and table on the left, curve on the right."""

Picture = NDArray[np.uint8]


def write_pdf(
    path: Path,
    request: AnalysisRequest,
    result: AnalysisResult,
    pictures: Mapping[str, Picture],
) -> None:
    """Write the report, the same bytes for the same result.

    Args:
        path: The file to write.
        request: What was asked.
        result: What the run gave.
        pictures: RGB uint8 key views by name (`core.report.figures.key_views`).

    Raises:
        ReportError: The file cannot be written, or the result holds a number that is not finite.
    """
    write_whole(path, bytes(_report(request, result, pictures).output()))


def _report(
    request: AnalysisRequest, result: AnalysisResult, pictures: Mapping[str, Picture]
) -> ReportPage:
    card, provenance = result.card, result.provenance
    page = ReportPage(Identity(TITLE, card.id, provenance.weights_sha256))
    page.set_title(TITLE)
    page.set_author("Thoralens")
    page.set_creator(f"Thoralens {provenance.versions.get('thoralens', words.NOT_STATED)}")
    page.set_lang("en")
    page.viewer_preferences = ViewerPreferences(display_doc_title=True)
    page.set_creation_date(datetime.fromisoformat(provenance.created))
    page.add_page()
    _title(page, provenance.created)
    _study(page, request)
    _warnings(page, card, result.prognosis)
    _prognosis(page, card, result.prognosis)
    _fitness(page, request.fitness)
    _key_views(page, result, pictures)
    page.add_page()
    _card(page, card, result.clinical)
    _provenance(page, result)
    page.embed_file(
        bytes=result_json(request, result),
        basename="result.json",
        desc="The result in numbers, for programs",
        mime_type="application/json",
        modification_date=datetime.fromisoformat(provenance.created),
        associated_file_relationship="Data",
    )
    return page


def _title(page: ReportPage, created: str) -> None:
    page.ink(INK, 19, bold=True)
    page.cell(0, 9, TITLE, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    moment = datetime.fromisoformat(created)
    page.paragraph(f"Made with Thoralens, {moment.isoformat(' ', 'minutes')}", colour=MUTED)
    page.ln(2)


def _study(page: ReportPage, request: AnalysisRequest) -> None:
    series = request.series
    page.heading("Study")
    page.facts(
        [
            ("Patient", words.patient_line(series.patient)),
            ("Age, sex", words.age_and_sex(series.patient)),
            ("Study", words.stated(series.study_description)),
            ("Study date", words.date(series.study_date)),
            ("Series", words.stated(series.description)),
            ("Scanner", words.scanner(series)),
            ("Slices", words.slices(series, request.volume.geometry)),
            ("Voxels", words.voxels(request.volume.geometry)),
            ("Kernel", words.stated(series.kernel)),
            ("Tube voltage", words.tube_voltage(series)),
        ],
        columns=2,
        label_mm=21,
    )


def _warnings(page: ReportPage, card: ModelCard, prognosis: Prognosis) -> None:
    sentences = tuple(dict.fromkeys((*card.warnings, *prognosis.warnings)))
    if sentences:
        page.ln(2.5)
        title = "Warning" if card.trained else "The numbers in this report mean nothing"
        page.warning_box(title, sentences)


def _prognosis(page: ReportPage, card: ModelCard, prognosis: Prognosis) -> None:
    page.heading("Prognosis", keep_mm=PROGNOSIS_MM + 16)
    outcomes = [("Outcome", words.stated(prognosis.outcome))]
    if card.survival is not None:
        outcomes.append(("Outcome of curve", card.survival.outcome))
    page.facts(outcomes, label_mm=30)
    page.ln(1.5)
    top = page.get_y()
    left_mm = page.epw * 0.46
    _numbers(page, card, prognosis, left_mm)
    numbers_end = page.get_y()
    box = (page.l_margin + left_mm + 6, top, page.epw - left_mm - 6, PROGNOSIS_MM)
    if prognosis.survival_curve is None:
        page.set_xy(box[0], top)
        page.ink(MUTED, 9)
        page.cell(box[2], LINE_MM, f"Survival curve: {words.NOT_GIVEN}")
    else:
        draw_survival_curve(page, prognosis, box, remark=_remark(card))
    page.set_y(max(numbers_end, top + PROGNOSIS_MM))


def _remark(card: ModelCard) -> str:
    """What stands across the curve of a model whose numbers say nothing of a patient."""
    if not card.trained:
        return "model not trained"
    return "demonstration weights" if card.demonstration else ""


def _numbers(page: ReportPage, card: ModelCard, prognosis: Prognosis, width_mm: float) -> None:
    page.ink(MUTED, 8)
    page.cell(width_mm, LINE_MM, "Mortality probability", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    given = prognosis.mortality_probability is not None
    colour = INK if given and not card.warnings else MUTED
    page.ink(colour, 22 if given else 11, bold=given)
    text = words.percent(prognosis.mortality_probability)
    page.cell(width_mm, 10, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(1)
    widths_mm = (width_mm * 0.26, width_mm * 0.26, width_mm * 0.48)
    headings = ("Risk within", "Probability", "Interval")
    _table(page, headings, words.horizon_rows(prognosis.horizons), widths_mm)
    page.ln(1.5)
    for label, value in (
        ("Risk score (logit)", words.signed(prognosis.risk_score)),
        ("Risk group", prognosis.risk_group or words.NOT_GIVEN),
        ("Percentile", words.percentile(prognosis.percentile)),
        ("Distance to training", words.percentile(prognosis.out_of_distribution)),
    ):
        page.ink(MUTED, 8)
        page.cell(width_mm * 0.42, LINE_MM, label)
        page.ink(INK, 9)
        page.cell(width_mm * 0.58, LINE_MM, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(
    page: ReportPage,
    headings: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    widths_mm: tuple[float, ...],
) -> None:
    page.set_draw_color(*FAINT)
    page.set_line_width(0.25)
    for number, row in enumerate([headings, *rows]):
        page.ink(MUTED if number == 0 else INK, 8 if number == 0 else 9)
        for text, width in zip(row, widths_mm, strict=True):
            page.cell(width, LINE_MM + 1.2, text, border="B")
        page.ln(LINE_MM + 1.2)


def _key_views(page: ReportPage, result: AnalysisResult, pictures: Mapping[str, Picture]) -> None:
    page.add_page()
    page.heading("Where the model looked")
    page.paragraph(SALIENCY_CAPTION)
    page.ln(2)
    gap = 4.0
    width = (page.epw - gap) / 2
    top = page.get_y()
    for number, (name, pixels) in enumerate(pictures.items()):
        height = width * pixels.shape[0] / pixels.shape[1]
        page.image(
            _png(pixels),
            x=page.l_margin + (number % 2) * (width + gap),
            y=top + (number // 2) * (height + gap),
            w=width,
            alt_text=f"{name} key view with saliency overlay",
        )
        page.set_y(top + (number // 2 + 1) * (height + gap))
    page.ln(1)
    page.facts(_saliency(result), label_mm=30)


def _saliency(result: AnalysisResult) -> list[tuple[str, str]]:
    if not result.saliency:
        return [("Saliency", words.NOT_GIVEN)]
    facts = [
        (
            METHOD_NAMES.get(each.method, each.method),
            f"of the {each.target}; {words.cells(each)}; hidden below {each.threshold:g} of its "
            "maximum, before interpolation",
        )
        for each in result.saliency
    ]
    x, y, z = (f"{value:.1f}".replace("-", "\N{MINUS SIGN}") for value in hottest_point_mm(result))
    planes = f"through the maximum of GradCAM: x {x}, y {y}, z {z} mm (patient LPS)"
    return [*facts, ("GradCAM layer", result.card.saliency_layer), ("Planes", planes)]


def _png(pixels: Picture) -> BytesIO:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    stream.seek(0)
    return stream


def _fitness(page: ReportPage, fitness: Fitness) -> None:
    page.heading("Fitness of the series")
    rows = []
    for label, verdict in (
        ("For viewing", fitness.view),
        ("For this model", fitness.model),
        ("For calcium", fitness.calcium),
    ):
        reasons = [f"{reason.text} {reason.remedy}".strip() for reason in verdict.reasons]
        rows.append((label, "\n".join([VERDICTS[verdict.level], *reasons])))
    page.facts(rows, label_mm=30)


def _card(page: ReportPage, card: ModelCard, clinical: Mapping[str, float]) -> None:
    page.heading("Model card")
    page.facts(
        [
            ("Model", f"{card.title} ({card.id})"),
            ("Citation", card.citation),
            ("DOI", words.stated(card.doi)),
            ("Architecture", card.architecture),
            ("Intended use", card.intended_use),
            ("Not for", card.not_for),
            ("Training cohort", card.training_cohort),
            ("Reproduced", card.reproduced),
            ("Deviations", "\n".join(card.deviations) or "none stated"),
            ("Clinical values", _clinical(card, clinical)),
            ("Licence", card.licence),
        ],
        label_mm=30,
    )


def _clinical(card: ModelCard, clinical: Mapping[str, float]) -> str:
    """The values that were given, with title and unit; a model without columns takes none."""
    if not card.clinical:
        return "none: this model reads the CT alone"
    titles = {column.name: (column.title, column.unit) for column in card.clinical}
    lines = []
    for name, value in clinical.items():
        title, unit = titles.get(name, (name, ""))
        lines.append(f"{title}: {value:g} {unit}".strip())
    return "\n".join(lines) or words.NOT_STATED


def _provenance(page: ReportPage, result: AnalysisResult) -> None:
    made = result.provenance
    seconds = " · ".join(f"{step} {taken:.2f}" for step, taken in made.seconds.items())
    versions = " · ".join(f"{name} {version}" for name, version in made.versions.items())
    page.heading("Provenance")
    page.facts(
        [
            ("Series UID", words.stated(made.series_uid)),
            ("Weights SHA-256", made.weights_sha256),
            ("Steps", "\n".join(f"{k}. {step}" for k, step in enumerate(made.steps, start=1))),
            ("Seconds", f"{seconds} · sum {sum(made.seconds.values()):.2f}"),
            ("Device, precision", f"{made.device}, {made.precision}"),
            ("Versions", versions),
            ("Created", made.created),
            ("Attached", "result.json: every number of this report, for programs"),
        ],
        label_mm=30,
    )
