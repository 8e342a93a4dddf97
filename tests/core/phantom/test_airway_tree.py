import numpy as np
import pytest

from core.phantom.airway_tree import CLEAR_MM, ROOTS, grow_airways
from core.phantom.subject import Subject
from tests.core.phantom.lung_spaces import plain_lungs

SPACE = plain_lungs()


@pytest.mark.parametrize(("side", "segments"), [(-1, 10), (1, 8)])
def test_all_segments_are_reached(side, segments):
    for seed in range(5):
        assert grow_airways(SPACE, Subject(seed), side).segments == segments


@pytest.mark.parametrize("side", [-1, 1])
def test_bronchi_start_at_the_hilum_and_stay_clear_of_the_pleura(side):
    airways = grow_airways(SPACE, Subject(2), side)
    roots = [place for place, _ in ROOTS[side].values()]
    assert airways.nodes_mm[:2].tolist() == [list(place) for place in roots]
    leaves = np.setdiff1d(np.arange(len(airways.parent)), airways.parent)
    assert (SPACE.pleura_at(airways.nodes_mm[leaves]) < -CLEAR_MM + 3).all()
    assert (airways.nodes_mm[:, 0] * side > 0).all()


def test_bronchi_narrow_from_fork_to_fork_and_have_walls():
    airways = grow_airways(SPACE, Subject(2), -1)
    lumen, outline = airways.lumen(), airways.outline()
    assert (lumen.radii_mm[:, 1] <= lumen.radii_mm[:, 0] + 1e-9).mean() > 0.9
    wall = outline.radii_mm - lumen.radii_mm
    assert wall.min() > 0.449
    assert wall.max() < 1.5


def test_another_person_has_other_bronchi_and_the_same_person_the_same():
    one, same, other = (grow_airways(SPACE, Subject(seed), 1).nodes_mm for seed in (4, 4, 5))
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.allclose(one, other)


def test_three_generations_follow_every_segment():
    airways = grow_airways(SPACE, Subject(1), -1)
    assert 10 * 2 < len(airways.nodes_mm) <= 2 + 2 * 13 + 10 * (2 + 4 + 8)
