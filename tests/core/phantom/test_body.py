import numpy as np
import pytest

from core.phantom.body import paint_couch, paint_fat, skin_distance
from core.phantom.cage import cage_of
from core.phantom.frame import scale
from core.phantom.shapes import Canvas
from core.phantom.subject import Build, Diseases, Subject
from tests.core.phantom.grids import WHOLE, centred


def a_canvas(build: Build) -> Canvas:
    return Canvas(centred(*WHOLE), -1000, scale(build))


def skin_of(canvas: Canvas, subject: Subject):
    return skin_distance(canvas, cage_of(subject).distance(canvas), subject)


def body_litres(subject: Subject) -> float:
    canvas = a_canvas(subject.build)
    inside = skin_of(canvas, subject) < 0
    return float(inside.sum() * canvas.geometry.voxel_volume_mm3 / 1e6)


def reach_mm(build: Build) -> float:
    """Half the width of the body at the height of the heart, in the person's millimetres."""
    canvas = a_canvas(build)
    inside = (skin_of(canvas, Subject(1, build=build)) < 0)[28].any(axis=0)
    columns = np.flatnonzero(inside)
    return (columns[-1] - columns[0] + 1) * canvas.geometry.spacing_mm[2] / 2


def test_fat_widens_the_body_by_the_millimetres_asked_for():
    lean, stout = reach_mm(Build(fat_mm=0)), reach_mm(Build(fat_mm=20))
    assert stout - lean == pytest.approx(16, abs=3)  # 0.8 of it at each side


def test_more_fat_breast_and_muscle_make_a_greater_body():
    plain = body_litres(Subject(1))
    assert body_litres(Subject(1, build=Build(fat_mm=10))) > plain + 1
    assert body_litres(Subject(1, build=Build(breast=1.0))) > plain + 0.2
    assert body_litres(Subject(1, diseases=Diseases(muscle=0.6))) < plain


@pytest.mark.parametrize("build", [Build(), Build(fat_mm=20), Build(depth=1.1), Build(depth=0.88)])
def test_the_back_lies_on_the_couch(build):
    canvas, subject = a_canvas(build), Subject(1, build=build)
    paint_couch(canvas, subject)
    column = 48
    shell = canvas.y.ravel()[(canvas.hu[28, :, column] > -900).argmax()]
    back = canvas.y.ravel()[(skin_of(canvas, subject)[28, :, column] < 0)].max()
    assert 0 < shell - back < 14


def test_skin_lies_round_fat_and_glands_in_the_breasts():
    build = Build(breast=1.2)
    canvas, subject = a_canvas(build), Subject(1, build=build)
    skin = skin_of(canvas, subject)
    paint_fat(canvas, skin, subject)
    assert np.median(canvas.hu[skin < -8]) == pytest.approx(-102, abs=1)
    gland = canvas.hu > 15
    assert 0.02 < gland.sum() * canvas.geometry.voxel_volume_mm3 / 1e6 < 0.6
    rows = np.nonzero(gland)[1]
    assert canvas.y.ravel()[rows].max() < -40


def test_the_skin_of_a_gaunt_person_stays_outside_the_ribs():
    subject = Subject(1, build=Build(fat_mm=-4), diseases=Diseases(muscle=0.5))
    canvas = a_canvas(subject.build)
    wall = cage_of(subject).distance(canvas)
    front = (wall < 12) & (np.abs(canvas.z) < 90) & (canvas.y < 0)
    assert (skin_of(canvas, subject)[front] < -4).all()
