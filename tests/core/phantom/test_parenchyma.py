import numpy as np

from core.phantom.parenchyma import (
    FISSURE_HU,
    above_oblique_fissure,
    fissure_distance,
    oblique_fissure,
    tissue_hu,
)
from core.phantom.subject import Subject
from tests.core.phantom.lung_spaces import plain_lungs

SPACE = plain_lungs()


def test_tissue_lies_where_a_full_breath_leaves_it():
    means = [tissue_hu(SPACE, Subject(seed))[SPACE.inside].mean() for seed in range(12)]
    assert min(means) > -915
    assert max(means) < -850
    assert 3 < np.std(means) < 20


def test_tissue_is_denser_at_the_back_by_gravity():
    shade = tissue_hu(SPACE, Subject(1))
    inside = SPACE.inside & (SPACE.pleura < -12)
    front, back = (inside & where for where in (SPACE.y < -40, SPACE.y > 40))
    assert 20 < shade[back].mean() - shade[front].mean() < 80


def test_the_oblique_fissure_runs_from_the_top_at_the_back_to_the_bottom_in_front():
    for side in (-1, 1):
        for y, z in ((75, -40), (40, -80), (80, 10)):
            assert not above_oblique_fissure(*np.array([[60.0 * side], [y], [z]]), side=side)
        for y, z in ((-60, 40), (0, 60), (-70, -40)):
            assert above_oblique_fissure(*np.array([[60.0 * side], [y], [z]]), side=side)
        sheet = oblique_fissure(
            np.array(60.0 * side), np.array([70.0, -60]), np.array([60.0, -85]), side=side
        )
        assert np.abs(sheet).max() < 14


def test_only_the_right_lung_has_a_horizontal_fissure():
    """In the front of the lungs at the middle, above the oblique fissure."""
    fissure = fissure_distance(SPACE, Subject(1))
    front = SPACE.inside & (SPACE.y < -30) & (np.abs(SPACE.z) < 25) & (np.abs(SPACE.x) > 25)
    assert fissure[front & (SPACE.x < 0)].min() < 3
    assert fissure[front & (SPACE.x > 0)].min() > 10


def test_a_fissure_stands_out_of_its_tissue():
    space = plain_lungs((2.0, 1.5, 1.5))
    shade = tissue_hu(space, Subject(1))
    sheet = fissure_distance(space, Subject(1))
    beside = space.inside & (sheet > 4) & (sheet < 9)
    rise = shade[space.inside & (sheet < 0.3)].mean() - shade[beside].mean()
    assert 0.6 * FISSURE_HU < rise < 1.1 * FISSURE_HU
