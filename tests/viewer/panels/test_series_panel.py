from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton

from core.data.choice import best_for_calcium, best_for_model
from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.series import SeriesIndex, UnreadableFile
from tests.results import example_result
from viewer.dialogs.files_in_no_series import FilesInNoSeriesDialog
from viewer.panels.series_delegate import (
    LISTED_ROLE,
    fitness_words,
    refusal_words,
    series_line,
)
from viewer.panels.series_order import best_series, series_title
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
    assert series_line(records[0]) == "70 slices · 4.0 mm · B31f"
    assert series_line(records[1]) == "5 slices · 4.0 mm"


def test_tool_tips_and_screen_readers_hear_every_reason(panel):
    item = panel.list.item(1)
    assert "Model: block" in item.toolTip()
    assert THICK.text in item.toolTip()
    spoken = item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Thick" in spoken
    assert "Calcium warn" in spoken
    assert fitness_words(Fitness()).splitlines() == ["View: pass", "Model: pass", "Calcium: pass"]


@pytest.fixture
def with_parts(records):
    """A session in which the first series was split in two, listed largest first."""
    part = replace(
        records[0], uid=f"{records[0].uid}#2", slices=records[0].slices[:3], split_by="localizer"
    )
    refused = Fitness(
        *[Verdict((Reason(Level.BLOCK, "It is a localizer.", "Choose another."),))] * 3
    )
    session = Session()
    listed = (records[0], records[1], part)
    session.replace(
        series_index=SeriesIndex(Path(), listed),
        fitness={records[0].uid: Fitness(), records[1].uid: Fitness(), part.uid: refused},
        series=records[0],
    )
    return session


def test_a_part_stands_under_the_series_that_it_was_split_from(qtbot, themed, with_parts):
    panel = SeriesPanel(with_parts)
    qtbot.addWidget(panel)
    rows = [panel.list.item(k).data(LISTED_ROLE) for k in range(3)]
    assert [row.is_part for row in rows] == [False, True, False]
    assert rows[1].record.uid.endswith("#2")
    assert series_title(rows[1].record) == "Part 2: Thorax 4.0 B31f"
    assert refusal_words(rows[1].fitness) == "It is a localizer."


def test_the_best_series_are_marked_with_the_reason(qtbot, themed, with_parts, records):
    panel = SeriesPanel(with_parts)
    qtbot.addWidget(panel)
    index, fitness = with_parts.state.series_index, with_parts.state.fitness
    model, calcium = best_for_model(index, fitness), best_for_calcium(index, fitness)
    assert model.record is records[0]
    panel.list.setCurrentRow(0)
    assert f"Best for the model. {model.reason}" in panel.reasons_text()
    spoken = panel.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Best for model" in spoken
    assert (calcium.record is records[0]) == (
        "calcium" in panel.list.item(0).toolTip().split("\n")[0]
    )


def test_a_click_changes_to_the_better_series(qtbot, themed, with_parts, records):
    panel = SeriesPanel(with_parts)
    qtbot.addWidget(panel)
    panel.show()
    panel.list.setCurrentRow(2)
    links = [
        button
        for button in panel.findChildren(QPushButton)
        if button.accessibleName().startswith("Open Thorax 4.0 B31f, better for the model. ")
    ]
    assert len(links) == 1
    with qtbot.waitSignal(panel.series_chosen) as chosen:
        qtbot.mouseClick(links[0], Qt.MouseButton.LeftButton)
    assert chosen.args == [records[0]]
    assert panel.list.currentRow() == 0


def test_nothing_is_called_best_where_there_is_no_choice(qtbot, themed, records):
    session = Session()
    fitness = {records[0].uid: Fitness()}
    session.replace(series_index=SeriesIndex(Path(), records[:1]), fitness=fitness)
    panel = SeriesPanel(session)
    qtbot.addWidget(panel)
    assert "Best for" not in panel.reasons_text()
    assert not panel.list.item(0).data(LISTED_ROLE).best_for


def test_what_no_series_may_be_used_for_has_no_best_one(records):
    refused = Fitness(model=Verdict((THICK,)), calcium=Verdict((CARE,)))
    index = SeriesIndex(Path(), records)
    best = best_series(index, {each.uid: refused for each in records})
    assert set(best) == {"Calcium"}


def test_a_thumbnail_is_drawn_in_its_row_and_kept_when_verdicts_change(panel, session, records):
    picture = QImage(96, 96, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ff00ff"))
    panel.show_thumbnail(records[1].uid, picture)
    fitness = {**session.state.fitness, records[0].uid: Fitness(model=Verdict((CARE,)))}
    session.replace(fitness=fitness)
    image = panel.list.viewport().grab().toImage()
    for row, expected in ((0, False), (1, True)):
        area = panel.list.visualItemRect(panel.list.item(row))
        at = area.topLeft() + QPoint(14 + 24, 9 + 24)
        assert (image.pixelColor(at).name() == "#ff00ff") is expected


def test_the_strip_and_its_words_follow_the_chosen_series(qtbot, panel):
    assert panel.stack_words.text() == "70 places every 4.0 mm: complete"
    click(qtbot, panel, 1)
    assert panel.stack_words.text() == "5 places every 4.0 mm: complete"
    assert len(panel.strip.places.places) == 5


def test_every_file_in_no_series_can_be_listed(qtbot, panel):
    assert not panel.list_files_button.isVisible()
    qtbot.mouseClick(panel.unreadable_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.list_files_button, Qt.MouseButton.LeftButton)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, FilesInNoSeriesDialog)
    assert dialog.tree.topLevelItemCount() == 2
    dialog.close()
