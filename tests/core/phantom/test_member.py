from core.phantom.disease import draw_subject
from core.phantom.member import draw_member
from core.phantom.outcome import draw_outcome


def test_a_person_follows_from_the_cohorts_seed_and_the_number():
    assert draw_member(7, 12) == draw_member(7, 12)
    assert draw_member(7, 12).subject == draw_subject(7_000_012)
    assert draw_member(7, 12).outcome == draw_outcome(draw_subject(7_000_012))


def test_people_of_two_cohorts_are_others():
    ids = {draw_member(seed, number).patient_id for seed in (0, 1, 2) for number in range(50)}
    assert len(ids) == 150
    assert draw_member(1, 5).patient_id == "P001000005"
