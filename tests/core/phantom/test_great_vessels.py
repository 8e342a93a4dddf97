import numpy as np
import pytest

from core.phantom.cage import spine_y
from core.phantom.disease import draw_subject
from core.phantom.great_vessels import Trunk, great_vessels
from core.phantom.subject import Build, Diseases, Sex, Subject

PEOPLE = [Subject(seed) for seed in range(40)]


def diameter_at(tube, z_mm, *, ascending):
    """Of the aorta where it crosses a height, on its way up or down."""
    top = int(tube.path_mm[:, 2].argmax())
    limb = slice(0, top) if ascending else slice(top, None)
    near = np.abs(tube.path_mm[limb, 2] - z_mm).argmin()
    return 2 * tube.radii_mm[limb][near]


def test_the_aorta_has_the_calibre_of_people():
    """Ascending 28 to 40 mm, descending 19 to 30 mm: Wolak et al., JACC Img 2008;1:200."""
    tubes = [great_vessels(person)[Trunk.AORTA] for person in PEOPLE]
    ascending = [diameter_at(tube, 20, ascending=True) for tube in tubes]
    descending = [diameter_at(tube, 10, ascending=False) for tube in tubes]
    assert 26 < min(ascending) < max(ascending) < 41
    assert 18 < min(descending) < max(descending) < 31
    assert 30 < np.mean(ascending) < 36


def test_the_aorta_is_wider_in_the_old_and_in_men():
    def width(**person):
        return great_vessels(Subject(5, **person))[Trunk.AORTA].radii_mm.mean()

    assert width(age_years=75) > width(age_years=55)
    assert width(sex=Sex.MALE) > width(sex=Sex.FEMALE)


def test_the_aorta_rises_in_front_and_descends_on_the_left_of_the_spine():
    path = great_vessels(Subject(1))[Trunk.AORTA].path_mm
    top = int(path[:, 2].argmax())
    assert 0.15 < top / len(path) < 0.45
    assert path[0, 1] < 0 < path[-1, 1]
    assert (path[top + 8 :, 0] > 0).all()


def test_a_bent_spine_takes_the_descending_aorta_with_it():
    straight, bent = (
        great_vessels(Subject(1, build=Build(kyphosis=k)))[Trunk.AORTA].path_mm for k in (1.0, 1.5)
    )
    middle = slice(-25, -12)
    assert (bent[middle, 1] > straight[middle, 1] + 1).all()
    assert bent[:6] == pytest.approx(straight[:6], abs=1.0)


def test_the_azygos_vein_lies_on_the_front_of_the_spine():
    path = great_vessels(Subject(1))[Trunk.AZYGOS].path_mm
    below = path[path[:, 2] < 20]
    assert (np.abs(below[:, 0] + 7) < 6).all()
    front = spine_y(below[:, 2]) - 17
    assert (np.abs(below[:, 1] - front) < 9).all()


def test_a_failing_heart_widens_the_pulmonary_arteries():
    healthy, failing = (
        great_vessels(Subject(1, diseases=Diseases(heart_scale=size)))[Trunk.PULMONARY_LEFT]
        for size in (1.0, 1.3)
    )
    assert failing.radii_mm.mean() == pytest.approx(1.18 * healthy.radii_mm.mean(), rel=0.02)


def test_vessels_end_at_the_hila_whatever_the_person():
    for seed in range(10):
        tubes = great_vessels(draw_subject(seed))
        assert tubes[Trunk.PULMONARY_RIGHT].path_mm[-1] == pytest.approx((-48, 0, 2))
        assert tubes[Trunk.PULMONARY_LEFT].path_mm[-1] == pytest.approx((50, 14, 12))


def test_the_same_person_has_the_same_vessels_and_others_have_others():
    one, again, other = (great_vessels(Subject(seed))[Trunk.AORTA] for seed in (7, 7, 8))
    assert (one.path_mm == again.path_mm).all()
    assert not np.allclose(one.radii_mm[:10], other.radii_mm[:10])
