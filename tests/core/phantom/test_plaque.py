import numpy as np
import pytest

from core.phantom.coronary_calcium import axes_along
from core.phantom.plaque import Plaque, Voxels, shares
from core.phantom.subject import Finding

UPRIGHT = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def plaque(radii=(3.0, 2.0, 2.0), axes=UPRIGHT):
    return Plaque(Finding.CORONARY_CALCIUM, None, (0.0, 0.0, 0.0), radii, axes, 500.0)


def voxels(pixel_mm=0.5, step_mm=0.75, thickness_mm=0.75, reach_mm=9.0):
    plane = np.arange(-reach_mm, reach_mm + pixel_mm / 2, pixel_mm)
    along = np.arange(-reach_mm, reach_mm + step_mm / 2, step_mm)
    return Voxels(plane, plane, along, (pixel_mm, pixel_mm), thickness_mm)


@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (1, 2, 3), (-2, 1, 0.3)])
def test_shares_add_up_to_the_volume_of_the_ellipsoid(direction):
    tilted = plaque(axes=axes_along(np.array(direction, float)))
    total = shares(tilted, voxels()).sum() * 0.5**2 * 0.75
    assert total == pytest.approx(4 / 3 * np.pi * 3 * 2 * 2, rel=0.01)
    assert tilted.volume_mm3 == pytest.approx(4 / 3 * np.pi * 3 * 2 * 2)


def test_a_thick_slice_sees_the_mean_of_thin_ones():
    thin = shares(plaque(), voxels(step_mm=0.5, thickness_mm=0.5))
    thick = shares(plaque(), voxels(step_mm=0.5, thickness_mm=2.5))
    middle = len(thin) // 2
    assert thick[middle] == pytest.approx(thin[middle - 2 : middle + 3].mean(axis=0), abs=1e-6)


def test_the_middle_of_a_plaque_is_full_and_its_surroundings_are_empty():
    filled = shares(plaque(), voxels())
    middle = tuple(n // 2 for n in filled.shape)
    assert filled[middle] == 1
    assert filled[0].max() == filled[:, 0].max() == 0
    assert filled.min() == 0
    assert filled.max() <= 1


def test_a_chord_is_worked_out_by_hand():
    """A ball of 2 mm radius: through its middle a slice of 8 mm sees 4 mm of it."""
    ball = plaque(radii=(2.0, 2.0, 2.0))
    line = Voxels(np.zeros(1), np.zeros(1), np.zeros(1), (1e-6, 1e-6), 8.0)
    assert shares(ball, line)[0, 0, 0] == pytest.approx(0.5)
    assert shares(ball, line, grown_mm=1.0)[0, 0, 0] == pytest.approx(0.75)


def test_the_reach_holds_the_whole_ellipsoid():
    tilted = plaque(radii=(5.0, 1.0, 2.0), axes=axes_along(np.array((1.0, 2.0, 3.0))))
    grid = voxels()
    seen = np.argwhere(shares(tilted, grid) > 0)
    reach = tilted.reach_mm()
    for axis, place in zip((2, 1, 0), (grid.x_mm, grid.y_mm, grid.z_mm), strict=True):
        step = abs(place[1] - place[0])
        assert np.abs(place[seen[:, axis]]).max() == pytest.approx(reach[2 - axis], abs=1.1 * step)


def test_axes_are_unit_vectors_at_right_angles():
    for direction in ((0, 0, 2), (1, 0, 0), (3, -2, 1)):
        axes = np.array(axes_along(np.array(direction, float)))
        assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-5)
        assert abs(axes[0] @ direction) == pytest.approx(np.linalg.norm(direction), rel=1e-5)
