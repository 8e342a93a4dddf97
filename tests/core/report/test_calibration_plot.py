"""Predicted against observed lie where arithmetic says, and are drawn with their words."""

import io

import pypdf
import pytest

from core.models.cards import Calibration, CalibrationBin
from core.report.calibration_plot import (
    HEIGHT_MM,
    LEFT_MM,
    SIDE_MM,
    TOP_MM,
    Square,
    draw_calibration,
)
from core.report.page import MARGIN_MM, Identity, ReportPage

A4_MM, POINTS_PER_MM = 297.0, 72 / 25.4


def calibration():
    bins = tuple(
        CalibrationBin(scans=50, predicted=p, observed=p + 0.1, low=p / 2, high=p + 0.2)
        for p in (0.1, 0.4, 0.7)
    )
    return Calibration(
        slope=0.9,
        intercept=-0.3,
        scans=99,
        of="validation scans",
        bins=bins,
        bins_of="test scans",
    )


def test_a_perfect_point_lies_on_the_diagonal():
    square = Square(left=30, top=50)
    assert (square.x(0), square.x(1)) == (30, 30 + SIDE_MM)
    assert (square.y(1), square.y(0)) == (50, 50 + SIDE_MM)
    assert square.x(0.5) - square.x(0) == pytest.approx(square.y(0) - square.y(0.5))


def drawn(start_mm, points=3):
    shown = calibration()
    shown = shown.model_copy(update={"bins": shown.bins[:points]})
    with ReportPage(Identity("Title", "model", "0" * 64)) as page:
        page.add_page()
        page.set_y(start_mm)
        draw_calibration(page, shown, left_mm=page.l_margin)
        end = page.get_y()
        return pypdf.PdfReader(io.BytesIO(bytes(page.output()))), end


def test_points_are_drawn_and_the_words_say_on_which_scans():
    found, end = drawn(40)
    (sheet,) = found.pages
    text = " ".join(sheet.extract_text().split())
    assert "fitted on 99 validation scans" in text
    assert "Points with 95 % intervals: test scans" in text
    assert "Predicted probability" in text
    assert end == pytest.approx(40 + HEIGHT_MM)


def test_every_point_is_a_circle():
    curves = [
        drawn(40, points)[0].pages[0].get_contents().get_data().count(b" c\n") for points in (1, 3)
    ]
    assert 0 < 3 * curves[0] == curves[1]


def test_an_interval_is_a_line_from_low_to_high_at_what_was_predicted():
    found, _ = drawn(40, points=1)
    content = found.pages[0].get_contents().get_data().decode()
    square = Square(left=MARGIN_MM + LEFT_MM, top=40 + TOP_MM)
    ends = [
        f"{square.x(0.1) * POINTS_PER_MM:.2f} {(A4_MM - square.y(share)) * POINTS_PER_MM:.2f}"
        for share in (0.05, 0.3)
    ]
    assert f"{ends[0]} m {ends[1]} l S" in content


def test_a_plot_that_has_no_room_begins_on_the_next_page():
    found, _ = drawn(297 - HEIGHT_MM)
    assert len(found.pages) == 2
    assert "Share that died" in found.pages[1].extract_text()
