"""The model card in the report: what a reader must know stands there whole, over as many pages."""

import io

import pypdf

from core.models.cards import Calibration
from core.report.page import Identity, ReportPage
from core.report.source_pages import add_model_card
from tests.core.report.test_calibration_plot import calibration
from tests.results import example_result


def card_with(**changes):
    _, result = example_result()
    return result.card.model_copy(update=changes)


def printed(card):
    with ReportPage(Identity("Title", "model", "0" * 64)) as page:
        page.add_page()
        add_model_card(page, card, {})
        sheets = pypdf.PdfReader(io.BytesIO(bytes(page.output()))).pages
        return [" ".join(sheet.extract_text().split()) for sheet in sheets]


def test_calibration_is_drawn_where_there_are_points_and_told_where_there_are_none():
    plotted = " ".join(printed(card_with(calibration=calibration())))
    assert "Share that died" in plotted
    fitted = Calibration(slope=1.5, intercept=0.2, scans=40, of="validation scans")
    told = " ".join(printed(card_with(calibration=fitted)))
    assert "slope 1.50, intercept 0.20, fitted on 40 validation scans" in told
    assert "Share that died" not in told
    assert "Calibration" not in " ".join(printed(card_with(calibration=None)))


def test_a_long_list_goes_on_on_the_next_page_and_loses_nothing():
    sentences = tuple(f"Sentence {k} {'on how it was taught ' * 12}" for k in range(40))
    first, *others = printed(card_with(training=sentences))
    assert "Sentence 0 " in first
    assert "Sentence 39 " in others[-1]
    everything = " ".join([first, *others])
    assert all(f"Sentence {k} " in everything for k in range(40))
    assert everything.count("Training ") == 2  # of the cohort, and of this list: named once
