"""A reading survives a crash, whatever was cut off."""

from dataclasses import replace

import pytest

from core.calcium.categories import VisualGrade
from core.calcium.edit_documents import edit_document, edit_of, edits_of
from core.calcium.edits import AddLasso, AddLesion, ConfirmZero, Cut, Grade, Remove, SetVessel
from core.calcium.journal import Journal
from core.calcium.reading import Reading
from core.calcium.rule import LOW_KVP_RULES
from core.calcium.scores import Vessel
from core.errors import ReportError, SeriesError
from tests.core.calcium.blocks import at, scan

BLOCKS = [
    (slice(1, 3), slice(5, 7), slice(5, 10), 250),
    (slice(2, 3), slice(20, 22), slice(5, 10), 350),
]


def opened():
    return Reading(scan(BLOCKS))


def click(reading, vessel, *index):
    x, y, z = at(reading.volume, index)
    return AddLesion((float(x), float(y), float(z)), vessel, by="AB", at="2026-01-01T10:00:00")


@pytest.mark.parametrize(
    "edit",
    [
        AddLesion((1.5, -2.25, 3.0), Vessel.LAD, only_slice=True, by="AB", at="2026-01-01"),
        AddLasso(((0.0, 1.0, 2.0), (3.0, 4.0, 5.0), (6.0, 7.0, 8.0)), Vessel.OTHER),
        SetVessel((1.0, 2.0, 3.0), Vessel.RCA),
        Remove((1.0, 2.0, 3.0)),
        Cut((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
        ConfirmZero("AB"),
        Grade(VisualGrade.MODERATE),
    ],
)
def test_every_edit_survives_the_way_through_json(edit):
    assert edit_of(edit_document(edit)) == edit


def test_a_mark_of_the_command_line_is_a_click():
    assert edits_of([{"vessel": "LAD", "point_mm": [1, 2, 3]}]) == (
        AddLesion((1.0, 2.0, 3.0), Vessel.LAD),
    )


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"vessel": "LAD"}, "one JSON list"),
        ([3], "Mark 1 .* an object was expected"),
        ([{"vessel": "LAX", "point_mm": [1, 2, 3]}], "LM, LAD, LCX, RCA, other, found 'LAX'"),
        ([{"vessel": "LAD", "point_mm": [1, 2]}], "three numbers"),
        ([{"vessel": "LAD", "point_mm": [1, 2, float("nan")]}], "three numbers"),
        ([{"vessel": "LAD", "point_mm": "123"}], "three numbers"),
        ([{"kind": "erase", "point_mm": [1, 2, 3]}], "kind must be one of"),
        ([{"kind": "grade", "grade": 4}], "0, 1, 2 or 3"),
        ([{"vessel": "LAD", "point_mm": [1, 2, 3], "only_slice": 1}], "true or false"),
    ],
)
def test_a_wrong_mark_is_named_with_its_number_and_what_was_expected(marks, words):
    with pytest.raises(SeriesError, match=words):
        edits_of(marks)


def written(tmp_path):
    journal = Journal.of_series(tmp_path / "calcium", "1.2.3")
    reading = opened()
    for edit in (click(reading, Vessel.LAD, 1, 6, 7), click(reading, Vessel.RCA, 2, 21, 7)):
        reading = reading.edited(edit)
        journal.add(edit)
    return journal, reading


def test_a_reading_comes_back_as_it_was(tmp_path):
    journal, reading = written(tmp_path)
    again = Journal.of_series(tmp_path / "calcium", "1.2.3").restored(opened())
    assert again.edits == reading.edits
    assert again.score().total.agatston == 70
    assert journal.has_edits


def test_undo_and_redo_are_kept_too(tmp_path):
    journal, _ = written(tmp_path)
    journal.add_undo()
    assert journal.restored(opened()).score().total.agatston == 40
    journal.add_redo()
    assert journal.restored(opened()).score().total.agatston == 70


def test_a_reading_that_began_anew_forgets_what_was_before(tmp_path):
    journal, _ = written(tmp_path)
    journal.add_clear()
    assert not journal.has_edits
    journal.add(click(opened(), Vessel.LM, 2, 21, 7))
    assert journal.restored(opened()).score().total.agatston == 30


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_cut_off_by_a_crash_costs_only_itself(tmp_path, cut):
    journal, _ = written(tmp_path)
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert journal.restored(opened()).score().total.agatston == (70 if cut == 1 else 40)
    journal.add(click(opened(), Vessel.LM, 2, 21, 7))
    assert journal.restored(opened()).score().total.agatston == 70


def test_nothing_of_the_patient_is_in_the_journal(tmp_path):
    journal, _ = written(tmp_path)
    assert "1.2.3" not in journal.path.name
    assert b"1.2.3" not in journal.path.read_bytes()


def test_an_unread_series_has_nothing_to_restore(tmp_path):
    journal = Journal.of_series(tmp_path, "9.9")
    assert not journal.has_edits
    assert journal.restored(opened()).edits == ()


def test_a_place_that_takes_no_files_is_said_in_words(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ReportError, match="cannot be kept"):
        Journal.of_series(tmp_path / "file" / "calcium", "1.2.3")


def test_another_rule_is_kept_until_the_reading_begins_anew(tmp_path):
    journal = Journal.of_series(tmp_path, "1.2.3")
    assert journal.rule is None
    rule = replace(LOW_KVP_RULES["100 kVp (145/222/334/446)"], connectivity=4)
    journal.add_rule(rule)
    assert Journal.of_series(tmp_path, "1.2.3").rule == rule
    journal.add_clear()
    assert journal.rule is None


def test_a_rule_that_cannot_be_understood_is_left_out(tmp_path):
    journal = Journal.of_series(tmp_path, "1.2.3")
    journal.path.write_text('{"kind": "rule", "name": "x"}\n{"kind": "rule", "cut_points_hu": 3}\n')
    assert journal.rule is None
