import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geometry import VolumeGeometry
from core.volume import Mask, SaliencyMap, Volume
from tests.phantoms import STORAGE_ORDERS

AXIAL = STORAGE_ORDERS["axial to the head"]
coordinates = st.floats(-500, 500, allow_nan=False, width=32)
points = st.tuples(coordinates, coordinates, coordinates)


def grid(name="axial to the head", shape=(6, 5, 4)):
    return VolumeGeometry.from_axes(shape, (10, -20, 30), STORAGE_ORDERS[name], (3.0, 0.7, 0.8))


@given(st.sampled_from(sorted(STORAGE_ORDERS)), points)
def test_patient_points_go_to_indices_and_back(name, point):
    geometry = grid(name)
    there_and_back = geometry.to_patient(geometry.to_index(point))
    np.testing.assert_allclose(there_and_back, point, atol=1e-6)


def test_an_index_goes_where_arithmetic_says():
    x, y, z = grid().to_patient((2, 3, 1))
    assert (x, y, z) == pytest.approx((10 + 0.8, -20 + 3 * 0.7, 30 + 2 * 3.0))


def test_spacing_axes_and_volume_are_those_it_was_built_from():
    for name, axes in STORAGE_ORDERS.items():
        geometry = grid(name)
        np.testing.assert_allclose(geometry.axes, axes, atol=1e-12)
        assert geometry.spacing_mm == pytest.approx((3.0, 0.7, 0.8))
        assert geometry.voxel_volume_mm3 == pytest.approx(3.0 * 0.7 * 0.8)


def test_the_centre_lies_between_the_two_middle_voxels():
    expected = grid().to_patient((2.5, 2, 1.5))
    np.testing.assert_allclose(grid().centre_mm, expected)


def test_a_voxel_reaches_half_its_size_beyond_its_centre():
    geometry = grid()
    assert geometry.contains(geometry.to_patient((-0.49, 0, 0)))
    assert not geometry.contains(geometry.to_patient((-0.51, 0, 0)))
    assert geometry.contains(geometry.to_patient((5.49, 4.49, 3.49)))
    assert not geometry.contains(geometry.to_patient((0, 4.51, 0)))


def test_geometries_agree_within_a_thousandth_of_a_millimetre():
    moved = VolumeGeometry(grid().shape, grid().affine + np.eye(4, k=3) * 0.0005)
    assert grid().agrees_with(moved)
    far = VolumeGeometry(grid().shape, grid().affine + np.eye(4, k=3) * 0.002)
    assert not grid().agrees_with(far)
    assert not grid().agrees_with(grid(shape=(6, 5, 3)))
    elsewhere = VolumeGeometry(grid().shape, grid().affine, "1.2.3")
    assert not grid().agrees_with(elsewhere)


def test_a_geometry_cannot_be_changed_from_outside():
    affine = np.array(grid().affine)
    geometry = VolumeGeometry((6, 5, 4), affine)
    affine[0, 3] = 99
    assert geometry.affine[0, 3] == 10
    with pytest.raises(ValueError, match="read-only"):
        geometry.affine[0, 3] = 99


@pytest.mark.parametrize("affine", [np.eye(3), np.diag([1.0, 1, 0, 1]), np.ones((4, 4))])
def test_an_affine_that_is_none_is_refused(affine):
    with pytest.raises(ValueError, match="affine"):
        VolumeGeometry((1, 1, 1), affine)


@pytest.mark.parametrize(
    ("kind", "field", "dtype"),
    [(Volume, "hu", np.int16), (Mask, "labels", np.uint8)],
)
def test_values_must_fit_their_geometry_and_cannot_be_written(kind, field, dtype):
    carried = kind(np.zeros((6, 5, 4), dtype), grid())
    with pytest.raises(ValueError, match="read-only"):
        getattr(carried, field)[0, 0, 0] = 1
    with pytest.raises(ValueError, match="shape"):
        kind(np.zeros((6, 5, 3), dtype), grid())
    with pytest.raises(TypeError, match="must be"):
        kind(np.zeros((6, 5, 4), np.float64), grid())


def test_saliency_is_thresholded_at_a_share_of_its_maximum():
    values = np.linspace(0, 1, 120, dtype=np.float32).reshape(6, 5, 4)
    saliency = SaliencyMap(values, grid(), "gradcam", "mortality", threshold=0.5)
    kept = saliency.thresholded().values
    np.testing.assert_array_equal(kept, np.where(values >= 0.5, values, 0))
    assert saliency.thresholded(0.9).threshold == 0.9
    assert np.count_nonzero(saliency.thresholded(0.9).values) == np.count_nonzero(values >= 0.9)
