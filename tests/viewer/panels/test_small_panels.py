"""Start page, message bar, job bar, preset strip, run controls."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton

from core.prognosis import RESEARCH_USE_ONLY
from core.views.window import LUNG, MEDIASTINUM
from tests.results import example_card
from viewer.messages import Message, MessageLevel
from viewer.panels.job_bar import JobBar
from viewer.panels.message_bar import MessageBar
from viewer.panels.preset_strip import PresetStrip
from viewer.panels.run_controls import RunControls
from viewer.panels.start_page import StartPage
from viewer.run_state import IDLE, RunState
from viewer.session import Session

NOTE = Message(MessageLevel.NOTE, "The report was saved.")
FAULT = Message(MessageLevel.ERROR, "It went wrong.", "Try again.")
BUG = Message(MessageLevel.ERROR, "A mistake.", "Report it.", "line 12")


def shown(qtbot, widget):
    qtbot.addWidget(widget)
    widget.show()
    return widget


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_recent_folders_can_be_chosen_and_forgotten(qtbot):
    page = shown(qtbot, StartPage())
    folders = [Path("/scans/first"), Path("/scans/second")]
    page.show_recent(folders)
    rows = {button.accessibleName(): button for button in page.findChildren(QPushButton)}
    with qtbot.waitSignal(page.folder_chosen) as chosen:
        click(qtbot, rows[f"Open recent folder {folders[1]}"])
    assert chosen.args == [folders[1]]
    with qtbot.waitSignal(page.folder_forgotten) as forgotten:
        click(qtbot, rows[f"Forget recent folder {folders[0]}"])
    assert forgotten.args == [folders[0]]


@pytest.mark.parametrize("number", [1, 4])
def test_the_start_page_grows_with_its_recent_folders(qtbot, themed, number):
    page = shown(qtbot, StartPage())
    page.resize(1200, 800)
    page.show_recent([Path(f"/scans/{k}") for k in range(number)])
    QApplication.processEvents()
    rows = [button for button in page.findChildren(QPushButton) if button.isVisible()]
    assert len(rows) == 2 + 2 * number
    cut = [row.text() for row in rows if row.visibleRegion().boundingRect() != row.rect()]
    low = [row.text() for row in rows if row.height() < row.sizeHint().height()]
    assert cut + low == []


def test_the_buttons_of_the_start_page_ask_for_their_own_thing(qtbot):
    page = shown(qtbot, StartPage())
    with qtbot.waitSignal(page.open_requested):
        click(qtbot, page.open_button)
    with qtbot.waitSignal(page.sample_requested):
        click(qtbot, page.sample_button)


def test_a_note_gives_way_and_a_fault_stays_until_dismissed(qtbot):
    bar = shown(qtbot, MessageBar())
    bar.show_message(NOTE)
    assert not bar.copy_button.isVisible()
    bar.show_message(FAULT)
    bar.show_message(BUG)
    assert bar.text.text() == "A mistake. Report it.   (and 1 earlier)"
    click(qtbot, bar.dismiss_button)
    assert bar.text.text() == "It went wrong. Try again."
    click(qtbot, bar.dismiss_button)
    assert not bar.isVisible()


def test_the_same_message_twice_is_shown_once(qtbot):
    bar = shown(qtbot, MessageBar())
    bar.show_message(FAULT)
    bar.show_message(FAULT)
    click(qtbot, bar.dismiss_button)
    assert bar.shown is None


def test_the_details_of_a_bug_can_be_copied(qtbot):
    bar = shown(qtbot, MessageBar())
    bar.show_message(BUG)
    click(qtbot, bar.copy_button)
    assert QGuiApplication.clipboard().text() == "A mistake.\nReport it.\nline 12"


def test_the_job_bar_shows_the_latest_job_and_cancels_that_one(qtbot):
    bar = shown(qtbot, JobBar())
    bar.show_job("index", 0.2, "Looking")
    bar.show_job("load", 0.5, "Reading")
    with qtbot.waitSignal(bar.cancel_requested) as cancelled:
        click(qtbot, bar.cancel_button)
    assert cancelled.args == ["load"]
    bar.end_job("index")
    assert bar.isVisible()
    bar.end_job("load")
    assert not bar.isVisible()


def test_the_preset_in_force_is_marked_and_no_other(qtbot):
    session = Session()
    strip = shown(qtbot, PresetStrip(session))
    assert [key for key, each in strip.buttons.items() if each.isChecked()] == ["2"]
    assert session.state.view.window == MEDIASTINUM
    with qtbot.waitSignal(strip.preset_chosen) as chosen:
        click(qtbot, strip.buttons["1"])
    assert chosen.args == [LUNG]


@pytest.mark.parametrize(("width_px", "rows"), [(1000, 1), (640, 2), (420, 3)])
def test_every_preset_is_in_sight_however_narrow_the_strip(qtbot, themed, width_px, rows):
    strip = shown(qtbot, PresetStrip(Session()))
    strip.resize(width_px, 120)
    QApplication.processEvents()
    assert strip.width() == width_px
    places = [button.geometry() for button in strip.buttons.values()]
    assert len({place.top() for place in places}) == rows
    assert all(strip.rect().contains(place) for place in places)
    hints = [button.sizeHint().width() for button in strip.buttons.values()]
    assert all(place.width() >= hint for place, hint in zip(places, hints, strict=True))


def test_cancel_is_only_seen_while_something_runs(qtbot):
    controls = shown(qtbot, RunControls([example_card()]))
    controls.show_state(IDLE, may_run=True)
    assert controls.run_button.isEnabled()
    assert not controls.cancel_button.isVisible()
    running = RunState(running=True, fraction=0.25, step="Finding the lungs")
    controls.show_state(running, may_run=True)
    assert not controls.run_button.isEnabled()
    assert controls.cancel_button.isVisible()
    assert controls.progress.value() == controls.progress.maximum() / 4
    assert controls.step.text() == "Finding the lungs"


def test_a_series_that_is_not_for_the_model_cannot_be_run(qtbot):
    controls = shown(qtbot, RunControls([example_card()]))
    controls.show_state(IDLE, may_run=False)
    assert not controls.run_button.isEnabled()


def test_an_unknown_model_leaves_the_menu_as_it_is(qtbot):
    controls = shown(qtbot, RunControls([example_card()]))
    controls.choose_model("no-such-model")
    assert controls.chosen_model() == example_card().id
    assert shown(qtbot, RunControls([])).chosen_model() == ""


@pytest.mark.parametrize("folders", [[], [Path("/a/very/long/path") / ("x" * 300)]])
def test_the_start_page_states_the_research_use_and_keeps_its_width(qtbot, folders):
    from PySide6.QtWidgets import QLabel

    page = shown(qtbot, StartPage())
    page.show_recent(folders)
    assert RESEARCH_USE_ONLY in [label.text() for label in page.findChildren(QLabel)]
    assert page.minimumSizeHint().width() < 900
