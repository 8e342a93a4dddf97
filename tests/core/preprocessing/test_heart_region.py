"""The joint hull, against the published steps done voxel by voxel."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from scipy.spatial import ConvexHull
from skimage.morphology import convex_hull_image

from core.preprocessing.heart_region import DILATION_MM, _corners, _inside, lungs_and_heart
from core.preprocessing.lung_mask import find_lungs
from tests.core.preprocessing.real_scans import dice, read_scan
from tests.core.preprocessing.thorax import ellipsoid, left_lung, mask, right_lung


def hull_of_slices(inside):
    return np.stack(
        [
            convex_hull_image(s, offset_coordinates=False, include_borders=True) if s.any() else s
            for s in inside
        ]
    )


def dilated(inside, spacing_mm):
    """Every voxel whose distance to the mask, summed over the axes, is within reach."""
    voxels, grid = np.argwhere(inside), np.argwhere(np.ones(inside.shape, bool))
    apart_mm = (np.abs(grid[:, None] - voxels[None]) * spacing_mm).sum(axis=-1).min(axis=1)
    return (apart_mm <= DILATION_MM + 1e-9).reshape(inside.shape)


def test_the_dilation_is_ten_voxels_of_the_typical_pixel():
    assert DILATION_MM == 10 * 0.75


@pytest.mark.parametrize("spacing_mm", [(2.0, 2.0, 2.0), (5.0, 1.5, 2.5)])
def test_it_is_hull_dilation_and_joint_hull_of_the_published_steps(spacing_mm):
    grid = {"shape": (12, 24, 26), "spacing_mm": (1.0, 1.0, 1.0)}
    right = ellipsoid((0, 0, -6), (3.4, 5.2, 3.1), **grid)
    left = ellipsoid((1, 1, 6), (2.6, 4.1, 2.2), **grid)
    wide = sum(dilated(hull_of_slices(lung), spacing_mm).astype(int) for lung in (right, left)) > 0
    expected = hull_of_slices(wide)
    region = lungs_and_heart(mask(right | left, spacing_mm)).labels > 0
    assert not (expected & ~region).any()  # the hull of the voxels lies in the hull of the bodies
    assert dice(region, expected) > 0.95
    extra = region & ~expected
    assert distance_transform_edt(~expected)[extra].max(initial=0) < 1.5


def test_a_single_voxel_becomes_an_octahedron():
    one = np.zeros((11, 21, 21), bool)
    one[5, 10, 10] = True
    region = lungs_and_heart(mask(one, (2.5, 1.5, 1.5))).labels
    z, y, x = np.abs(np.indices(one.shape) - np.reshape((5, 10, 10), (3, 1, 1, 1)))
    np.testing.assert_array_equal(region, z * 2.5 + y * 1.5 + x * 1.5 <= 7.5)


def test_what_lies_between_the_lungs_is_inside_and_what_lies_outside_them_is_not():
    lungs = right_lung() | left_lung()
    region = lungs_and_heart(mask(lungs)).labels
    assert region[lungs].all()
    assert region[50, 50, 70] == 1  # the heart
    assert region[50, 50, 2] == 0
    assert region[50, 2, 70] == 0
    assert set(np.unique(region)) == {0, 1}


def test_without_lungs_there_is_no_region():
    assert not lungs_and_heart(mask(np.zeros((4, 5, 6), bool))).labels.any()


def test_the_heart_of_a_real_scan_is_inside_and_the_table_is_not(shared_data):
    scan = read_scan(shared_data / "cip-tiny" / "dicom")
    lungs = find_lungs(scan).model
    region = lungs_and_heart(lungs).labels
    assert region[lungs.labels > 0].all()
    assert region[26, 15:25, 28:38].all()  # the ventricles
    assert not region[:, 55:].any()  # the table


@pytest.mark.parametrize("seed", range(6))
def test_corners_and_inside_are_those_of_the_exact_hull(seed):
    """Whole numbers, so that corners, edges and rows coincide."""
    draw = np.random.default_rng(seed)
    points = draw.integers(1, 19, (4 + 30 * seed, 2)).astype(float)
    hull = ConvexHull(points)
    corners = _corners(points)
    np.testing.assert_array_equal(
        np.unique(corners, axis=0), np.unique(points[hull.vertices], axis=0)
    )
    grid = np.argwhere(np.ones((20, 22)))
    equations = hull.equations
    expected = (grid @ equations[:, :2].T + equations[:, 2] <= 1e-9).all(axis=1).reshape(20, 22)
    np.testing.assert_array_equal(_inside(corners, (20, 22), (1.0, 1.0)), expected)
