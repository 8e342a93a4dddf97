import numpy as np
import pytest

from core.phantom.coronaries import OVER_HEART_MM, arteries
from core.phantom.disease import draw_subject
from core.phantom.heart import Chamber, chambers, distance_at
from core.phantom.subject import Build, Diseases, Subject, Vessel

SUBJECTS = [
    Subject(1),
    Subject(2, diseases=Diseases(heart_scale=1.38)),
    Subject(3, build=Build(0.87, 0.9, 0.88, 10, 1, 28, 11, 1.4)),
    Subject(4, build=Build(1.08, 1.1, 1.05, 10, 0, 0, -11, 0.8)),
    *(draw_subject(seed) for seed in range(4)),
]


@pytest.mark.parametrize("subject", SUBJECTS, ids=range(len(SUBJECTS)))
def test_arteries_run_in_the_fat_over_the_heart(subject):
    heart = chambers(subject)
    for vessel in (Vessel.LAD, Vessel.LCX, Vessel.RCA):
        path = arteries(subject)[vessel].path_mm
        over = distance_at(path[len(path) // 4 :], heart)
        assert np.median(over) == pytest.approx(OVER_HEART_MM, abs=1.0), vessel
        assert over.min() > -2.0, vessel
        assert over.max() < 9.0, vessel


@pytest.mark.parametrize("subject", SUBJECTS, ids=range(len(SUBJECTS)))
def test_arteries_go_where_they_go_in_people(subject):
    paths = {vessel: artery.path_mm for vessel, artery in arteries(subject).items()}
    anterior, circumflex, right = (paths[v] for v in (Vessel.LAD, Vessel.LCX, Vessel.RCA))
    assert anterior[-1, 0] > anterior[0, 0] + 12  # to the apex: left, front and feet
    assert anterior[:, 1].min() < anterior[0, 1] - 15
    assert anterior[-1, 2] < anterior[0, 2] - 40
    assert circumflex[-1, 1] > circumflex[0, 1] + 30  # round to the back
    assert right[:, 0].min() < -10  # the only one on the patient's right
    assert right[-1, 2] < right[0, 2] - 50


@pytest.mark.parametrize("subject", SUBJECTS, ids=range(len(SUBJECTS)))
def test_arteries_have_the_lengths_of_people(subject):
    lengths = {
        vessel: np.linalg.norm(np.diff(artery.path_mm, axis=0), axis=1).sum()
        for vessel, artery in arteries(subject).items()
    }
    assert 10 < lengths[Vessel.LM] < 35
    assert 70 < lengths[Vessel.LAD] < 170
    assert 50 < lengths[Vessel.LCX] < 140
    assert 80 < lengths[Vessel.RCA] < 190


def test_both_left_arteries_begin_where_the_left_main_ends():
    found = arteries(Subject(1))
    for vessel in (Vessel.LAD, Vessel.LCX):
        assert found[vessel].path_mm[0] == pytest.approx(found[Vessel.LM].path_mm[-1])


def test_the_anterior_artery_is_as_near_to_one_ventricle_as_to_the_other():
    heart = chambers(Subject(1))
    path = arteries(Subject(1))[Vessel.LAD].path_mm[-25:]
    left, right = (
        heart[c].distance(path) for c in (Chamber.LEFT_VENTRICLE, Chamber.RIGHT_VENTRICLE)
    )
    assert np.abs(left - right).max() < 3.0


def test_arteries_and_grooves_taper():
    for artery in arteries(Subject(1)).values():
        assert (np.diff(artery.radii_mm) < 0).all()
        assert (artery.groove_mm > artery.radii_mm + 1.5).all()
