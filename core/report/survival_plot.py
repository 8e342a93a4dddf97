"""The survival curve of a result, drawn in vectors on the report's page."""

from dataclasses import dataclass

import numpy as np
from fpdf.enums import Align

from core.prognosis import Prognosis, SurvivalCurve
from core.report.page import ACCENT, FAINT, INK, MUTED, WARNING_EDGE, ReportPage

LEFT_MM, BOTTOM_MM, TOP_MM, RIGHT_MM = 13.0, 11.0, 5.0, 5.0
MOST_TICKS = 8


@dataclass(frozen=True)
class PlotArea:
    """Inside of the axes on the page, and the last time that is shown.

    Attributes:
        left: Of survival 1 at time 0, mm from the page's left edge.
        top: Of survival 1, mm from the page's upper edge.
        width: From time 0 to `last_years`, mm.
        height: From survival 1 to 0, mm.
        last_years: Time at the right edge.
    """

    left: float
    top: float
    width: float
    height: float
    last_years: float

    def x(self, time_years: float) -> float:
        """Place of a time."""
        return self.left + self.width * time_years / self.last_years

    def y(self, survival: float) -> float:
        """Place of a survival probability."""
        return self.top + self.height * (1 - survival)


def draw_survival_curve(
    page: ReportPage,
    prognosis: Prognosis,
    box_mm: tuple[float, float, float, float],
    *,
    remark: str = "",
) -> None:
    """Draw the curve, its axes from 0 to 100 %, and a dot at every horizon of the model.

    Args:
        page: What is drawn upon.
        prognosis: With a survival curve.
        box_mm: (left, top, width, height) on the page.
        remark: Written large across the plot, where the curve must not be taken for a result.

    Raises:
        ValueError: The prognosis holds no survival curve.
    """
    curve = prognosis.survival_curve
    if curve is None:
        raise ValueError("a survival curve is needed to draw one, got None")
    left, top, width, height = box_mm
    area = PlotArea(
        left + LEFT_MM,
        top + TOP_MM,
        width - LEFT_MM - RIGHT_MM,
        height - TOP_MM - BOTTOM_MM,
        curve.time_years[-1],
    )
    _axes(page, area)
    is_low = float(curve.at(area.last_years / 2)) < 0.5
    page.set_xy(area.left, area.y(0.78 if is_low else 0.28))
    page.ink(WARNING_EDGE, 13, bold=True)
    page.cell(area.width, 6, remark, align=Align.C)
    _curve(page, area, curve)
    _horizons(page, area, curve, [horizon.years for horizon in prognosis.horizons])


def _axes(page: ReportPage, area: PlotArea) -> None:
    page.set_line_width(0.2)
    page.ink(MUTED, 7.5)
    for survival in (0.0, 0.25, 0.5, 0.75, 1.0):
        page.set_draw_color(*(MUTED if survival == 0 else FAINT))
        page.line(area.left, area.y(survival), area.left + area.width, area.y(survival))
        page.set_xy(area.left - 13, area.y(survival) - 2)
        page.cell(11.5, 4, f"{survival:.0%}".replace("%", " %"), align=Align.R)
    step = max(1, int(np.ceil(area.last_years / MOST_TICKS)))
    page.set_draw_color(*MUTED)
    for years in range(0, int(area.last_years) + 1, step):
        page.line(area.x(years), area.y(0), area.x(years), area.y(0) + 1)
        page.set_xy(area.x(years) - 5, area.y(0) + 1.4)
        page.cell(10, 4, str(years), align=Align.C)
    page.set_xy(area.left, area.y(0) + 5.2)
    page.cell(area.width, 4, "years after the scan", align=Align.C)
    page.set_xy(area.left - 13, area.top - 6)
    page.ink(INK, 8, bold=True)
    page.cell(area.width, 4, "Survival")


def _curve(page: ReportPage, area: PlotArea, curve: SurvivalCurve) -> None:
    page.set_draw_color(*ACCENT)
    page.set_line_width(0.7)
    points = [
        (area.x(time), area.y(survival))
        for time, survival in zip(curve.time_years, curve.survival, strict=True)
    ]
    page.polyline(points)


def _horizons(
    page: ReportPage, area: PlotArea, curve: SurvivalCurve, horizons: list[float]
) -> None:
    page.set_fill_color(255, 255, 255)
    page.set_draw_color(*ACCENT)
    page.set_line_width(0.6)
    for years in horizons:
        if years <= curve.time_years[-1]:
            page.circle(area.x(years), area.y(float(curve.at(years))), 1.0, style="DF")
