import numpy as np
import pytest

from core.phantom.abdomen import FAT_HU, paint_abdomen
from core.phantom.cage import cage_of
from core.phantom.diaphragm import above_diaphragm
from core.phantom.shapes import Canvas
from core.phantom.subject import Build, Subject
from tests.core.phantom.grids import centred


def painted(subject: Subject, middle_mm=(0.0, 0.0, 0.0)):
    canvas = Canvas(centred((64, 128, 128), (5, 3, 3), middle_mm), -1000)
    wall, above = cage_of(subject).distance(canvas), above_diaphragm(canvas, subject)
    paint_abdomen(canvas, wall, above, subject)
    return canvas, wall, above


@pytest.fixture(scope="module")
def usual():
    return painted(Subject(4))


def litres(canvas, low_hu, high_hu):
    chosen = (canvas.hu > low_hu) & (canvas.hu < high_hu)
    return chosen.sum() * canvas.geometry.voxel_volume_mm3 / 1e6


def test_nothing_is_painted_above_the_diaphragm_or_outside_the_wall(usual):
    canvas, wall, above = usual
    assert (canvas.hu[(above < -3) | (wall > 3)] == -1000).all()


def test_liver_stomach_and_fat_fill_the_upper_belly(usual):
    canvas, wall, above = usual
    inside = (wall < -6) & (above > 6)
    assert 0.6 < litres(canvas, 45, 75) < 1.8  # most of a liver of 1.5 litres
    assert (np.abs(canvas.hu[inside] - FAT_HU) < 1).mean() > 0.05


def test_the_liver_lies_on_the_right_and_the_gas_on_the_left_in_front(usual):
    canvas, wall, above = usual
    liver = np.nonzero(canvas.hu > 50)
    assert canvas.x.ravel()[liver[2]].mean() < -20
    gas = np.nonzero((canvas.hu < -800) & (above > 6) & (wall < -3))
    assert canvas.x.ravel()[gas[2]].min() > 0
    assert canvas.y.ravel()[gas[1]].mean() < -20


def test_organs_rise_with_the_diaphragm(usual):
    raised = painted(Subject(4, build=Build(diaphragm_mm=30)))[0]
    assert litres(raised, 45, 75) > litres(usual[0], 45, 75) + 0.2


def test_a_canvas_above_the_diaphragm_stays_empty():
    canvas = painted(Subject(4), middle_mm=(0, 0, 300))[0]
    assert (canvas.hu == -1000).all()
