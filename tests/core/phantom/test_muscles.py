import numpy as np
import pytest

from core.phantom.body import paint_fat, skin_distance
from core.phantom.cage import cage_of
from core.phantom.muscles import muscle_hu, paint_muscles
from core.phantom.shapes import Canvas
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.grids import centred


def painted(muscle: float):
    subject = Subject(3, diseases=Diseases(muscle=muscle))
    canvas = Canvas(centred((32, 128, 128), (10, 3, 3)), -1000)
    wall = cage_of(subject).distance(canvas)
    skin = skin_distance(canvas, wall, subject)
    paint_fat(canvas, skin, subject)
    return canvas, wall, skin, paint_muscles(canvas, wall, skin, subject)


@pytest.fixture(scope="module")
def usual():
    return painted(1.0)


@pytest.mark.parametrize("amount", [0.5, 0.75])
def test_the_cross_section_follows_the_amount_of_muscle(usual, amount):
    assert painted(amount)[-1].sum() / usual[-1].sum() == pytest.approx(amount, abs=0.08)


def test_muscle_lies_between_the_cage_and_the_skin(usual):
    _, wall, skin, muscle = usual
    assert (wall[muscle] > 0).all()
    assert (skin[muscle] < -5.9).all()


def test_both_sides_hold_about_as_much(usual):
    left, right = usual[-1][:, :, 64:].sum(), usual[-1][:, :, :64].sum()
    assert left == pytest.approx(right, rel=0.05)


def test_muscle_has_its_hounsfield_units_and_loses_them_when_it_wastes(usual):
    canvas, _, _, muscle = usual
    assert 45 <= np.median(canvas.hu[muscle]) <= 60
    wasted = [muscle_hu(Subject(3, diseases=Diseases(muscle=m))) for m in (1.0, 0.75, 0.5)]
    assert wasted == sorted(wasted, reverse=True)
    assert wasted[-1] > 0
