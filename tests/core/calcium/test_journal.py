"""A reading survives a crash, whatever was cut off."""

from dataclasses import replace

import pytest

from core.calcium.categories import VisualGrade
from core.calcium.edit_documents import edit_document, edit_of, edits_of
from core.calcium.edits import AddLasso, AddLesion, ConfirmZero, Cut, Grade, Remove, SetVessel
from core.calcium.journal import Journal, Kept
from core.calcium.reading import Reading
from core.calcium.rule import LOW_KVP_RULES, STANDARD, Rule
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
        AddLasso(((0.0, 1.0, 2.0), (3.0, 4.0, 5.0), (6.0, 7.0, 8.0)), Vessel.LM, through_mm=1.5),
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
        ([{"kind": "lasso", "vessel": "LM", "loop_mm": [], "through_mm": -1}], "not negative"),
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
    assert journal.kept().done


def test_undo_and_redo_are_kept_too(tmp_path):
    journal, _ = written(tmp_path)
    journal.add_undo()
    assert journal.restored(opened()).score().total.agatston == 40
    journal.add_redo()
    assert journal.restored(opened()).score().total.agatston == 70


def test_a_reading_that_began_anew_forgets_what_was_before(tmp_path):
    journal, _ = written(tmp_path)
    journal.add_clear()
    assert journal.kept() == Kept()
    journal.add(click(opened(), Vessel.LM, 2, 21, 7))
    assert journal.restored(opened()).score().total.agatston == 30


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_cut_off_by_a_crash_costs_only_itself(tmp_path, cut):
    journal, _ = written(tmp_path)
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert journal.restored(opened()).score().total.agatston == (70 if cut == 1 else 40)
    journal.add(click(opened(), Vessel.LM, 2, 21, 7))
    assert journal.restored(opened()).score().total.agatston == 70


STRICT = Rule("strict", cut_points_hu=(260, 300, 350, 400))


def test_a_change_of_rule_keeps_what_meets_nothing_by_it(tmp_path):
    journal, reading = written(tmp_path)
    journal.add_rule(STRICT)
    kept = journal.kept()
    assert kept.rule == STRICT
    assert kept.done == reading.edits
    strict = journal.restored(Reading(reading.volume, STRICT))
    assert [each.vessel for each in strict.marks.lesions] == [Vessel.RCA]
    assert strict.missed == reading.edits[:1]
    journal.add_rule(reading.rule)
    assert journal.restored(opened()).score() == reading.score()


def test_an_undo_takes_back_its_own_edit_though_an_earlier_one_meets_nothing(tmp_path):
    journal, reading = written(tmp_path)
    journal.add_rule(STRICT)
    journal.add_undo()
    strict = journal.restored(Reading(reading.volume, STRICT))
    assert strict.edits == reading.edits[:1]
    assert strict.marks.lesions == ()
    assert strict.again().marks.lesions[0].vessel is Vessel.RCA


def test_a_line_of_a_newer_version_keeps_its_place_and_is_counted(tmp_path):
    journal, reading = written(tmp_path)
    with journal.path.open("a") as file:
        file.write('{"kind": "hologram"}\n')
    journal.add_undo()
    kept = journal.kept()
    assert kept.done == reading.edits
    assert kept.not_understood == 0, "it was undone"
    journal.add_redo()
    kept = journal.kept()
    assert (kept.done, kept.not_understood) == (reading.edits, 1)


def test_whatever_byte_a_kill_cuts_at_nothing_before_it_is_lost(tmp_path):
    """With a change of rule, undo and redo between the edits."""
    journal, reading = written(tmp_path)
    seen = [journal.kept()]
    for step in (
        lambda: journal.add_rule(STRICT),
        journal.add_undo,
        journal.add_redo,
        lambda: journal.add_rule(reading.rule),
        lambda: journal.add(Grade(VisualGrade.MILD)),
    ):
        step()
        seen.append(journal.kept())
    whole = journal.path.read_bytes()
    first = whole.index(b"rule") - len(b'{"kind": "')
    cut = Journal(tmp_path / "cut.jsonl")
    found = []
    for length in range(first, len(whole) + 1):
        cut.path.write_bytes(whole[:length])
        found.append(cut.kept())
    assert all(each in seen for each in found)
    order = [seen.index(each) for each in dict.fromkeys(found)]
    assert [found[0], found[-1]] == [seen[0], seen[-1]]
    assert order == sorted(order)


def test_a_whole_history_takes_the_place_of_what_stood_before(tmp_path):
    journal, reading = written(tmp_path)
    now = reading.before().replayed(rule=STRICT)
    journal.add_whole(now)
    expected = Kept(STRICT, reading.edits[:1], reading.edits[1:])
    assert journal.kept() == expected
    journal.path.write_bytes(journal.path.read_bytes()[:-9])
    assert journal.kept() == Kept(done=reading.edits), "half a line changes nothing"


def test_nothing_of_the_patient_is_in_the_journal(tmp_path):
    journal, _ = written(tmp_path)
    assert "1.2.3" not in journal.path.name
    assert b"1.2.3" not in journal.path.read_bytes()


def test_an_unread_series_has_nothing_to_restore(tmp_path):
    journal = Journal.of_series(tmp_path, "9.9")
    assert journal.kept() == Kept()
    assert journal.restored(opened()).edits == ()


def test_a_place_that_takes_no_files_is_said_in_words(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ReportError, match="cannot be kept"):
        Journal.of_series(tmp_path / "file" / "calcium", "1.2.3")


def test_another_rule_is_kept_until_the_reading_begins_anew(tmp_path):
    journal = Journal.of_series(tmp_path, "1.2.3")
    assert journal.kept().rule == STANDARD
    rule = replace(LOW_KVP_RULES["100 kVp (145/222/334/446)"], connectivity=4)
    journal.add_rule(rule)
    assert Journal.of_series(tmp_path, "1.2.3").kept().rule == rule
    journal.add_clear()
    assert journal.kept().rule == STANDARD


def test_a_rule_that_cannot_be_understood_is_left_out(tmp_path):
    journal = Journal.of_series(tmp_path, "1.2.3")
    journal.path.write_text('{"kind": "rule", "name": "x"}\n{"kind": "rule", "cut_points_hu": 3}\n')
    assert journal.kept() == Kept(not_understood=2)
