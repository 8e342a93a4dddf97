import numpy as np
import pytest

from core.phantom.body import skin_distance
from core.phantom.cage import Cage, cage_of
from core.phantom.ribs import (
    LAST_CARTILAGE,
    OFF_WALL_MM,
    RIB_COUNT,
    add_ribs,
    add_sternum,
    rib_course,
    rib_path,
)
from core.phantom.shapes import Canvas, oval
from core.phantom.subject import Build, Diseases, Subject
from tests.core.phantom.grids import WHOLE, centred

COURSE = rib_course(Subject(2))


@pytest.mark.parametrize("rib", range(RIB_COUNT))
def test_a_rib_falls_from_the_spine_to_its_front_end(rib):
    path = rib_path(rib, 1, Cage(), COURSE)
    assert path[0, 1] > 40  # at the spine
    assert path[-1, 2] < path[0, 2] - (15 if rib <= LAST_CARTILAGE else 0)
    if rib <= LAST_CARTILAGE:
        assert path[-1, 1] < 5  # in front


@pytest.mark.parametrize("rib", range(RIB_COUNT))
def test_a_rib_follows_the_chest_wall_outside_the_lung(rib):
    path = rib_path(rib, 1, Cage(), COURSE)
    centre_y, half_depth, half_width = Cage().walls(path[:, 2])
    off = oval(path[:, 0], path[:, 1] - centre_y, half_width, half_depth)
    beside = path[:, 0] > 60
    assert (off[beside] > 1).all()
    assert np.median(off[beside]) == pytest.approx(OFF_WALL_MM, abs=3)


def test_ribs_are_as_long_as_ribs_are():
    """The longest are in the middle, about 30 cm along the bone; the twelfth is short."""
    lengths = [
        np.linalg.norm(np.diff(rib_path(rib, 1, Cage(), COURSE), axis=0), axis=1).sum()
        for rib in range(RIB_COUNT)
    ]
    assert 4 <= int(np.argmax(lengths)) <= 8
    assert 250 < max(lengths) < 380
    assert lengths[-1] < 170


def test_both_sides_mirror_each_other():
    right, left = (rib_path(4, side, Cage(), COURSE) for side in (-1, 1))
    assert right * (-1, 1, 1) == pytest.approx(left)


def test_the_front_of_the_upper_ribs_is_joined_to_the_breastbone():
    subject = Subject(2)
    canvas = Canvas(centred((80, 96, 96), (4, 3, 3)), -1000)
    bone, cartilage = canvas.distances(), canvas.distances()
    add_ribs(canvas, bone, cartilage, cage_of(subject), subject)
    assert (cartilage[bone < 0] < 0).any()
    alone = canvas.distances()
    add_sternum(canvas, alone, cage_of(subject))
    assert (alone < 0).any()
    assert (cartilage[np.abs(alone) < 3] < 3).any()
    assert not ((alone < -3) & (bone < -2)).any()


def test_cartilage_stays_under_the_skin_of_a_gaunt_person():
    subject = Subject(2, build=Build(fat_mm=-4), diseases=Diseases(muscle=0.5))
    canvas = Canvas(centred((64, 96, 96), (5, 4, 4)), -1000)
    bone, cartilage = canvas.distances(), canvas.distances()
    add_ribs(canvas, bone, cartilage, cage_of(subject), subject)
    skin = skin_distance(canvas, cage_of(subject).distance(canvas), subject)
    assert skin[cartilage < 0].max() < 0
    assert skin[bone < 0].max() < 0


def test_courses_differ_from_person_to_person():
    assert len({rib_course(Subject(seed)).slope for seed in range(5)}) == 5


def test_a_canvas_beside_the_chest_stays_empty():
    canvas = Canvas(centred(*WHOLE, middle_mm=(900, 0, 0)), -1000)
    bone, cartilage = canvas.distances(), canvas.distances()
    add_ribs(canvas, bone, cartilage, Cage(), Subject(2))
    assert min(bone.min(), cartilage.min()) == 60
