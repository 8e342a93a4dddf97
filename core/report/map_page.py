"""What the maps say in numbers: where their mass lies, and how far they may be trusted."""

from collections.abc import Mapping, Sequence

from fpdf.enums import Align, YPos

from core.analysis_result import AnalysisResult
from core.explanation import GRADIENT, SIGNED_GRADIENT
from core.report import words
from core.report.page import ACCENT, FAINT, INK, LINE_MM, MUTED, WARNING_INK, ReportPage
from core.saliency.map_trust import CONSISTENT_FROM, DOUBTFUL_FROM, PART_TITLES, MapTrust

ROW_MM, BAR_MM = 4.3, 2.2
HEADING_MM = 9.0
"""Height of a section's heading and the room below its first paragraph."""
SHARE_NAME_MM, SHARE_NUMBER_MM = 31.0, 12.0
CHARTS_A_ROW, GAP_MM = 3, 6.0
LEAST_DRAWN = 5e-4
"""A share that would be written as 0.0 % has no bar."""

SHARES_OF = (
    "Share of each map by region, before the threshold. The regions come from HU and shape alone: "
    "their borders are approximate."
)
NOT_CHECKED = "The maps of this run were not checked."
NOT_A_PROOF = "A high score does not say that the map is right, only that it is not arbitrary."


def add_organ_shares(page: ReportPage, result: AnalysisResult) -> None:
    """How much of each map lies in which region: a bar for each, and the lungs' volumes."""
    charts = _charts(result)
    if not charts:
        return
    rows = max(len(shares) for _, shares in charts)
    said = SHARES_OF + _outside(result)
    page.ink(MUTED, 8)
    keep_mm = HEADING_MM + page.text_height(said, page.epw) + ROW_MM * (rows + 1)
    page.heading("Where the maps lie", keep_mm=keep_mm)
    page.paragraph(said, colour=MUTED, size_pt=8)
    page.ln(1)
    columns = min(len(charts), CHARTS_A_ROW)
    width_mm = (page.epw - GAP_MM * (columns - 1)) / columns
    for first in range(0, len(charts), columns):
        page.room(ROW_MM * (rows + 1))
        top = page.get_y()
        for number, (name, shares) in enumerate(charts[first : first + columns]):
            left = page.l_margin + number * (width_mm + GAP_MM)
            _chart(page, (left, top, width_mm), name, shares)
        page.set_y(top + ROW_MM * (rows + 1) + 1)


def _charts(result: AnalysisResult) -> list[tuple[str, Mapping[str, float]]]:
    """Title and shares of each map; the two gradients have the same shares, hence one chart."""
    made = {each.method for each in result.saliency if result.organ_share.get(each.method)}
    charts = []
    for method in (each.method for each in result.saliency if each.method in made):
        title = words.method_name(method)
        if method == SIGNED_GRADIENT and GRADIENT in made:
            continue
        if method in (GRADIENT, SIGNED_GRADIENT) and SIGNED_GRADIENT in made:
            title = f"{words.method_name(GRADIENT)} (either sign)"
        charts.append((title, result.organ_share[method]))
    return charts


def _outside(result: AnalysisResult) -> str:
    """How much of each map lies where the model is shown nothing of the patient."""
    shares = [
        f"{words.method_name(method)} {words.percent(share)}"
        for method, share in result.outside_region_share.items()
        if not (method == SIGNED_GRADIENT and GRADIENT in result.outside_region_share)
    ]
    if not shares:
        return ""
    return f" Outside the region that the model is shown: {', '.join(shares)}."


def _chart(
    page: ReportPage, place: tuple[float, float, float], name: str, shares: Mapping[str, float]
) -> None:
    """Name, bar and per cent of each region; the whole room is 100 %, in every chart."""
    left, top, width = place
    page.set_xy(left, top)
    page.ink(INK, 8, bold=True)
    page.cell(width, ROW_MM, name)
    room = width - SHARE_NAME_MM - SHARE_NUMBER_MM
    for row, (region, share) in enumerate(shares.items(), start=1):
        y = top + row * ROW_MM
        page.ink(INK if share >= LEAST_DRAWN else MUTED, 8)
        page.set_xy(left, y)
        page.cell(SHARE_NAME_MM, ROW_MM, region[:1].upper() + region[1:])
        drawn = share if share >= LEAST_DRAWN else 0.0
        _bar(page, (left + SHARE_NAME_MM, y), room, drawn)
        page.set_xy(left + width - SHARE_NUMBER_MM, y)
        page.cell(SHARE_NUMBER_MM, ROW_MM, f"{100 * share:.1f} %", align=Align.R)


def add_trust(page: ReportPage, trust: MapTrust | None) -> None:
    """The score with its band, its parts and what was done for each; or that nobody looked."""
    parts: Sequence[object] = () if trust is None else trust.parts
    page.heading("How far to trust the GradCAM", keep_mm=20 + 2 * ROW_MM * len(parts))
    if trust is None:
        page.paragraph(NOT_CHECKED, colour=MUTED)
        return
    top = page.get_y()
    page.ink(INK if trust.score >= CONSISTENT_FROM else WARNING_INK, 14, bold=True)
    score = f"{trust.score} of 100"
    left = page.l_margin + page.get_string_width(score) + 4
    page.cell(0, 6, score)
    page.set_xy(left, top + 1)
    page.ink(INK, 9)
    page.multi_cell(
        page.w - page.r_margin - left, LINE_MM, trust.words, align=Align.L, new_y=YPos.NEXT
    )
    page.set_xy(page.l_margin, max(page.get_y(), top + 6) + 1.5)
    for part in trust.parts:
        _part(page, PART_TITLES.get(part.name, part.name), part.value, part.words)
    page.paragraph(
        f"Score = 100 x root of (first part x weighted mean of the others). From {CONSISTENT_FROM} "
        f"consistent, from {DOUBTFUL_FROM} doubtful. {NOT_A_PROOF}".replace(" x ", " × "),
        colour=MUTED,
        size_pt=8,
    )


def _part(page: ReportPage, title: str, value: float, said: str) -> None:
    """Title, bar and value on the left, what was seen on the right."""
    name_mm, bar_mm, number_mm = 43.0, 16.0, 10.0
    left = name_mm + bar_mm + number_mm + 2
    page.ink(MUTED, 8)
    height = page.text_height(said, page.epw - left, line_mm=ROW_MM * 0.86)
    page.room(height)
    top = page.get_y()
    page.set_xy(page.l_margin, top)
    page.ink(INK, 8)
    page.cell(name_mm, ROW_MM, title)
    _bar(page, (page.l_margin + name_mm, top), bar_mm, value)
    page.set_xy(page.l_margin + name_mm + bar_mm, top)
    page.cell(number_mm, ROW_MM, f"{value:.2f}", align=Align.R)
    page.set_xy(page.l_margin + left, top + 0.25)
    page.ink(MUTED, 8)
    page.multi_cell(page.epw - left, ROW_MM * 0.86, said, align=Align.L)
    page.set_xy(page.l_margin, top + max(height, ROW_MM) + 0.5)


def _bar(page: ReportPage, corner: tuple[float, float], room_mm: float, share: float) -> None:
    """A bar of 0..1 of the room, on a faint one that fills it."""
    left, top = corner[0], corner[1] + (ROW_MM - BAR_MM) / 2
    for colour, width in ((FAINT, room_mm), (ACCENT, room_mm * share)):
        if width > 0:
            page.set_fill_color(*colour)
            page.rect(left, top, width, BAR_MM, style="F")
