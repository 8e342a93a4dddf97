from dataclasses import replace

import pytest

from core.report.page import Identity, ReportPage
from core.report.survival_plot import PlotArea, draw_survival_curve
from tests.results import example_result


def test_time_and_survival_lie_where_arithmetic_says():
    area = PlotArea(left=20, top=50, width=100, height=40, last_years=5)
    assert area.x(0) == 20
    assert area.x(2) == 60
    assert area.x(5) == 120
    assert area.y(1) == 50
    assert area.y(0.25) == 80
    assert area.y(0) == 90


def test_a_prognosis_without_a_curve_cannot_be_drawn():
    _, result = example_result()
    without = replace(result.prognosis, survival_curve=None)
    with ReportPage(Identity("Title", "model", "0" * 64)) as page:
        page.add_page()
        with pytest.raises(ValueError, match="survival curve"):
            draw_survival_curve(page, without, (10, 10, 80, 60))
