from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.series import SeriesIndex, UnreadableFile
from tests.results import example_result
from viewer.panels.series_delegate import fitness_words, series_line
from viewer.panels.series_panel import SeriesPanel
from viewer.session import Session
from viewer.theme import AMBER, GREEN, RED

THICK = Reason(Level.BLOCK, "The slices are 8 mm thick.", "Choose thinner ones.")
CARE = Reason(Level.WARN, "Contrast agent was given.")


@pytest.fixture
def records():
    first = example_result()[0].series
    second = replace(first, uid="1.2.3", description="Thick", slices=first.slices[:5], kernel="")
    return first, second


@pytest.fixture
def session(records):
    session = Session()
    unreadable = (
        UnreadableFile(Path("a"), "not DICOM"),
        UnreadableFile(Path("b"), "not DICOM"),
        UnreadableFile(Path("c"), "no pixels"),
    )
    refused = Fitness(model=Verdict((THICK, CARE)), calcium=Verdict((CARE,)))
    session.replace(
        series_index=SeriesIndex(Path(), records, unreadable),
        fitness={records[0].uid: Fitness(), records[1].uid: refused},
        series=records[0],
    )
    return session


@pytest.fixture
def panel(qtbot, session, themed):
    panel = SeriesPanel(session)
    qtbot.addWidget(panel)
    panel.resize(280, 700)
    panel.show()
    return panel


def click(qtbot, panel, row):
    place = panel.list.visualItemRect(panel.list.item(row)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_click_asks_for_the_series_and_explains_it(qtbot, panel, records):
    with qtbot.waitSignal(panel.series_chosen) as chosen:
        click(qtbot, panel, 1)
    assert chosen.args == [records[1]]
    text = panel.reasons_text()
    assert "Not for the model. The slices are 8 mm thick." in text
    assert "Choose thinner ones." in text
    assert "Model: Contrast agent was given." in text
    assert "Fits the model" not in text  # it was refused: no lesser reason may sound like leave
    assert "Calcium scoring, with care. Contrast agent was given." in text
    assert "Can be viewed" in text


def test_the_next_series_is_chosen_by_key_and_the_list_has_ends(qtbot, panel, records):
    chosen = []
    panel.series_chosen.connect(chosen.append)
    panel.choose_neighbour(1)
    panel.choose_neighbour(1)
    panel.choose_neighbour(-1)
    assert chosen == [records[1], records[0]]


def test_files_in_no_series_are_counted_by_reason(qtbot, panel):
    assert "3 files are in no series" in panel.unreadable_button.text()
    assert panel.unreadable_label.isHidden()
    qtbot.mouseClick(panel.unreadable_button, Qt.MouseButton.LeftButton)
    assert panel.unreadable_label.text() == "2 × not DICOM\n1 × no pixels"
    assert panel.unreadable_label.isVisible()


def test_without_unreadable_files_nothing_is_said_of_them(session, panel, records):
    session.replace(series_index=SeriesIndex(Path(), records))
    assert panel.unreadable_button.isHidden()


def test_the_badges_are_drawn_in_the_colours_of_their_verdicts(panel):
    image = panel.list.viewport().grab().toImage()

    def colours(row):
        area = panel.list.visualItemRect(panel.list.item(row))
        return {
            image.pixelColor(x, y).name()
            for x in range(area.left(), area.right())
            for y in range(area.top(), area.bottom())
        }

    assert GREEN in colours(0)
    assert not {AMBER, RED} & colours(0)
    assert {GREEN, AMBER, RED} <= colours(1)


def test_the_line_leaves_out_what_is_not_stored(records):
    assert series_line(records[0]) == "70 slices  ·  4.0 mm  ·  B31f"
    assert series_line(records[1]) == "5 slices  ·  4.0 mm"


def test_tool_tips_and_screen_readers_hear_every_reason(panel):
    item = panel.list.item(1)
    assert "Model: block" in item.toolTip()
    assert THICK.text in item.toolTip()
    spoken = item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Thick" in spoken
    assert "Calcium warn" in spoken
    assert fitness_words(Fitness()).splitlines() == ["View: pass", "Model: pass", "Calcium: pass"]
