"""Calcium in a report: result, tables, key images, uncertainty, rule, how the scan was made.

Everything is taken from the document of the reading; no treatment follows from it here.
"""

from collections.abc import Sequence

from fpdf.enums import Align, XPos, YPos
from PIL import Image

from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.calcium.vessel_colours import VESSEL_COLOURS
from core.report.calcium_document import JsonObject
from core.report.calcium_figures import MOST_IMAGES, key_images
from core.report.calcium_words import (
    averaged_line,
    growth_lines,
    lesion_rows,
    results,
    rule_line,
    spread_line,
    vessel_rows,
)
from core.report.page import FAINT, INK, LINE_MM, MUTED, Colour, ReportPage

IMAGES_A_ROW, GAP_MM = 4, 3.0
ROW_MM = 4.3
LIGHTS: dict[str, Colour] = {
    "green": (0, 158, 115),
    "amber": (230, 159, 0),
    "red": (213, 94, 0),
}
VESSEL_HEADINGS = ("Vessel", "Lesions", "Agatston", "Volume mm³", "√ volume", "Mass mg", "Max HU")
VESSEL_WIDTHS = (0.22, 0.11, 0.15, 0.15, 0.13, 0.12, 0.12)
LESION_HEADINGS = (
    "No.", "Vessel", "Agatston", "Volume mm³", "Area mm²", "Max HU", "Slices", "Patch", "Marked",
)  # fmt: skip
LESION_WIDTHS = (0.05, 0.09, 0.1, 0.11, 0.1, 0.08, 0.11, 0.08, 0.28)


def add_calcium(page: ReportPage, reading: Reading, document: JsonObject) -> None:
    """The sections of a reading, from where the page stands.

    Args:
        page: Written upon.
        reading: For the key images.
        document: What `core.report.calcium_report` says of it.
    """
    page.heading("Coronary calcium", keep_mm=40)
    _strip(page, results(document))
    confirmed_by = document["total"]["zero_confirmed_by"]
    if confirmed_by:
        page.paragraph(f"Zero confirmed by {confirmed_by}.", size_pt=9)
    if document["lead"]["why"]:
        page.paragraph(document["lead"]["why"], colour=MUTED, size_pt=8)
    if document["warnings"]:
        page.ln(1.5)
        page.warning_box("Before you read the numbers", document["warnings"])
    page.ln(1.5)
    _table(page, VESSEL_HEADINGS, vessel_rows(document), VESSEL_WIDTHS)
    _images(page, reading)
    if document["lesions"]:
        page.ln(1)
        _table(page, LESION_HEADINGS, lesion_rows(document), LESION_WIDTHS)
        if growth_lines(document):
            page.paragraph(" ".join(growth_lines(document)), size_pt=7)
        page.paragraph(
            "Slices count from the head. Patch: Agatston of all that is calcified in 65 × 65 "
            "pixels and 5 slices round the click (HyRiskNet's rule), coronary or not.",
            colour=MUTED,
            size_pt=7,
        )
    page.ln(1.5)
    facts = [("Uncertainty", spread_line(document)), ("Rule", rule_line(document))]
    if document["averaged_to_3_mm"] is not None:
        facts.insert(0, ("Averages", averaged_line(document)))
    page.facts(facts, label_mm=22)
    _checks(page, document["checks"])


def _strip(page: ReportPage, cells: Sequence[tuple[str, str]]) -> None:
    """What was found, the first two in large letters."""
    widths = (0.24, 0.3, *[0.46 / (len(cells) - 2)] * (len(cells) - 2))
    top, left = page.get_y(), page.l_margin
    for number, ((label, value), share) in enumerate(zip(cells, widths, strict=True)):
        width = page.epw * share
        page.set_xy(left, top)
        page.ink(MUTED, 8)
        page.cell(width, LINE_MM, label)
        page.set_xy(left, top + LINE_MM)
        size_pt = 17.0 if number < 2 else 11.0
        page.ink(INK, size_pt, bold=True)
        while page.get_string_width(value) > width - 3 and size_pt > 7:
            size_pt -= 0.5
            page.ink(INK, size_pt, bold=True)
        page.cell(width, 8, value)
        left += width
    page.set_xy(page.l_margin, top + LINE_MM + 9)


def _table(
    page: ReportPage,
    headings: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    shares: Sequence[float],
) -> None:
    """Numbers to the right, words to the left; a vessel has its colour before its letters."""
    page.set_draw_color(*FAINT)
    page.set_line_width(0.25)
    widths = [page.epw * share for share in shares]
    for number, row in enumerate([tuple(headings), *rows]):
        page.room(ROW_MM)
        page.ink(MUTED if number == 0 else INK, 7.5, bold=row[0] == "Total")
        for heading, text, width in zip(headings, row, widths, strict=True):
            is_words = heading in ("Vessel", "Marked")
            if heading == "Vessel" and number:
                _dot(page, text)
            gap = 3.5 if is_words else 0.5  # a cell of no width would fill the line
            page.cell(gap, ROW_MM, "", border="B")
            align = Align.L if is_words else Align.R
            page.cell(width - gap, ROW_MM, text, border="B", align=align)
        page.ln(ROW_MM)


def _dot(page: ReportPage, vessel: str) -> None:
    if vessel not in [each.value for each in Vessel]:
        return
    page.set_fill_color(*VESSEL_COLOURS[Vessel(vessel)])
    page.rect(page.get_x() + 0.6, page.get_y() + ROW_MM / 2 - 1, 2, 2, style="F")


def _images(page: ReportPage, reading: Reading) -> None:
    images = key_images(reading)
    if not images:
        return
    page.ln(2)
    width = (page.epw - GAP_MM * (IMAGES_A_ROW - 1)) / IMAGES_A_ROW
    for first in range(0, len(images), IMAGES_A_ROW):
        row = images[first : first + IMAGES_A_ROW]
        heights = [width * each.pixels.shape[0] / each.pixels.shape[1] for each in row]
        page.room(max(heights) + 1)
        top = page.get_y()
        for number, (image, height) in enumerate(zip(row, heights, strict=True)):
            page.image(
                Image.fromarray(image.pixels),
                x=page.l_margin + number * (width + GAP_MM),
                y=top,
                w=width,
                h=height,
                alt_text=f"Lesions {', '.join(map(str, image.lesions))} outlined",
            )
        page.set_y(top + max(heights) + GAP_MM / 2)
    shown = {number for image in images for number in image.lesions}
    left_out = len(reading.marks.lesions) - len(shown)
    if left_out:
        note = f"The {MOST_IMAGES} slices with most of the lesions; {left_out} lesions not shown."
        page.paragraph(note, colour=MUTED, size_pt=7)


def _checks(page: ReportPage, checks: Sequence[JsonObject]) -> None:
    """The pre-flight card: a light in colour and in words, what was found, what follows."""
    page.heading("How the scan was made", keep_mm=8 + 6 * ROW_MM)
    name_mm, light_mm, value_mm = 24.0, 14.0, 37.0
    words_mm = page.epw - name_mm - light_mm - value_mm
    for check in checks:
        page.ink(INK, 7.5)
        height = max(page.text_height(check["words"], words_mm, line_mm=3.8), ROW_MM)
        page.room(height)
        top = page.get_y()
        page.set_fill_color(*LIGHTS[check["light"]])
        page.ellipse(page.l_margin + name_mm, top + 1.1, 2.2, 2.2, style="F")
        for left, width, text, colour in (
            (0.0, name_mm, check["name"], MUTED),
            (name_mm + 3, light_mm - 3, check["light"], INK),
            (name_mm + light_mm, value_mm, check["value"], INK),
        ):
            page.set_xy(page.l_margin + left, top)
            page.ink(colour, 8)
            page.cell(width, ROW_MM, text)
        page.set_xy(page.l_margin + name_mm + light_mm + value_mm, top + 0.3)
        page.ink(INK, 7.5)
        page.multi_cell(
            words_mm, 3.8, check["words"], align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        page.set_y(top + height)
