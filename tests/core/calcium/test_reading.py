"""A reading is its edits: replayed, undone, redone, they give the same numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calcium.categories import VisualGrade
from core.calcium.edits import (
    AddLasso,
    AddLesion,
    ConfirmZero,
    Cut,
    Grade,
    Remove,
    SetVessel,
)
from core.calcium.reading import Reading
from core.calcium.rule import Rule
from core.calcium.scores import Vessel
from core.errors import SeriesError
from tests.core.calcium.blocks import at, scan

LAD_BLOCK = (slice(1, 3), slice(5, 7), slice(5, 10), 250)  # 2 x 20 points
RCA_BLOCK = (slice(2, 3), slice(20, 22), slice(5, 10), 350)  # 30 points
LONG_BLOCK = (slice(2, 4), slice(30, 32), slice(5, 25), 250)  # 2 x 80 points


def opened():
    return Reading(scan([LAD_BLOCK, RCA_BLOCK, LONG_BLOCK]))


def point(reading, *index):
    x, y, z = at(reading.volume, index)
    return float(x), float(y), float(z)


def test_clicks_add_up_by_vessel():
    reading = opened()
    reading = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    reading = reading.edited(AddLesion(point(reading, 2, 21, 7), Vessel.RCA))
    found = reading.score()
    assert found.vessels[Vessel.LAD].agatston == 40
    assert found.vessels[Vessel.RCA].agatston == 30
    assert found.total.agatston == 70


def test_the_same_lesion_is_never_counted_twice():
    reading = opened()
    once = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    with pytest.raises(SeriesError, match="not marked yet"):
        once.edited(AddLesion(point(reading, 2, 5, 9), Vessel.LM))


def test_this_slice_only_leaves_the_rest_for_a_second_click():
    reading = opened()
    reading = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LM, only_slice=True))
    assert reading.score().total.agatston == 20
    reading = reading.edited(AddLesion(point(reading, 2, 6, 7), Vessel.LAD))
    assert reading.score().vessels[Vessel.LAD].agatston == 20
    assert reading.score().total.agatston == 40


def test_a_lesion_changes_its_vessel_and_can_be_removed():
    reading = opened()
    reading = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    moved = reading.edited(SetVessel(point(reading, 2, 5, 5), Vessel.OTHER))
    assert moved.score().total.agatston == 0
    assert moved.score().vessels[Vessel.OTHER].agatston == 40
    assert not moved.edited(Remove(point(reading, 1, 6, 7))).marks.lesions


def test_a_lasso_takes_what_lies_inside():
    reading = opened()
    loop = tuple(
        point(reading, 2, row, column) for row, column in ((3, 3), (3, 12), (25, 12), (25, 3))
    )
    found = reading.edited(AddLasso(loop, Vessel.LCX)).score()
    assert found.vessels[Vessel.LCX].agatston == 70
    far = tuple(point(reading, 2, row, column) for row, column in ((0, 30), (0, 35), (4, 35)))
    with pytest.raises(SeriesError, match="within the loop"):
        reading.edited(AddLasso(far, Vessel.LCX))


def test_a_lasso_on_an_average_takes_the_slices_that_it_shows_and_no_others():
    reading = opened()
    corners = ((0, 3, 3), (0, 3, 12), (0, 9, 12), (0, 9, 3))  # the lesion lies in 1 and 2
    loop = tuple(point(reading, *corner) for corner in corners)
    with pytest.raises(SeriesError):
        reading.edited(AddLasso(loop, Vessel.LAD))
    with pytest.raises(SeriesError):
        reading.edited(AddLasso(loop, Vessel.LAD, through_mm=2.9))
    assert reading.edited(AddLasso(loop, Vessel.LAD, through_mm=3.0)).score().total.agatston == 40


def test_a_cut_parts_a_lesion_and_keeps_its_voxels():
    reading = opened()
    reading = reading.edited(AddLesion(point(reading, 2, 31, 7), Vessel.LM))
    whole = reading.score().total
    cut = Cut(point(reading, 2, 28, 14.5), point(reading, 2, 34, 14.5))
    parted = reading.edited(cut)
    assert len(parted.marks.lesions) == 2
    assert parted.score().total.agatston == whole.agatston == 160
    moved = parted.edited(SetVessel(point(reading, 3, 31, 22), Vessel.LAD))
    assert moved.score().vessels[Vessel.LAD].agatston == 80
    assert moved.score().vessels[Vessel.LM].agatston == 80
    beside = Cut(point(reading, 2, 28, 30), point(reading, 2, 34, 30))
    with pytest.raises(SeriesError, match="under the line"):
        reading.edited(beside)


def test_zero_is_a_finding_that_a_reader_confirms():
    reading = opened()
    with pytest.raises(SeriesError, match="initials"):
        reading.edited(ConfirmZero(" "))
    confirmed = reading.edited(ConfirmZero("AB"))
    assert confirmed.marks.zero_confirmed_by == "AB"
    marked = confirmed.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    assert marked.marks.zero_confirmed_by == ""
    with pytest.raises(SeriesError, match="while coronary lesions are marked"):
        marked.edited(ConfirmZero("AB"))


def test_the_visual_grade_is_the_readers():
    assert opened().edited(Grade(VisualGrade.SEVERE)).marks.grade is VisualGrade.SEVERE


def test_edits_replay_by_another_rule():
    reading = opened()
    reading = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    assert reading.replayed(rule=Rule(cut_points_hu=(260, 300, 350, 400))).marks.lesions == ()
    assert (
        reading.replayed(rule=Rule(cut_points_hu=(120, 150, 300, 400))).score().total.agatston == 40
    )


def test_edits_that_meet_nothing_are_given_back():
    reading = opened()
    nothing = AddLesion(point(reading, 5, 0, 39), Vessel.LAD)
    after, missed = reading.with_edits([nothing, AddLesion(point(reading, 1, 6, 7), Vessel.LAD)])
    assert missed == after.missed == (nothing,)
    assert len(after.edits) == 2, "it keeps its place, so that undo takes back one by one"
    assert after.score().total.agatston == 40


STRICT = Rule(cut_points_hu=(260, 300, 350, 400))
"""By which the 250 HU of the first block are no calcium."""


def test_an_edit_that_meets_nothing_by_another_rule_comes_back_with_the_old_one():
    reading = opened()
    clicks = [
        AddLesion(point(reading, *index), vessel)
        for index, vessel in (((1, 6, 7), Vessel.LAD), ((2, 21, 7), Vessel.RCA))
    ]
    for edit in clicks:
        reading = reading.edited(edit)
    strict = reading.replayed(rule=STRICT)
    assert strict.missed == (clicks[0],)
    assert [each.vessel for each in strict.marks.lesions] == [Vessel.RCA]
    back = strict.replayed(rule=reading.rule)
    assert back.edits == tuple(clicks)
    assert back.missed == ()
    assert back.score() == reading.score()


def test_undo_and_redo_go_on_through_a_change_of_rule():
    reading = opened()
    for index, vessel in (((1, 6, 7), Vessel.LAD), ((2, 21, 7), Vessel.RCA)):
        reading = reading.edited(AddLesion(point(reading, *index), vessel))
    strict = reading.before().replayed(rule=STRICT)
    assert strict.again().score().total.agatston == 30, "what was undone waits there too"
    assert strict.before().edits == ()
    assert strict.before().again().missed == strict.missed
    assert strict.again().replayed(rule=reading.rule).score() == reading.score()


def test_what_was_measured_is_remembered_and_never_for_another_rule():
    reading = opened()
    reading = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    (lesion,) = reading.marks.lesions
    found = reading.measured(lesion)
    later = reading.edited(AddLesion(point(reading, 2, 21, 7), Vessel.RCA))
    assert later.measured(lesion) is found
    assert later.before().measured(lesion) is found
    assert found.agatston == 40
    stricter = replace(reading, rule=Rule(cut_points_hu=(130, 260, 300, 400)))
    assert stricter.measured(lesion).agatston == 20
    assert stricter.score().total.agatston == 20
    assert reading.score().total.agatston == 40
    calibrated = replace(reading, calibration_mg_per_mm3_hu=0.01)
    assert calibrated.measured(lesion).mass_mg == pytest.approx(0.01 * 60 * 250)
    thin = replace(reading, volume=scan([LAD_BLOCK], spacing_mm=(1.5, 1.0, 1.0)))
    assert thin.score().total.agatston == 20


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "vessel"]), st.integers(0, 2), st.sampled_from(Vessel)
    ),
    max_size=8,
)


@given(EDITS, st.integers(0, 8))
@settings(max_examples=30, deadline=None)
def test_undo_and_redo_give_back_what_was(steps, times):
    reading = opened()
    places = [point(reading, *index) for index in ((1, 6, 7), (2, 21, 7), (2, 31, 7))]
    for kind, which, vessel in steps:
        edit = {
            "add": AddLesion(places[which], vessel),
            "remove": Remove(places[which]),
            "vessel": SetVessel(places[which], vessel),
        }[kind]
        reading, _ = reading.with_edits([edit])
    back = reading
    for _ in range(times):
        back = back.before()
    again = back
    for _ in range(times):
        again = again.again()
    assert again.edits == reading.edits
    assert again.score().total.agatston == reading.score().total.agatston
    voxels = [tuple(v) for lesion in again.marks.lesions for v in lesion.voxels.tolist()]
    assert len(voxels) == len(set(voxels))


def test_undoing_nothing_changes_nothing():
    reading = opened()
    assert reading.before() is reading
    assert reading.again() is reading


def test_a_new_edit_forgets_what_was_undone():
    reading = opened()
    first = reading.edited(AddLesion(point(reading, 1, 6, 7), Vessel.LAD))
    other = first.before().edited(AddLesion(point(reading, 2, 21, 7), Vessel.RCA))
    assert other.again() is other
    assert np.isclose(other.score().total.agatston, 30)


def test_a_confirmed_zero_ends_where_a_lesion_becomes_coronary():
    reading = opened().edited(AddLesion(point(opened(), 1, 6, 7), Vessel.OTHER))
    confirmed = reading.edited(ConfirmZero("AB"))
    moved = confirmed.edited(SetVessel(point(reading, 1, 6, 7), Vessel.LAD))
    assert moved.marks.zero_confirmed_by == ""
