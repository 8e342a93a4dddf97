"""The model's grid in millimetres, and values that must not move in the patient."""

import numpy as np
import pytest

from core.errors import ModelInputError
from core.geometry import VolumeGeometry
from core.preprocessing.resample import MARGIN_MM, model_grid, resample
from core.volume import Mask
from tests.core.preprocessing.thorax import geometry, oblique_geometry

SHAPE = (16, 24, 24)


def boxed(where, place):
    labels = np.zeros(place.shape, np.uint8)
    labels[where] = 1
    return Mask(labels, place)


def sheared(place):
    """A tilted gantry: slices shifted against each other."""
    affine = np.array(place.affine)
    affine[1, 0] += 0.8
    return VolumeGeometry(place.shape, affine, place.frame_of_reference_uid)


GEOMETRIES = [
    geometry((40, 50, 60), (3.0, 0.9, 0.7)),
    geometry((60, 50, 40), (1.0, 2.0, 2.0)),
    oblique_geometry((40, 50, 60)),
    sheared(geometry((40, 50, 60), (3.0, 0.9, 0.7))),
]
every_geometry = pytest.mark.parametrize("place", GEOMETRIES)
BOX = np.s_[10:30, 12:40, 8:36]


def test_the_grid_reaches_5_mm_beyond_the_region_and_is_square_in_plane():
    place = geometry((40, 50, 60), (3.0, 0.9, 0.7))
    grid = model_grid(boxed(BOX, place), SHAPE)
    slices_mm, rows_mm = 20 * 3.0 + 2 * MARGIN_MM, 28 * 0.9 + 2 * MARGIN_MM  # longer than 28 * 0.7
    assert grid.spacing_mm == pytest.approx((slices_mm / 16, rows_mm / 24, rows_mm / 24))
    first_edge = grid.to_patient((-0.5, -0.5, -0.5))
    bottom_mm, front_mm = -300 + 9.5 * 3 - MARGIN_MM, 20 + 11.5 * 0.9 - MARGIN_MM
    right_mm = -10 + 21.5 * 0.7 - rows_mm / 2  # the middle of columns 8 to 35 is 21.5
    np.testing.assert_allclose(first_edge, (right_mm, front_mm, bottom_mm))


@every_geometry
def test_the_grid_is_centred_on_the_region_along_the_axes_of_the_scan(place):
    grid = model_grid(boxed(BOX, place), SHAPE)
    np.testing.assert_allclose(grid.axes, place.axes, atol=1e-12)
    np.testing.assert_allclose(grid.centre_mm, place.to_patient((19.5, 25.5, 21.5)))
    assert grid.frame_of_reference_uid == place.frame_of_reference_uid
    assert grid.shape == SHAPE


def test_an_empty_region_has_no_grid():
    place = geometry((4, 5, 6))
    with pytest.raises(ModelInputError, match="empty"):
        model_grid(Mask(np.zeros(place.shape, np.uint8), place), SHAPE)


@every_geometry
def test_a_ramp_in_millimetres_is_reproduced_exactly(place):
    def ramp(points_mm):
        return points_mm @ (0.3, -0.5, 0.2) + 7.0

    values = ramp(place.to_patient(np.moveaxis(np.indices(place.shape), 0, -1)))
    grid = model_grid(boxed(BOX, place), SHAPE)
    wanted = grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1))
    resampled = resample(values.astype(np.float32), place, grid, outside=0.0)
    inside = np.all((place.to_index(wanted) >= 0), axis=-1)
    inside &= np.all(place.to_index(wanted) <= np.array(place.shape) - 1, axis=-1)
    assert inside.mean() > 0.9
    np.testing.assert_allclose(resampled[inside], ramp(wanted)[inside], atol=2e-4)


@every_geometry
def test_a_marker_stays_where_it_is_in_the_patient(place):
    centre_mm = place.to_patient((20, 27, 20))
    points_mm = place.to_patient(np.moveaxis(np.indices(place.shape), 0, -1))
    marker = np.exp(-np.sum((points_mm - centre_mm) ** 2, axis=-1) / (2 * 4.0**2)) * 255
    grid = model_grid(boxed(BOX, place), (32, 48, 48))
    resampled = resample(marker.astype(np.uint8), place, grid, outside=0.0)
    weights = resampled.ravel() / resampled.sum()
    seen_mm = weights @ grid.to_patient(np.argwhere(np.ones(grid.shape)))
    assert np.abs(place.to_index(seen_mm) - (20, 27, 20)).max() < 0.1
    assert np.abs(grid.to_index(seen_mm) - grid.to_index(centre_mm)).max() < 0.5


def test_beyond_the_edge_of_the_scan_is_the_outside_value_and_up_to_it_the_scan():
    place = VolumeGeometry.from_axes((2, 2, 4), (0, 0, 0), np.eye(3)[::-1], (1, 1, 1))
    grid = VolumeGeometry.from_axes((1, 1, 12), (-1.25, 0, 0), np.eye(3)[::-1], (1, 1, 0.5))
    values = np.broadcast_to(np.array([10, 20, 30, 40], np.uint8), place.shape)
    np.testing.assert_allclose(
        resample(values, place, grid, outside=170.0)[0, 0],
        # columns -1.25, -.75, -.25, .25, .75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.25
        [170, 170, 10, 12.5, 17.5, 22.5, 27.5, 32.5, 37.5, 40, 170, 170],
    )


def test_the_same_grid_gives_the_same_values():
    place = oblique_geometry((5, 6, 7))
    values = np.random.default_rng(1).integers(0, 256, place.shape).astype(np.uint8)
    np.testing.assert_allclose(resample(values, place, place, outside=0.0), values, atol=1e-3)


def test_a_scan_of_one_slice_is_resampled():
    place = geometry((1, 4, 4))
    resampled = resample(np.full(place.shape, 9, np.uint8), place, place, outside=0.0)
    np.testing.assert_array_equal(resampled, 9)


def test_grids_that_are_not_parallel_or_of_another_patient_are_refused():
    place, other = geometry((40, 50, 60)), oblique_geometry((40, 50, 60))
    values = np.zeros(place.shape, np.uint8)
    with pytest.raises(ValueError, match="frame of reference"):
        resample(values, place, other, outside=0.0)
    turned = VolumeGeometry(other.shape, other.affine, place.frame_of_reference_uid)
    with pytest.raises(ValueError, match="axes"):
        resample(values, place, turned, outside=0.0)
    with pytest.raises(ValueError, match="shape"):
        resample(values[1:], place, place, outside=0.0)
