"""Into the mode and out of it: keys, page, journal, zero, grade, rule, exports."""

import json
import os
import signal
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.calcium.categories import VisualGrade
from core.calcium.rule import LOW_KVP_RULES
from core.calcium_command import calcium_document
from core.progress import Silent
from core.views.window import Window
from tests.viewer.calcium.small_scan import (
    DENSE,
    DENSE_POINTS,
    FAINT,
    MILD,
    MILD_POINTS,
    PIXEL_MM2,
    Hands,
    small_scan,
    write_small_scan,
)
from viewer.calcium.keys import CALCIUM_KEYS, help_group
from viewer.calcium.room import CALCIUM_WINDOW
from viewer.dialogs.shortcuts import ShortcutSheet
from viewer.settings import FOLDER_VARIABLE, read_settings

pytestmark = pytest.mark.gui
CTRL = Qt.KeyboardModifier.ControlModifier


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_c_enters_and_leaves_and_the_edits_are_kept(open_hands):
    hands, window = open_hands, open_hands.window
    assert window.overlay_panel.isVisible()
    hands.enter()
    panel = window.calcium.panel
    assert panel.isVisible()
    assert not window.overlay_panel.isVisible()
    assert window.session.state.view.window == CALCIUM_WINDOW
    hands.click(DENSE)
    hands.press(Qt.Key.Key_C)
    assert not panel.isVisible()
    assert window.overlay_panel.isVisible()
    assert window.workplace.pages.count() == 2
    hands.click(MILD)  # outside the mode a click is a click
    hands.press(Qt.Key.Key_C)
    assert panel.isVisible()
    assert hands.total() == pytest.approx(DENSE_POINTS)


def test_the_letters_choose_vessels_inside_the_mode_only(open_hands):
    hands, window = open_hands, open_hands.window
    strange = Window(123, 45)

    def with_strange_window():
        window._set_window(strange)

    with_strange_window()
    hands.press(Qt.Key.Key_Q)
    assert hands.state is None
    hands.press(Qt.Key.Key_R)
    assert window.session.state.view.window != strange, "R resets outside the mode"
    hands.enter()
    with_strange_window()
    for key, vessel in zip("QWERT", ("LM", "LAD", "LCX", "RCA", "other"), strict=True):
        hands.press(Qt.Key(ord(key)))
        assert hands.state.vessel == vessel
        assert window.calcium.panel.hand.vessels[hands.state.vessel].isChecked()
    assert window.session.state.view.window == strange, "R does not reset inside the mode"
    hands.press(Qt.Key.Key_4)
    assert window.session.state.view.window == CALCIUM_WINDOW, "other keys go on"
    hands.press(Qt.Key.Key_C)
    with_strange_window()
    hands.press(Qt.Key.Key_R)
    assert window.session.state.view.window != strange, "and R resets again"


def test_letters_typed_as_initials_choose_no_vessel(hands):
    field = hands.window.calcium.panel.verdict.initials
    field.setFocus()
    QTest.keyClicks(field, "QERT")
    assert field.text() == "QERT"
    assert hands.state.vessel == "LAD"


def test_every_key_of_the_mode_is_in_the_help_sheet_and_given_once(hands, qtbot):
    keys = [key for each in CALCIUM_KEYS for key in each.keys]
    assert len(keys) == len(set(keys))
    title, rows = help_group()
    sheet = ShortcutSheet(((title, rows),))
    qtbot.addWidget(sheet)
    for each in CALCIUM_KEYS:
        assert (" or ".join(each.keys), each.help) in rows


def test_initials_are_kept_in_the_settings_and_stand_beside_each_lesion(hands):
    field = hands.window.calcium.panel.verdict.initials
    field.setFocus()
    QTest.keyClicks(field, "AB")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert read_settings()[0].reader_initials == "AB"
    hands.click(DENSE)
    clicked = hands.state.reading.marks.lesions[0].click
    assert clicked.by == "AB"
    assert clicked.at.startswith("20")


def test_zero_is_confirmed_with_initials_and_a_mark_withdraws_it(hands):
    panel = hands.window.calcium.panel
    assert "not confirmed" in panel.result.spread.text()
    assert panel.result.number.text() == "–", "an unread scan has no score"
    click(panel.verdict.zero)
    assert "reader" in hands.state.note
    assert hands.state.may_confirm_zero
    QTest.keyClicks(panel.verdict.initials, "XY")
    click(panel.verdict.zero)
    assert panel.result.spread.text() == "Zero confirmed by XY."
    assert panel.result.number.text() == "0"
    assert not panel.verdict.zero.isEnabled()
    hands.view.setFocus()
    hands.click(FAINT)
    assert hands.state.reading.marks.zero_confirmed_by == ""
    assert not panel.verdict.zero.isEnabled()


def test_the_visual_grade_leads_where_the_scan_is_not_gated(hands):
    panel = hands.window.calcium.panel
    hands.click(DENSE)
    assert panel.result.number.text() == "11-100"
    assert "estimate" in panel.result.why.text()
    click(panel.verdict.grades[VisualGrade.MILD])
    assert hands.state.grade is VisualGrade.MILD
    assert panel.result.second.text() == "Mild, V1/N1"
    hands.press(Qt.Key.Key_Z, CTRL)
    assert hands.state.grade is None
    assert not panel.verdict.grades[VisualGrade.MILD].isChecked()


def test_a_gated_scan_leads_with_the_points(qtbot, make_window, tmp_path):
    hands = Hands(qtbot, make_window())
    folder = write_small_scan(tmp_path / "gated", CardiacSynchronizationTechnique="PROSPECTIVE")
    hands.open(folder)
    hands.enter()
    hands.click(DENSE)
    assert hands.window.calcium.panel.result.caption.text() == "Agatston score"
    assert hands.window.calcium.panel.result.number.text() == "35.3"


def test_the_uncertainty_follows_once_the_hand_rests(hands, qtbot):
    hands.click(DENSE)
    panel = hands.window.calcium.panel
    assert "being estimated" in panel.result.spread.text()
    qtbot.waitUntil(lambda: hands.state.spread is not None, timeout=30_000)
    assert "chance of another category" in panel.result.spread.text()
    assert panel.result.bar.isVisible()
    hands.click(MILD)
    assert hands.state.spread is None


def test_the_patch_score_of_the_last_click_stands_beside(hands):
    hands.click(MILD)
    words = hands.window.calcium.panel.beside.text()
    assert words.startswith("HyRiskNet patch at the last click: ")
    assert hands.state.patch.agatston >= DENSE_POINTS + MILD_POINTS - 1e-9


def test_another_rule_weighs_anew_is_flagged_and_can_be_restored(hands, qtbot, make_window,
                                                                  small_folder):  # fmt: skip
    panel = hands.window.calcium.panel
    assert not panel.rule.flag.isVisible()
    hands.click(MILD)
    hands.click(FAINT)
    rule = next(each for name, each in LOW_KVP_RULES.items() if name.startswith("80 kVp, Gr"))
    panel.rule.rules.setCurrentText(rule.name)
    qtbot.waitUntil(lambda: hands.state.reading.rule == rule)
    # 250 HU lies between 177 and 271: weight 1; 150 HU no longer counts
    assert hands.total() == pytest.approx(9 * PIXEL_MM2, abs=1e-9)
    assert hands.vessels() == {"LAD": 1}
    assert panel.rule.flag.isVisible()
    assert any("Modified" in each for each in panel.result.further.text().splitlines())
    other = Hands(qtbot, make_window())
    other.open(small_folder)
    other.enter()
    click(other.window.calcium.panel.restore)
    qtbot.waitUntil(lambda: other.state.kept_edits == 0)
    assert other.state.reading.rule == rule
    assert other.total() == hands.total()


def choose_rule(hands, qtbot, name):
    """By the menu of the panel; waits until it is in force."""
    menu = hands.window.calcium.panel.rule.rules
    wanted = menu.findText(name, Qt.MatchFlag.MatchStartsWith)
    menu.setCurrentIndex(wanted)
    qtbot.waitUntil(lambda: hands.state.reading.rule.name == menu.itemText(wanted))


def test_the_old_rule_brings_back_every_lesion_that_met_nothing_by_the_other(hands, qtbot):
    hands.click(MILD)
    hands.press(Qt.Key.Key_R)
    hands.click(FAINT)
    rows = hands.window.calcium.panel.table.rows()
    choose_rule(hands, qtbot, "80 kVp, Gr")
    assert hands.vessels() == {"LAD": 1}
    further = hands.window.calcium.panel.result.further
    assert "1 mark meets nothing by this rule" in further.text()
    choose_rule(hands, qtbot, "Agatston")
    assert hands.window.calcium.panel.table.rows() == rows
    assert "nothing by this rule" not in further.text()


def test_undo_and_redo_go_on_after_a_change_of_rule(hands, qtbot):
    for place in (MILD, FAINT, DENSE):
        hands.click(place)
    hands.press(Qt.Key.Key_Z, CTRL)
    choose_rule(hands, qtbot, "80 kVp, Gr")
    hands.press(Qt.Key.Key_Z, CTRL)
    assert hands.state.note == "That edit meets nothing by this rule."
    assert hands.vessels() == {"LAD": 1}
    hands.press(Qt.Key.Key_Z, CTRL)
    assert hands.vessels() == {}
    for _ in range(3):
        hands.press(Qt.Key.Key_Y, CTRL)
    assert hands.vessels() == {"LAD": 2}
    choose_rule(hands, qtbot, "Agatston")
    assert hands.vessels() == {"LAD": 3}


def test_what_meets_nothing_by_the_rule_is_said_in_the_files(hands, qtbot, tmp_path):
    hands.click(MILD)
    hands.click(FAINT)
    choose_rule(hands, qtbot, "80 kVp, Gr")
    hands.window.exporter.save_all(tmp_path)
    qtbot.waitUntil(lambda: hands.window.message_bar.isVisible(), timeout=30_000)
    saved = json.loads((tmp_path / "calcium.json").read_text())
    assert len(saved["edits"]) == 2
    assert saved["edits_that_met_nothing"] == saved["edits"][1:]
    assert any("1 mark met nothing" in each for each in saved["warnings"])


def test_after_a_line_that_the_disk_did_not_take_the_whole_is_written(hands):
    """A full disk is a folder in the file's place here."""
    hands.click(DENSE)
    journal = hands.window.calcium.mode._journal
    kept = journal.path.rename(journal.path.with_suffix(".kept"))
    journal.path.mkdir()
    hands.click(MILD)
    assert hands.vessels() == {"LAD": 2}, "the reading goes on"
    journal.path.rmdir()
    kept.rename(journal.path)
    hands.press(Qt.Key.Key_Z, CTRL)
    assert journal.kept().done == hands.state.reading.edits
    assert journal.kept().undone == hands.state.reading.undone
    assert len(journal.kept().done) == 1


def test_a_rule_without_edits_does_not_weigh_those_of_the_next_time(
    hands, qtbot, make_window, small_folder
):
    choose_rule(hands, qtbot, "80 kVp, Gr")
    other = Hands(qtbot, make_window())
    other.open(small_folder)
    other.enter()
    assert other.state.kept_edits == 0
    other.click(FAINT)
    third = Hands(qtbot, make_window())
    third.open(small_folder)
    third.enter()
    click(third.window.calcium.panel.restore)
    assert not third.state.reading.rule.is_modified
    assert third.vessels() == {"LAD": 1}


def test_a_reading_is_offered_again_after_the_window_was_killed(hands, qtbot, make_window,
                                                                 small_folder):  # fmt: skip
    """Nothing is written at the end: what is on disk now is what a kill would leave."""
    hands.click(DENSE)
    hands.press(Qt.Key.Key_R)
    hands.click(MILD)
    hands.click(FAINT)
    hands.press(Qt.Key.Key_Z, CTRL)
    expected = hands.window.calcium.panel.table.rows()
    other = Hands(qtbot, make_window())
    other.open(small_folder)
    other.enter()
    panel = other.window.calcium.panel
    assert panel.offer.isVisible()
    assert "2 edits" in panel.offer_words.text()
    other.click(FAINT)
    assert other.state.reading.done == (), "first the offer is answered"
    assert not panel.rule.isEnabled()
    qtbot.waitUntil(lambda: "kept on disk" in other.window.message_bar.text.text())
    click(panel.restore)
    assert not panel.offer.isVisible()
    assert panel.table.rows() == expected
    other.view.setFocus()
    other.press(Qt.Key.Key_Y, CTRL)
    assert other.vessels() == {"LAD": 1, "RCA": 2}


KILLED = """
import os, signal, sys
from pathlib import Path
from PySide6.QtCore import Qt
from tests.benchmarks.calcium_reading import Waiting
from tests.viewer.calcium.small_scan import DENSE, FAINT, MILD, Hands
from viewer.application import create_application, create_window
create_application()
window = create_window()
window.resize(1400, 900)
window.show()
hands = Hands(Waiting(), window)
hands.open(Path(sys.argv[1]))
hands.enter()
hands.click(DENSE)
hands.press(Qt.Key.Key_R)
hands.click(MILD)
hands.click(FAINT)
panel = window.calcium.panel
print(panel.table.rows(), flush=True)
panel.rule.rules.setCurrentIndex(2)  # 250 HU counts less by it, 150 HU nothing
Waiting().waitUntil(lambda: hands.state.reading.rule.kvp == 80)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_window_that_is_killed_has_lost_nothing(qtbot, make_window, small_folder, tmp_path):
    environment = {**os.environ, FOLDER_VARIABLE: str(tmp_path / "config")}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(small_folder)],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    hands = Hands(qtbot, make_window())
    hands.open(small_folder)
    hands.enter()
    click(hands.window.calcium.panel.restore)
    qtbot.waitUntil(lambda: hands.state.kept_edits == 0)
    assert hands.vessels() == {"LAD": 1, "RCA": 1}
    choose_rule(hands, qtbot, "Agatston")
    assert str(hands.window.calcium.panel.table.rows()) == killed.stdout.strip()
    assert hands.vessels() == {"LAD": 1, "RCA": 2}


def test_begin_anew_leaves_the_kept_reading_out(hands, qtbot, make_window, small_folder):
    hands.click(DENSE)
    for expected in (1, 0):
        other = Hands(qtbot, make_window())
        other.open(small_folder)
        other.enter()
        assert other.state.kept_edits == expected
        if expected:
            click(other.window.calcium.panel.anew)
            assert other.vessels() == {}


def test_cancelling_the_preparation_leads_out_of_the_mode(open_hands):
    hands = open_hands
    hands.press(Qt.Key.Key_C)
    assert hands.state is not None
    hands.press(Qt.Key.Key_Escape)
    assert hands.state is None
    assert hands.window.overlay_panel.isVisible()


def test_closing_the_scan_ends_the_mode(hands):
    hands.press(Qt.Key.Key_W, CTRL)
    assert hands.state is None
    assert hands.window.workplace.pages.count() == 2
    assert not hands.window.calcium.panel.isVisible()


def test_a_series_that_is_refused_is_not_entered(qtbot, make_window, tmp_path):
    hands = Hands(qtbot, make_window())
    hands.open(write_small_scan(tmp_path / "gap", drop=[6]))
    hands.press(Qt.Key.Key_C)
    assert hands.state is None
    qtbot.waitUntil(lambda: hands.window.message_bar.isVisible())
    assert hands.window.message_bar.text.text().startswith("Calcium cannot be scored")


def test_what_is_saved_is_what_the_command_line_gives(hands, qtbot, tmp_path, small_folder):
    assert not hands.window.actions_by_id["export"].isEnabled()
    hands.click(DENSE)
    hands.press(Qt.Key.Key_R)
    hands.click(MILD)
    assert hands.window.actions_by_id["export"].isEnabled()
    out = tmp_path / "out"
    out.mkdir()
    hands.window.exporter.save_all(out)
    qtbot.waitUntil(lambda: hands.window.message_bar.isVisible(), timeout=30_000)
    assert {each.name for each in out.iterdir()} == {
        "calcium.json", "calcium-lesions.csv", "calcium.nii.gz", "calcium.pdf"
    }  # fmt: skip
    saved = json.loads((out / "calcium.json").read_text())
    marks = tmp_path / "marks.json"
    marks.write_text(json.dumps(saved["edits"]))
    assert calcium_document(small_folder, progress=Silent(), marks=marks) == saved


def test_a_hybrid_model_that_asks_for_the_score_finds_it_filled_in(hands):
    assert hands.state.clinical_values() == {}
    hands.click(DENSE)
    values = hands.state.clinical_values()
    assert values["agatston"] == pytest.approx(DENSE_POINTS)
    assert values["agatston_category"] == 2
    assert "visual_grade" not in values, "nobody has given one"
    click(hands.window.calcium.panel.verdict.grades[VisualGrade.MILD])
    assert hands.state.clinical_values()["visual_grade"] == 1


def test_a_scan_of_another_voltage_is_flagged_until_its_rule_is_chosen(
    qtbot, make_window, tmp_path
):
    hands = Hands(qtbot, make_window())
    hands.open(write_small_scan(tmp_path / "low", KVP=100))
    hands.enter()
    flag = hands.window.calcium.panel.rule.flag
    assert flag.isVisible()
    assert "100 kVp scan scored with the cut points for 120 kVp" in flag.text()


def test_the_session_lets_go_of_the_reading_with_its_scan(hands):
    session = hands.window.session
    session.replace(volume=small_scan())
    assert session.state.calcium is None
    assert hands.window.overlay_panel.isVisible()
