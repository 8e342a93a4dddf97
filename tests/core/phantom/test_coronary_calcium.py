from itertools import pairwise

import numpy as np
import pytest

from core.calcium.candidates import find_candidates
from core.phantom.coronaries import arteries
from core.phantom.coronary_calcium import GAP_MM, coronary_plaques
from core.phantom.disease import draw_subject
from core.phantom.frame import to_patient
from core.phantom.plaque_score import expected_agatston
from core.phantom.subject import Build, Diseases, Finding, Subject, Vessel
from tests.core.phantom.calcium_scans import scanned, with_agatston


@pytest.mark.parametrize("increment_mm", [3.0, 1.0])
@pytest.mark.parametrize("points", [15, 100, 2000])
def test_our_scorer_finds_the_intended_score(points, increment_mm):
    volume, _ = scanned(with_agatston(points), increment_mm)
    assert find_candidates(volume).agatston.sum() == pytest.approx(points, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("shift_mm", [0.7])
@pytest.mark.parametrize("increment_mm", [3.0, 1.0])
@pytest.mark.parametrize("seed", range(2, 5))
@pytest.mark.parametrize("points", [20, 60, 500])
def test_our_scorer_finds_the_intended_score_in_many(points, seed, increment_mm, shift_mm):
    volume, _ = scanned(with_agatston(points, seed), increment_mm, shift_mm=shift_mm)
    assert find_candidates(volume).agatston.sum() == pytest.approx(points, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("increment_mm", [3.0, 1.0])
@pytest.mark.parametrize("points", [5, 10])
def test_the_smallest_scores_hold_on_average_and_never_vanish(points, increment_mm):
    """A score of 5 is nine pixels in a single slice: 15 % are one pixel."""
    found = [
        find_candidates(scanned(with_agatston(points, seed), increment_mm)[0]).agatston.sum()
        for seed in range(6)
    ]
    assert np.mean(found) == pytest.approx(points, rel=0.15)
    assert all(0.6 * points < each < 1.4 * points for each in found)


def test_the_expected_scores_add_up_to_the_intended_ones():
    subject = draw_subject(11)
    amounts = subject.diseases.coronary_agatston
    assert amounts
    for vessel, points in amounts.items():
        own = [each for each in coronary_plaques(subject) if each.vessel is vessel]
        assert sum(each.agatston for each in own) == pytest.approx(points, abs=0.1)
        assert sum(expected_agatston(each) for each in own) == pytest.approx(points, rel=0.05)


@pytest.mark.parametrize("points", [5, 100, 1000])
def test_plaques_are_of_the_size_and_density_of_people(points):
    for plaque in coronary_plaques(with_agatston(points)):
        along, across, other = plaque.radii_mm
        assert plaque.finding is Finding.CORONARY_CALCIUM
        assert across == other < along
        assert 2 * across > 1.0
        assert 2 * along < 14
        assert 200 <= plaque.hu <= 1200


def test_more_points_are_more_and_larger_plaques():
    few, many = coronary_plaques(with_agatston(100)), coronary_plaques(with_agatston(1500))
    assert len(many) > 2 * len(few)
    assert sum(p.volume_mm3 for p in many) > 8 * sum(p.volume_mm3 for p in few)


def test_plaques_lie_in_their_artery_and_along_it():
    build = Build(width=0.9, depth=0.95, height=0.9, heart_turn_degrees=8)
    amounts = dict.fromkeys(Vessel, 200.0)
    subject = Subject(3, build=build, diseases=Diseases(coronary_agatston=amounts))
    paths = {v: to_patient(a.path_mm, build) for v, a in arteries(subject).items()}
    for plaque in coronary_plaques(subject):
        path = paths[plaque.vessel]
        apart = np.linalg.norm(path - plaque.centre_mm, axis=1)
        assert apart.min() < 1.0
        nearest = int(np.clip(apart.argmin(), 1, len(path) - 2))
        along = path[nearest + 1] - path[nearest - 1]
        assert abs(along @ plaque.axes[0]) / np.linalg.norm(along) > 0.9


def test_plaques_of_a_vessel_do_not_touch():
    own = [each for each in coronary_plaques(with_agatston(1200)) if each.vessel is Vessel.LAD]
    for one, other in pairwise(own):
        apart = np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm))
        assert apart > 0.8 * (one.radii_mm[0] + other.radii_mm[0]) + 0.3 * GAP_MM


def test_more_calcium_of_one_vessel_moves_no_plaque_of_another():
    one, other = (
        coronary_plaques(
            Subject(1, diseases=Diseases(coronary_agatston={Vessel.LAD: lad, Vessel.RCA: 80.0}))
        )
        for lad in (50.0, 500.0)
    )
    right = [[p for p in found if p.vessel is Vessel.RCA] for found in (one, other)]
    assert right[0] == right[1]
    assert right[0]


def test_no_calcium_is_no_plaque():
    assert coronary_plaques(Subject(1)) == ()
    assert coronary_plaques(Subject(1, diseases=Diseases(coronary_agatston={Vessel.LM: 0.0}))) == ()
