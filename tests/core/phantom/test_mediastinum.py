import numpy as np
import pytest

from core.phantom.body import FAT_HU
from core.phantom.frame import scale
from core.phantom.great_vessels import Trunk, great_vessels
from core.phantom.heart import BLOOD_HU, BLOOD_SPREAD_HU, MYOCARDIUM_HU, Chamber, chambers
from core.phantom.mediastinum import (
    GULLET_HU,
    build_mediastinum,
    gullet_path,
    paint_mediastinum,
)
from core.phantom.shapes import Canvas
from core.phantom.subject import Build, Diseases, Finding, Subject
from tests.core.phantom.grids import centred

GRID = centred((96, 128, 150), (3.0, 1.4, 1.5), (0.0, -20.0, 0.0))


def painted(subject):
    canvas = Canvas(GRID, FAT_HU, scale(subject.build))
    organs = build_mediastinum(canvas, subject)
    return canvas, organs, paint_mediastinum(canvas, organs, subject)


@pytest.fixture(scope="module")
def reference():
    return painted(Subject(1))


def at(canvas, point_mm):
    """HU of the voxel at a point of the reference thorax."""
    axes = (canvas.z, canvas.y, canvas.x)
    index = [
        int(np.abs(axis.ravel() - at).argmin())
        for axis, at in zip(axes, point_mm[::-1], strict=True)
    ]
    return canvas.hu[tuple(index)]


def test_blood_and_muscle_have_the_values_of_unenhanced_scans(reference):
    """Blood 30 to 50 HU and, a little above it, the heart's muscle."""
    canvas, _, _ = reference
    blood = at(canvas, great_vessels(Subject(1))[Trunk.AORTA].path_mm[-8])
    assert blood == pytest.approx(BLOOD_HU, abs=2 * BLOOD_SPREAD_HU)
    ventricle = chambers(Subject(1))[Chamber.LEFT_VENTRICLE]
    assert at(canvas, ventricle.centre_mm) == pytest.approx(blood, abs=0.1)
    wall = ventricle.centre_mm + ventricle.axes[2] * (ventricle.radii_mm[2] - 4)
    assert at(canvas, wall) == pytest.approx(MYOCARDIUM_HU, abs=1.5)


def test_the_gullet_lies_behind_the_heart_and_gives_way_to_a_large_one(reference):
    canvas, _, _ = reference
    paths = [gullet_path(Subject(1, diseases=Diseases(heart_scale=size))) for size in (1.0, 1.3)]
    middle = [path[np.abs(path[:, 2] + 30).argmin()] for path in paths]
    assert at(canvas, middle[0]) == pytest.approx(GULLET_HU, abs=1)
    assert 5 < middle[1][1] - middle[0][1] < 12
    assert paths[1][0] == pytest.approx(paths[0][0])


def test_the_mask_of_the_heart_is_the_soft_organ(reference):
    canvas, _, truth = reference
    mask = truth[Finding.HEART]
    assert mask.shape == canvas.hu.shape
    assert 30 < np.median(canvas.hu[mask]) < 55
    assert 350 < mask.sum() * canvas.geometry.voxel_volume_mm3 / 1000 < 800


def test_fat_fills_the_hollows_between_organs(reference):
    """Whatever the lungs leave is organ or fat, and fat is there."""
    canvas, organs, _ = reference
    inside = organs.envelope < -1
    assert 0.15 < (canvas.hu[inside] < -60).mean() < 0.6
    assert (organs.envelope[organs.box][organs.heart < 0] < 0).all()
    assert (organs.envelope[organs.box][organs.blood < 0] < 0).all()


def test_the_lungs_give_way_to_a_large_heart(reference):
    _, organs, _ = reference
    _, larger, _ = painted(Subject(1, diseases=Diseases(heart_scale=1.3)))
    assert (larger.envelope < 0).sum() > 1.25 * (organs.envelope < 0).sum()


def test_a_large_heart_moves_nothing_above_it():
    healthy, sick = (
        painted(Subject(2, diseases=Diseases(heart_scale=size)))[0] for size in (1.0, 1.3)
    )
    above = healthy.z.ravel() > 85
    assert np.abs(healthy.hu[above] - sick.hu[above]).mean() < 2.0


def test_calcium_is_not_painted_on_the_canvas():
    subject = Subject(1, diseases=Diseases(aortic_calcium_mm3=800.0, valve_calcium_mm3=300.0))
    canvas, _, _ = painted(subject)
    assert canvas.hu.max() < 100


def test_the_same_person_is_painted_the_same_bit_for_bit(reference):
    canvas, _, _ = reference
    assert (painted(Subject(1))[0].hu == canvas.hu).all()


def test_a_small_body_is_the_same_body_smaller():
    build = Build(width=0.9, depth=0.92, height=0.88)
    volume = [painted(Subject(1, build=each))[2][Finding.HEART].sum() for each in (Build(), build)]
    assert volume[1] / volume[0] == pytest.approx(0.9 * 0.92 * 0.88, rel=0.03)
