import numpy as np
import pytest

from core.phantom.cage import Cage
from core.phantom.shapes import Canvas
from core.phantom.spine import build_spine, paint_spine, vertebra_step, vertebra_z
from core.phantom.subject import Diseases, Subject
from tests.core.phantom.grids import centred


def painted(hu: float = 160.0, seed: int = 5):
    subject = Subject(seed, diseases=Diseases(vertebral_hu=hu))
    canvas = Canvas(centred((120, 80, 80), (1.5, 1.48, 1.48), (0, 50, 0)), -100)
    spine = build_spine(canvas, Cage(), subject)
    return canvas, spine, paint_spine(canvas, spine, subject)


@pytest.mark.parametrize("hu", [50, 130, 230])
def test_spongy_bone_has_the_hounsfield_units_asked_for(hu):
    canvas, _, vertebrae = painted(hu)
    assert canvas.hu[vertebrae].mean() == pytest.approx(hu, abs=4)
    assert 5 < canvas.hu[vertebrae].std() < 40


def test_a_middle_vertebra_is_as_large_as_one():
    """A body of 30 x 26 x 18 mm, less its rounded corners, holds about 12 ml."""
    canvas, spine, _ = painted()
    step = vertebra_step(Subject(5))
    own = np.abs(canvas.within(spine.box)[2] - vertebra_z(6, step)) < step / 2
    millilitres = (own & (spine.body < 0)).sum() * canvas.geometry.voxel_volume_mm3 / 1e3
    assert 9 < millilitres < 25


def test_discs_lie_between_the_bodies():
    canvas, _, _ = painted()
    step = vertebra_step(Subject(5))
    middle, between = (
        int(np.abs(canvas.z.ravel() - z).argmin())
        for z in (vertebra_z(5, step), vertebra_z(5, step) + step / 2)
    )
    row = int(np.abs(canvas.y.ravel() - Cage().spine_y(np.array(0.0))).argmin())
    assert 60 < canvas.hu[between, row, 40] < 110
    assert 110 < canvas.hu[middle, row, 40] < 230


def test_the_canal_holds_no_bone():
    canvas, spine, vertebrae = painted()
    canal = np.zeros(canvas.hu.shape, bool)
    canal[spine.box] = spine.cord < -2
    assert canvas.hu[canal] == pytest.approx(28, abs=1)
    assert not (canal & vertebrae).any()


def test_where_no_spine_is_nothing_is_marked():
    subject = Subject(5)
    canvas = Canvas(centred((10, 20, 20), (2, 2, 2), (150, 0, 0)), -100)
    assert not paint_spine(canvas, build_spine(canvas, Cage(), subject), subject).any()
    assert (canvas.hu == -100).all()
