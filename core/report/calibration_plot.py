"""The calibration of a model, drawn in vectors on the report's page: predicted against observed."""

from dataclasses import dataclass

from fpdf.enums import Align

from core.models.cards import Calibration
from core.report.page import ACCENT, FAINT, INK, MUTED, ReportPage

SIDE_MM = 35.0
LEFT_MM, TOP_MM, BOTTOM_MM, GAP_MM = 13.0, 6.0, 10.0, 8.0
HEIGHT_MM = TOP_MM + SIDE_MM + BOTTOM_MM
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
POINT_MM = 0.8


@dataclass(frozen=True)
class Square:
    """Inside of the axes on the page: `left` of share 0, `top` of share 1, in mm."""

    left: float
    top: float

    def x(self, predicted: float) -> float:
        """Place of a predicted probability."""
        return self.left + SIDE_MM * predicted

    def y(self, observed: float) -> float:
        """Place of an observed share."""
        return self.top + SIDE_MM * (1 - observed)


def draw_calibration(page: ReportPage, calibration: Calibration, *, left_mm: float) -> None:
    """Draw every point with its interval, the line of a perfect model, and beside it the words.

    Args:
        page: What is drawn upon; a new page begins where the plot has no room.
        calibration: With at least one bin.
        left_mm: Of the plot on the page.
    """
    page.room(HEIGHT_MM)
    top = page.get_y()
    square = Square(left_mm + LEFT_MM, top + TOP_MM)
    _axes(page, square)
    page.set_draw_color(*ACCENT)
    page.set_fill_color(*ACCENT)
    for each in calibration.bins:
        x = square.x(each.predicted)
        page.set_line_width(0.35)
        page.line(x, square.y(each.low), x, square.y(each.high))
        page.circle(x, square.y(each.observed), POINT_MM, style="F")
    beside = square.left + SIDE_MM + GAP_MM
    page.set_xy(beside, square.top)
    page.ink(INK, 9)
    width = page.w - page.r_margin - beside
    page.multi_cell(width, 4.4, calibration.words, align=Align.L)
    page.set_y(top + HEIGHT_MM)


def _axes(page: ReportPage, square: Square) -> None:
    page.set_line_width(0.2)
    page.ink(MUTED, 7.5)
    for share in SHARES:
        percent = f"{share:.0%}".replace("%", " %")
        page.set_draw_color(*(MUTED if share == 0 else FAINT))
        page.line(square.x(0), square.y(share), square.x(1), square.y(share))
        page.line(square.x(share), square.y(0), square.x(share), square.y(1))
        page.set_xy(square.left - 12.5, square.y(share) - 2)
        page.cell(11.5, 4, percent, align=Align.R)
        if share:  # the origin is named once
            page.set_xy(square.x(share) - 6, square.y(0) + 1.2)
            page.cell(12, 4, percent, align=Align.C)
    page.set_draw_color(*MUTED)
    with page.local_context(dash_pattern={"dash": 1.2, "gap": 1.0, "phase": 0}):
        page.line(square.x(0), square.y(0), square.x(1), square.y(1))
    page.set_xy(square.left, square.y(0) + 5)
    page.cell(SIDE_MM, 4, "Predicted probability", align=Align.C)
    page.set_xy(square.left - 12.5, square.top - 6)
    page.ink(INK, 8, bold=True)
    page.cell(SIDE_MM, 4, "Share that died")
