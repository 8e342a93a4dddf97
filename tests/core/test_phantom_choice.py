from dataclasses import replace

import pytest

from core.errors import CohortError
from core.phantom.member import Part, draw_member
from core.phantom.outcome import CARDIAC_OR_RESPIRATORY, Cause
from core.phantom_choice import consecutive, matched


@pytest.fixture(scope="module")
def sample():
    return matched(90, 4)


def of(members, part):
    return [member for member in members if member.part is part]


def test_consecutive_people_are_the_first_of_the_seed():
    people = consecutive(5, 9)
    assert people == tuple(draw_member(9, number) for number in range(5))
    assert {member.part for member in people} == {Part.EVERYONE}


def test_a_third_are_cases_and_a_twelfth_on_top_is_held_out(sample):
    assert [len(of(sample, part)) for part in (Part.CASE, Part.CONTROL, Part.HELD_OUT)] == [
        30,
        60,
        7,
    ]
    assert len({member.patient_id for member in sample}) == 97


def test_every_part_has_the_outcomes_it_is_for(sample):
    assert all(m.outcome.cause in CARDIAC_OR_RESPIRATORY for m in of(sample, Part.CASE))
    assert not any(m.outcome.event for m in of(sample, Part.CONTROL))
    assert all(m.outcome.cause is Cause.LUNG_CANCER for m in of(sample, Part.HELD_OUT))


def test_controls_are_alike_in_age_sex_and_smoking(sample):
    cases, controls = of(sample, Part.CASE), of(sample, Part.CONTROL)
    for case in cases:
        assert case.matched_set == case.patient_id
        own = [control for control in controls if control.matched_set == case.patient_id]
        assert len(own) == 2
        for control in own:
            assert control.subject.sex is case.subject.sex
            assert abs(control.subject.age_years - case.subject.age_years) <= 5
            assert abs(control.subject.pack_years - case.subject.pack_years) <= 10
    assert {member.matched_set for member in of(sample, Part.HELD_OUT)} == {""}
    men = [sum(m.subject.sex == "male" for m in group) for group in (cases, controls)]
    assert men[1] == 2 * men[0]


def test_the_same_seed_chooses_the_same_people_and_another_others(sample):
    assert matched(90, 4) == sample
    assert {m.patient_id for m in matched(90, 5)}.isdisjoint(m.patient_id for m in sample)


def test_too_few_for_one_case_are_refused():
    with pytest.raises(CohortError, match="at least 3 people, found 2"):
        matched(2, 1)


def test_who_belongs_to_whom_is_no_part_of_what_tells_cohorts_apart(sample):
    """Folders of a cohort that was begun before sets were named must still be gone on with."""
    assert repr(replace(sample[0], matched_set="another")) == repr(sample[0])
