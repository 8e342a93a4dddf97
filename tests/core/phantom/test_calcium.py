import time
from dataclasses import replace

from core.phantom.calcium import plaques
from core.phantom.disease import draw_subject
from core.phantom.subject import Diseases, Finding, Subject

ALL = Diseases(
    coronary_agatston=draw_subject(11).diseases.coronary_agatston,
    aortic_calcium_mm3=300.0,
    valve_calcium_mm3=100.0,
)


def test_a_person_has_plaques_of_all_three_kinds_always_the_same():
    found = plaques(Subject(3, diseases=ALL))
    assert {each.finding for each in found} == {
        Finding.CORONARY_CALCIUM,
        Finding.AORTIC_CALCIUM,
        Finding.VALVE_CALCIUM,
    }
    assert plaques(Subject(3, diseases=ALL)) == found
    assert plaques(Subject(4, diseases=ALL)) != found


def test_other_diseases_move_no_plaque():
    found = plaques(Subject(3, diseases=ALL))
    sicker = replace(ALL, centrilobular=0.2, fibrosis=0.1, nodule_mm=20.0, vertebral_hu=80.0)
    assert plaques(Subject(3, diseases=sicker)) == found


def test_a_healthy_person_has_none_and_is_quick():
    start = time.process_time()
    assert plaques(Subject(1)) == ()
    assert time.process_time() - start < 0.1
