import numpy as np
import pytest

from core.errors import ReportError
from core.phantom.effusion import effusion
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.lung_spaces import plain_lungs

SPACE = plain_lungs()


def made(right_ml, left_ml, space=SPACE):
    return effusion(space, Subject(1, diseases=Diseases(effusion_ml=(right_ml, left_ml))))


@pytest.mark.parametrize("scale", [(1, 1, 1), (1.1, 0.9, 0.95)])
@pytest.mark.parametrize("volumes_ml", [(50, 0), (0, 300), (900, 400)])
def test_each_side_holds_the_volume_asked_for(scale, volumes_ml):
    space = plain_lungs(scale=scale)
    fluid = made(*volumes_ml, space)
    for side, wanted in zip((-1, 1), volumes_ml, strict=True):
        own = np.broadcast_to(np.sign(space.x) == side, space.shape)
        assert (fluid.mask & own).sum() * space.voxel_mm3 / 1000 == pytest.approx(wanted, rel=0.02)


def test_a_healthy_chest_has_none():
    assert made(0, 0) is None


def test_fluid_lies_at_the_back_and_below():
    mask = made(300, 0).mask
    _, y, z = (np.broadcast_to(axis, SPACE.shape)[mask] for axis in (SPACE.x, SPACE.y, SPACE.z))
    assert y.mean() > 35
    assert z.mean() < -5


def test_fluid_rises_further_along_the_pleura():
    """At one level, the front of the fluid lies further forward at the side than in the middle."""
    mask = made(700, 0).mask
    plane = mask[np.argmin(np.abs(SPACE.z + 20))]
    front = np.where(plane.any(0), plane.argmax(0), plane.shape[0])
    columns = SPACE.x.ravel()
    middle = front[np.abs(columns + 64) < 6].min()
    side = front[(columns < -95) & plane.any(0)].min()
    assert side < middle - 2


def test_more_fluid_holds_all_of_the_less():
    assert not (made(100, 0).mask & ~made(600, 0).mask).any()


def test_lung_is_pressed_next_to_the_fluid_and_not_on_the_other_side():
    fluid = made(500, 0)
    right = np.broadcast_to(SPACE.x < 0, SPACE.shape)
    assert fluid.squeeze_hu[right & ~fluid.mask & (fluid.cover > 0)].min() > 400
    assert fluid.squeeze_hu[~right].max() == 0
    front = right & SPACE.inside & (SPACE.y < -60) & (SPACE.z > 0)
    assert fluid.squeeze_hu[front].max() < 60


def test_more_fluid_than_room_is_an_error():
    with pytest.raises(ReportError, match=r"found (9|1\d)\d%"):
        made(2280, 0)
