"""Mouse and keys in calcium mode, on blocks whose points are worked out by hand."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.calcium.scores import Vessel
from tests.viewer.calcium.small_scan import (
    BONE,
    DENSE,
    DENSE_POINTS,
    FAINT,
    FAINT_POINTS,
    LONG,
    LONG_POINTS,
    MILD,
    MILD_POINTS,
    PIXEL_MM2,
)

pytestmark = pytest.mark.gui
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def table(hands):
    return hands.window.calcium.panel.table.rows()


def row(hands, name):
    return next(each for each in table(hands) if each[0].split("  ")[0] == name)


def test_a_click_adds_the_whole_lesion_to_the_vessel_and_the_table_shows_it(hands):
    hands.press(Qt.Key.Key_R)
    hands.click(DENSE)
    assert hands.vessels() == {"RCA": 1}
    assert hands.total() == pytest.approx(DENSE_POINTS, abs=1e-9)
    assert row(hands, "RCA") == ("RCA  1", "35.3", "26", "450", "")
    assert row(hands, "1") == ("1", "35.3", "26", "450", "6–7")
    assert row(hands, "Total, coronary")[1] == "35.3"


def test_alt_and_click_adds_the_part_of_this_slice_only(hands):
    hands.click(DENSE, ALT)
    assert hands.total() == pytest.approx(DENSE_POINTS / 2, abs=1e-9)


def test_a_click_on_what_is_marked_removes_it_and_another_vessel_takes_it_over(hands):
    hands.press(Qt.Key.Key_W)
    hands.click(DENSE)
    hands.press(Qt.Key.Key_Q)
    hands.click(DENSE)
    assert hands.vessels() == {"LM": 1}
    hands.click(DENSE)
    assert hands.vessels() == {}
    assert hands.total() == 0


def test_two_clicks_soon_after_each_other_are_two_clicks(hands):
    hands.click(DENSE)
    assert hands.vessels() == {"LAD": 1}
    at, left = hands.at(DENSE), Qt.MouseButton.LeftButton
    QTest.mouseDClick(hands.view, left, pos=at)
    QTest.mouseRelease(hands.view, left, pos=at)
    assert hands.window.session.state.view.maximised is None
    assert hands.vessels() == {}


def test_delete_removes_the_lesion_under_the_cursor_alone(hands):
    hands.click(DENSE)
    hands.click(MILD)
    hands.move_to(DENSE)
    hands.press(Qt.Key.Key_Delete)
    assert hands.total() == pytest.approx(MILD_POINTS, abs=1e-9)


def test_what_is_not_coronary_is_listed_and_not_in_the_total(hands):
    hands.press(Qt.Key.Key_T)
    hands.click(DENSE)
    assert row(hands, "other")[1] == "35.3"
    assert hands.total() == 0


def test_undo_and_redo_take_every_edit_back_and_make_it_again(hands):
    hands.click(DENSE)
    hands.press(Qt.Key.Key_R)
    hands.click(DENSE)
    hands.click(MILD)
    hands.press(Qt.Key.Key_L)
    hands.drag([(5, 55, 15), (5, 55, 27), (5, 67, 27), (5, 67, 15)])
    seen = [table(hands)]
    for _ in range(4):
        hands.press(Qt.Key.Key_Z, CTRL)
        seen.append(table(hands))
    assert hands.vessels() == {}
    assert len({str(each) for each in seen}) == 5
    for expected in seen[-2::-1]:
        hands.press(Qt.Key.Key_Z, CTRL | SHIFT)
        assert table(hands) == expected
    hands.press(Qt.Key.Key_Z, CTRL)
    hands.press(Qt.Key.Key_Y, CTRL)
    assert table(hands) == seen[0]


LOOP = [(5, 15, 15), (5, 15, 47), (5, 27, 47), (5, 27, 15)]


@pytest.mark.parametrize("with_shift", [False, True])
def test_a_lasso_takes_what_has_its_centre_inside(hands, with_shift):
    if with_shift:
        hands.drag(LOOP, SHIFT)
    else:
        hands.press(Qt.Key.Key_L)
        hands.drag(LOOP)
    assert hands.vessels() == {"LAD": 2}
    assert hands.total() == pytest.approx(DENSE_POINTS + MILD_POINTS, abs=1e-9)


def test_a_cut_parts_a_lesion_and_one_part_goes_to_another_vessel(hands):
    hands.click(LONG)
    hands.press(Qt.Key.Key_K)
    hands.drag([(5, 34, 56.5), (5, 47, 56.5)])
    assert hands.vessels() == {"LAD": 2}
    assert hands.total() == pytest.approx(LONG_POINTS, abs=1e-9)
    hands.press(Qt.Key.Key_Escape)
    hands.press(Qt.Key.Key_Q)
    hands.click((5, 40, 52))
    scores = hands.state.score.vessels
    assert scores[Vessel.LM].agatston == pytest.approx(14 * PIXEL_MM2 * 3, abs=1e-9)
    assert scores[Vessel.LAD].agatston == pytest.approx(14 * PIXEL_MM2 * 3, abs=1e-9)


def test_escape_puts_the_tool_away_and_stays_in_the_mode(hands):
    hands.press(Qt.Key.Key_K)
    assert hands.state.tool == "cut"
    hands.press(Qt.Key.Key_Escape)
    assert hands.state.tool == "click"
    assert hands.state.active


def test_a_plain_drag_windows_the_picture_and_marks_nothing(hands):
    before = hands.window.session.state.view.window
    hands.drag([DENSE, (5, 60, 60)])
    assert hands.window.session.state.view.window != before
    assert hands.vessels() == {}


def test_a_click_beside_everything_only_moves_the_crosshair(hands):
    hands.click((5, 50, 30))
    assert hands.vessels() == {}
    assert hands.window.session.state.view.crosshair_mm == pytest.approx(
        hands.point_mm((5, 50, 30)), abs=0.7
    )


def test_bone_is_told_and_never_taken(hands):
    hands.move_to(BONE)
    assert hands.state.hovered.words == "bone: not scored"
    hands.click(BONE)
    assert hands.vessels() == {}
    assert "no calcium" in hands.state.note
    hands.click(DENSE)
    assert hands.state.note == ""


def test_the_chip_says_what_a_click_will_add(hands):
    hands.press(Qt.Key.Key_W)
    hands.move_to(DENSE)
    assert hands.state.hovered.words == "LAD? 4.4 mm² · max 450 HU · +35.3"
    hands.move_to((5, 50, 30))
    assert hands.state.hovered is None
    hands.move_to((5, 21, 24.6))  # 1.1 mm beside it
    assert hands.state.hovered.words.startswith("LAD?")


def test_the_second_reader_lists_what_was_left_and_goes_there(hands):
    second = hands.window.calcium.panel.second.list

    def words():
        return [second.item(k).text() for k in range(second.count())]

    # what is too large for calcium leads the list where no heart region is known
    assert [each.agatston for each in hands.state.left_over][1:] == pytest.approx(
        [LONG_POINTS, DENSE_POINTS, MILD_POINTS, FAINT_POINTS], abs=1e-9
    )
    hands.click(DENSE)
    assert not any(each.startswith("+35.3") for each in words())
    place = next(k for k, each in enumerate(words()) if each.startswith(f"+{FAINT_POINTS:.1f}"))
    at = second.visualItemRect(second.item(place)).center()
    QTest.mouseClick(second.viewport(), Qt.MouseButton.LeftButton, pos=at)
    geometry = hands.window.session.state.volume.geometry
    index = geometry.to_index(hands.window.session.state.view.crosshair_mm)
    assert index == pytest.approx(FAINT, abs=1.01)


def test_n_goes_from_the_largest_unmarked_to_the_next(hands):
    left = hands.state.left_over
    seen = []
    for _ in range(3):
        hands.press(Qt.Key.Key_N)
        seen.append(hands.window.session.state.view.crosshair_mm)
    assert seen == [pytest.approx(each.point_mm) for each in left[:3]]


def test_a_click_in_the_table_goes_to_the_lesion(hands):
    hands.click(DENSE)
    hands.at((2, 2, 2))
    tree = hands.window.calcium.panel.table
    item = tree.topLevelItem(1).child(0)
    at: QPoint = tree.visualItemRect(item).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    geometry = hands.window.session.state.volume.geometry
    index = geometry.to_index(hands.window.session.state.view.crosshair_mm)
    assert index == pytest.approx(DENSE, abs=1.6)


def test_the_note_on_a_click_goes_with_its_slice(hands):
    hands.click(BONE)
    assert hands.state.note
    hands.move_to((5, 50, 30))
    assert hands.state.note, "it stays in its slice"
    hands.at((3, 50, 30))
    assert hands.state.note == ""


def test_the_rule_is_said_in_numbers_of_this_scan(hands):
    words = hands.window.calcium.panel.rule.words.text()
    assert "From 130 HU and 1 mm² (3 px)" in words, "0.49 mm2 a pixel"
    assert "times 3 mm / 3 mm" in words


def test_what_no_number_is_given_for_is_said(hands):
    hands.click(DENSE)
    beside = hands.window.calcium.panel.beside.text()
    assert "Mass: not calibrated" in beside
    assert "Percentile: no reference table" in beside
