"""First page of the report: study, warnings, prognosis, fitness."""

from collections.abc import Sequence

from fpdf.enums import XPos, YPos

from core.analysis_result import AnalysisRequest
from core.data.fitness import Fitness, Level
from core.models.cards import ModelCard
from core.prognosis import Prognosis
from core.report import words
from core.report.page import FAINT, INK, LINE_MM, MUTED, Colour, ReportPage
from core.report.survival_plot import draw_survival_curve

VERDICTS = {Level.PASS: "Fit.", Level.WARN: "Fit, with a warning:", Level.BLOCK: "Not fit:"}
PROGNOSIS_MM = 60.0
"""Height of the prognosis block: number and table on the left, curve on the right."""

LABEL_SHARE = 0.48
"""Of the numbers' width: room for "Among 99999 unseen scans"."""


def add_study(
    page: ReportPage, request: AnalysisRequest, lung_volumes_l: tuple[float, float]
) -> None:
    """Who was scanned, when and how; how large the lungs are (right, left, litres)."""
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
            ("Lungs", words.lungs(lung_volumes_l)),
        ],
        columns=2,
        label_mm=21,
    )


def add_warnings(page: ReportPage, card: ModelCard, prognosis: Prognosis) -> None:
    """What must be read before the numbers: of the model, then of this scan, each in its box."""
    of_scan = tuple(dict.fromkeys(each for each in prognosis.warnings if each not in card.warnings))
    of_model = "About the model" if card.trained else "The numbers in this report mean nothing"
    for title, sentences in ((of_model, card.warnings), ("About this scan", of_scan)):
        if sentences:
            page.ln(2.5)
            page.warning_box(title, sentences)


def add_prognosis(page: ReportPage, card: ModelCard, prognosis: Prognosis) -> None:
    """Probability, risks and curve, each in words where the model gives none."""
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
        draw_survival_curve(page, prognosis, box, remark=words.weights_state(card))
    page.set_y(max(numbers_end, top + PROGNOSIS_MM))


def _numbers(page: ReportPage, card: ModelCard, prognosis: Prognosis, width_mm: float) -> None:
    page.ink(MUTED, 8)
    page.cell(width_mm, LINE_MM, "Mortality probability", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    given = prognosis.mortality_probability is not None
    is_to_be_read = not words.weights_state(card) and not prognosis.is_far_from_training
    colour = INK if is_to_be_read else MUTED
    page.ink(colour if given else MUTED, 22 if given else 11, bold=given)
    text = words.percent(prognosis.mortality_probability)
    page.cell(width_mm, 10, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(1)
    widths_mm = (width_mm * 0.26, width_mm * 0.26, width_mm * 0.48)
    headings = ("Risk within", "Probability", "Interval")
    _table(page, headings, words.horizon_rows(prognosis.horizons), widths_mm, colour)
    page.ln(1.5)
    for label, value in (
        ("Risk score (logit)", words.signed(prognosis.risk_score)),
        ("Risk group", prognosis.risk_group or words.NOT_GIVEN),
        (
            f"Among {card.compared_with(prognosis.compared_with)}",
            words.place(prognosis.percentile, "higher"),
        ),
        ("Distance to training", words.place(prognosis.out_of_distribution, "farther")),
    ):
        page.ink(MUTED, 8)
        page.cell(width_mm * LABEL_SHARE, LINE_MM, label)
        page.ink(colour, 9)
        page.cell(width_mm * (1 - LABEL_SHARE), LINE_MM, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(
    page: ReportPage,
    headings: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    widths_mm: tuple[float, ...],
    colour: Colour,
) -> None:
    page.set_draw_color(*FAINT)
    page.set_line_width(0.25)
    for number, row in enumerate([headings, *rows]):
        page.ink(MUTED if number == 0 else colour, 8 if number == 0 else 9)
        for text, width in zip(row, widths_mm, strict=True):
            page.cell(width, LINE_MM + 1.2, text, border="B")
        page.ln(LINE_MM + 1.2)


def add_fitness(page: ReportPage, fitness: Fitness) -> None:
    """What the series may be used for, and why not."""
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
