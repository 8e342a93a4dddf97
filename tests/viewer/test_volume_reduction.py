import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.volume import SaliencyMap, Volume
from viewer.volume_reduction import for_surfaces, reduced


def test_a_block_is_the_mean_of_its_voxels_at_their_middle():
    hu = np.arange(2 * 4 * 6, dtype=np.int16).reshape(2, 4, 6)
    geometry = VolumeGeometry.from_axes(hu.shape, (10, 20, 30), HEAD_BACK_LEFT, (3, 2, 1))
    small = reduced(Volume(hu, geometry), largest=3)
    assert small.hu.shape == (2, 2, 3)
    assert small.hu[0, 0, 0] == (0 + 1 + 6 + 7) // 4
    assert small.geometry.to_patient((0, 0, 0)) == pytest.approx((10.5, 21.0, 30.0))
    assert small.geometry.spacing_mm == pytest.approx((3, 4, 2))


def test_a_small_volume_stays_as_it_is():
    geometry = VolumeGeometry.from_axes((2, 3, 4), (0, 0, 0), HEAD_BACK_LEFT, (1, 1, 1))
    volume = Volume(np.zeros((2, 3, 4), np.int16), geometry)
    assert reduced(volume) is volume


def spot(shape: tuple, at: tuple) -> SaliencyMap:
    values = np.full(shape, 0.3, dtype=np.float32)
    values[at] = 1.0
    geometry = VolumeGeometry.from_axes(shape, (-5, 7, 100), HEAD_BACK_LEFT, (20, 12, 8))
    return SaliencyMap(values, geometry, "gradcam", "", 0.5)


@pytest.mark.parametrize(
    ("shape", "at"),
    [((4, 8, 8), (1, 5, 2)), ((4, 8, 8), (0, 0, 7)), ((30, 130, 200), (9, 66, 121))],
)
def test_a_hot_cell_stays_where_it_is_in_the_patient(shape, at):
    saliency = spot(shape, at)
    drawn = for_surfaces(saliency, 0.5)
    hottest = np.unravel_index(np.argmax(drawn.values), drawn.values.shape)
    apart = drawn.geometry.to_patient(hottest) - saliency.geometry.to_patient(at)
    assert np.abs(apart).max() <= max(1.0, 0.5 * max(drawn.geometry.spacing_mm))
    assert drawn.values.max() > 0.7


@pytest.mark.parametrize("share", [0.002, 0.02, 0.3])
def test_scattered_hot_cells_do_not_become_a_solid_body(share):
    shape = (120, 130, 200)
    hot = np.random.default_rng(5).random(shape) < share
    geometry = VolumeGeometry.from_axes(shape, (0, 0, 0), HEAD_BACK_LEFT, (3, 3, 2))
    saliency = SaliencyMap(np.where(hot, 0.8, 0.3).astype(np.float32), geometry, "gradient", "", 0)
    drawn = for_surfaces(saliency, 0.5).values
    assert (drawn >= 0.5).mean() == pytest.approx(share, rel=0.2)


def test_a_body_of_hot_cells_keeps_its_size_and_place():
    shape = (120, 130, 200)
    values = np.zeros(shape, np.float32)
    values[40:80, 50:90, 100:160] = 0.9
    geometry = VolumeGeometry.from_axes(shape, (0, 0, 0), HEAD_BACK_LEFT, (3, 3, 2))
    drawn = for_surfaces(SaliencyMap(values, geometry, "gradient", "", 0), 0.5)
    inside = np.argwhere(drawn.values >= 0.5)
    cell_mm3 = np.prod(drawn.geometry.spacing_mm)
    assert len(inside) * cell_mm3 == pytest.approx(40 * 40 * 60 * 18, rel=0.1)
    middle = drawn.geometry.to_patient(inside.mean(axis=0))
    assert middle == pytest.approx(geometry.to_patient((59.5, 69.5, 129.5)), abs=3)


@pytest.mark.parametrize("shape", [(4, 8, 8), (30, 130, 200)])
def test_cells_below_the_threshold_are_gone_and_the_rim_is_zero(shape):
    drawn = for_surfaces(spot(shape, (1, 1, 1)), 0.5).values
    assert (drawn > 0.1).mean() < 0.2
    for axis in range(3):
        assert not np.take(drawn, [0, -1], axis).max() > 0.12
