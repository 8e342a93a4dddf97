import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.views.cubes import CUBE_MM, REGION_MARGIN_MM, cube_grid, filled_extent, on_cubes
from core.volume import Mask

TURN = np.deg2rad(20)
OBLIQUE = HEAD_BACK_LEFT @ np.array(
    [[np.cos(TURN), -np.sin(TURN), 0], [np.sin(TURN), np.cos(TURN), 0], [0, 0, 1]]
)
GRIDS = {
    "our own order": (HEAD_BACK_LEFT, (3.0, 2.0, 2.5)),
    "feet first": (HEAD_BACK_LEFT * [[-1], [1], [1]], (3.0, 2.0, 2.5)),
    "sagittal": (HEAD_BACK_LEFT[[2, 0, 1]], (3.0, 2.0, 2.5)),
    "finer than the cubes": (HEAD_BACK_LEFT, (1.0, 0.5, 0.6)),
    "oblique": (OBLIQUE, (3.0, 2.0, 2.5)),
}


@pytest.mark.parametrize("name", GRIDS)
def test_a_value_stays_at_its_millimetre_in_every_storage_order(name):
    axes, spacing_mm = GRIDS[name]
    geometry = VolumeGeometry.from_axes((40, 50, 60), (5, -7, 11), axes, spacing_mm)
    points = geometry.to_patient(np.stack(np.indices(geometry.shape), axis=-1))
    slope = np.array([1.0, -2.0, 0.5])
    cubes = cube_grid(geometry, None)
    found = on_cubes((points @ slope).astype(np.float32), geometry, cubes, outside=np.nan)
    expected = cubes.to_patient(np.stack(np.indices(cubes.shape), axis=-1)) @ slope
    inside = np.isfinite(found)
    assert inside.mean() > 0.4
    assert np.abs(found - expected)[inside].max() < 1e-2


def test_cubes_lie_along_the_patients_axes():
    geometry = VolumeGeometry.from_axes((9, 9, 9), (0, 0, 0), OBLIQUE, (2, 2, 2))
    cubes = cube_grid(geometry, None)
    assert np.allclose(cubes.axes, ((0, 1, 0), (1, 0, 0), (0, 0, -1)))
    assert cubes.spacing_mm == pytest.approx((CUBE_MM,) * 3)


def test_the_grid_holds_the_region_with_its_margin():
    geometry = VolumeGeometry.from_axes((50, 50, 50), (0, 0, 0), HEAD_BACK_LEFT, (4, 4, 4))
    labels = np.zeros(geometry.shape, np.uint8)
    labels[20:25, 10:31, 30:36] = 1
    cubes = cube_grid(geometry, Mask(labels, geometry))
    low, high = np.array((120, 40, 80)), np.array((140, 120, 96))  # x, y, z of 4 mm voxels
    corner = cubes.to_patient((0, 0, 0))
    assert corner == pytest.approx((120 - REGION_MARGIN_MM, 40 - REGION_MARGIN_MM, 96 + 30))
    size_mm = np.array(cubes.shape)[[1, 0, 2]] * CUBE_MM
    assert np.all(np.abs(size_mm - (high - low + 2 * REGION_MARGIN_MM)) < 2 * CUBE_MM)


def test_the_extent_of_an_empty_mask_is_the_whole_grid():
    geometry = VolumeGeometry((3, 4, 5), np.eye(4))
    first, last = filled_extent(Mask(np.zeros((3, 4, 5), np.uint8), geometry))
    assert first.tolist() == [0, 0, 0]
    assert last.tolist() == [2, 3, 4]


@pytest.mark.parametrize("name", GRIDS)
def test_what_lies_far_from_the_cubes_changes_nothing(name):
    axes, spacing_mm = GRIDS[name]
    geometry = VolumeGeometry.from_axes((90, 160, 170), (5, -7, 11), axes, spacing_mm)
    values = np.random.default_rng(2).normal(size=geometry.shape).astype(np.float32)
    labels = np.zeros(geometry.shape, np.uint8)
    labels[tuple(slice(n // 2 - 2, n // 2 + 2) for n in labels.shape)] = 1
    cubes = cube_grid(geometry, Mask(labels, geometry))
    index = geometry.to_index(cubes.to_patient(np.stack(np.indices(cubes.shape), axis=-1)))
    low, high = index.min(axis=(0, 1, 2)) - 6, index.max(axis=(0, 1, 2)) + 6
    grid = np.stack(np.indices(geometry.shape), axis=-1)
    far = ((grid < low) | (grid > high)).any(axis=-1)
    assert 0.05 < far.mean() < 0.99
    changed = np.where(far, np.float32(1e6), values)
    expected = on_cubes(values, geometry, cubes, outside=-1)
    assert np.array_equal(on_cubes(changed, geometry, cubes, outside=-1), expected)


def test_cubes_beyond_the_array_are_outside():
    geometry = VolumeGeometry.from_axes((9, 9, 9), (0, 0, 0), HEAD_BACK_LEFT, (2, 2, 2))
    away = VolumeGeometry.from_axes((9, 9, 9), (500, 0, 0), HEAD_BACK_LEFT, (2, 2, 2))
    cubes = cube_grid(away, None)
    assert np.all(on_cubes(np.ones((9, 9, 9)), geometry, cubes, outside=-1000) == -1000)
