import numpy as np
import pytest

from core.phantom.cage import cage_of
from core.phantom.shapes import Canvas
from core.phantom.skeleton import build_skeleton, paint_skeleton
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.grids import centred


def painted(age_years: float = 62.0, vertebral_hu: float = 160.0):
    subject = Subject(7, age_years=age_years, diseases=Diseases(vertebral_hu=vertebral_hu))
    canvas = Canvas(centred((107, 160, 160), (3, 2.4, 2.4)), -100)
    skeleton = build_skeleton(canvas, cage_of(subject), subject)
    paint_skeleton(canvas, skeleton, subject)
    return canvas, skeleton


@pytest.fixture(scope="module")
def usual():
    return painted()


def test_compact_bone_lies_round_spongy_bone():
    subject = Subject(7)
    canvas = Canvas(centred((30, 90, 40), (1, 0.5, 0.5), (138, 0, 0)), -100)  # ribs at the side
    skeleton = build_skeleton(canvas, cage_of(subject), subject)
    paint_skeleton(canvas, skeleton, subject)
    assert canvas.hu[np.abs(skeleton.bone + 0.5) < 0.2].mean() == pytest.approx(640, abs=60)
    assert canvas.hu[skeleton.bone < -2].mean() == pytest.approx(120, abs=30)
    assert canvas.hu.max() < 700


def test_nothing_but_bone_and_cartilage_is_painted(usual):
    canvas, skeleton = usual
    far = (skeleton.bone > 2) & (skeleton.cartilage > 2)
    far[skeleton.spine.box] = False
    assert (canvas.hu[far] == -100).all()


def test_costal_cartilage_turns_to_stone_with_age(usual):
    young, old = painted(40.0), painted(88.0)
    stony = [
        (canvas.hu[(skeleton.cartilage < -1) & (skeleton.bone > 3)] > 200).mean()
        for canvas, skeleton in (young, usual, old)
    ]
    assert stony == sorted(stony)
    assert stony[0] == 0
    assert stony[2] > stony[1] > 0


def test_all_spongy_bone_thins_with_that_of_the_vertebrae(usual):
    core = usual[1].bone < -4
    assert painted(vertebral_hu=80.0)[0].hu[core].mean() < usual[0].hu[core].mean() - 20
