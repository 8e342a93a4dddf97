import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from core.geometry import VolumeGeometry
from core.phantom.shapes import (
    EVERYWHERE,
    Canvas,
    add_bar,
    blended,
    mottle,
    oval,
    profile,
    spline,
)
from tests.core.phantom.grids import centred

HEAD_BACK_LEFT = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


@pytest.fixture
def canvas() -> Canvas:
    """Voxels of 1 mm whose middle one lies at LPS 0, 0, 0."""
    geometry = VolumeGeometry.from_axes((21, 31, 41), (-20, -15, -10), HEAD_BACK_LEFT, (1, 1, 1))
    return Canvas(geometry, -1000)


def test_a_sphere_is_exact_in_every_direction(canvas):
    box, distance = canvas.ellipsoid((0, 0, 0), (6, 6, 6))
    x, y, z = canvas.within(box)
    assert np.allclose(distance, np.sqrt(x**2 + y**2 + z**2) - 6, atol=0.01)


def test_a_turned_ellipsoid_ends_where_its_axes_end(canvas):
    half = np.sqrt(0.5)
    axes = [[half, half, 0], [-half, half, 0], [0, 0, 1]]
    canvas.paint_ellipsoid((0, 0, 0), (1, 1, 1), 0)
    box, distance = canvas.ellipsoid((0, 0, 0), (10 / half, 3, 3), axes=axes)
    field = canvas.distances()
    field[box] = distance
    assert field[10, 15 + 10, 20 + 10] == pytest.approx(0, abs=1e-4)
    assert field[10, 15 - 10, 20 + 10] > 5


def test_a_tube_is_as_far_as_its_nearest_point(canvas):
    field = canvas.distances()
    canvas.add_tube(field, np.array([(-5.0, 0, 0), (5.0, 0, 0)]), 2.0, margin_mm=4)
    assert field[10, 15, 20] == pytest.approx(-2)
    assert field[10, 19, 20] == pytest.approx(2)
    assert field[10, 15 + 3, 20 + 9] == pytest.approx(5 - 2)


def test_a_tube_tapers_from_one_radius_to_the_other(canvas):
    field = canvas.distances()
    canvas.add_tube(field, np.array([(-8.0, 0, 0), (8.0, 0, 0)]), (4.0, 2.0))
    assert [field[10, 15, 20 + at] for at in (-8, 0, 8)] == pytest.approx([-4, -3, -2])


def test_paint_covers_half_of_a_voxel_on_the_edge(canvas):
    distance = canvas.x - 0.0 + 0 * canvas.y + 0 * canvas.z
    canvas.paint(distance, 1000, EVERYWHERE)
    assert canvas.hu[10, 15, 18:23].tolist() == [1000, 1000, 0, -1000, -1000]


def test_a_box_outside_the_grid_is_empty(canvas):
    box, distance = canvas.ellipsoid((500, 0, 0), (5, 5, 5))
    assert canvas.hu[box].size == distance.size == 0


def test_a_box_holds_every_voxel_between_its_corners(canvas):
    box = canvas.box((-3.5, -2, 1), (4.5, 2, 6))
    x, y, z = canvas.within(box)
    assert x.min() <= -3
    assert x.max() >= 4
    assert (y.min() <= -2, y.max() >= 2, z.min() <= 1, z.max() >= 6) == (True,) * 4


def test_an_oval_is_zero_at_the_ends_of_both_axes():
    x, y = np.array([30.0, 0, -30, 0, 0]), np.array([0.0, 20, 0, -20, 0])
    assert oval(x, y, np.array(30.0), np.array(20.0))[:4] == pytest.approx([0, 0, 0, 0], abs=1e-6)
    assert oval(x, y, np.array(30.0), np.array(20.0))[4] < -10


def test_a_blend_is_a_minimum_that_only_ever_fills_in():
    one, other = np.linspace(-20, 20, 81), np.zeros(81)
    fused = blended(one, other, 8)
    assert (fused <= np.minimum(one, other)).all()
    apart = np.abs(one) >= 8
    assert np.array_equal(fused[apart], np.minimum(one, other)[apart])
    assert fused[40] == pytest.approx(-2)  # a quarter of the fillet where they meet


def test_a_profile_passes_its_points_and_never_overshoots():
    at = np.linspace(-10, 20, 100)
    values = profile((0, 5, 10), (1, 3, 3), at)
    assert values.min() == pytest.approx(1)
    assert values.max() == pytest.approx(3)
    assert profile((0, 5, 10), (1, 3, 3), np.array([5.0])) == pytest.approx([3])


def test_a_spline_goes_from_the_first_point_to_the_last_in_even_steps():
    path = spline([(0, 0, 0), (30, 0, 0), (60, 0, 0)], 5)
    assert path[0].tolist() == [0, 0, 0]
    assert path[-1] == pytest.approx([60, 0, 0])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1) == pytest.approx([5] * 12)


def test_three_points_give_the_parabola_that_a_cubic_spline_is_there():
    points = np.array([(0.0, 0, 0), (10, 8, -3), (25, 2, 4)])
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    path = spline(points, 2.0)
    along = np.linspace(0, at[-1], len(path))
    assert path == pytest.approx(CubicSpline(at, points)(along))


def test_a_scaled_canvas_is_a_reference_thorax_stretched():
    geometry = centred((21, 31, 41), (1.0, 1, 1))
    stretched = Canvas(geometry, -1000, scale=(2.0, 1.25, 0.5))
    assert stretched.spacing_mm == pytest.approx((2.0, 0.8, 0.5))
    assert stretched.x.max() == pytest.approx(10)
    stretched.paint_ellipsoid((0, 0, 0), (5, 5, 5), 0)
    slices, rows, columns = (
        np.flatnonzero((stretched.hu > -500).any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))
    )
    assert [np.ptp(slices), np.ptp(rows), np.ptp(columns)] == pytest.approx([5, 12.5, 20], abs=2)


def test_painting_by_slices_equals_painting_at_once(canvas):
    box, distance = canvas.ellipsoid((1, 2, 0), (7, 9, 6))
    shade = np.broadcast_to(canvas.within(box)[0], distance.shape)
    cover = np.clip(0.5 - distance, 0, 1)
    expected = -1000 + cover * (shade + 1000)
    canvas.paint(distance, shade, box)
    assert canvas.hu[box] == pytest.approx(expected, abs=1e-3)


def test_an_inset_leaves_out_the_rim(canvas):
    box, distance = canvas.ellipsoid((0, 0, 0), (8, 8, 8))
    canvas.paint(distance, 0, box, inset_mm=3)
    expected = -1000 + 1000 * np.clip(0.5 - (distance + 3), 0, 1)
    assert canvas.hu[box] == pytest.approx(expected, abs=1e-3)


def test_a_field_by_slices_equals_the_field_at_once(canvas):
    field = canvas.field(lambda at: np.hypot(canvas.x, canvas.y) + canvas.z[at])
    assert np.array_equal(field, np.hypot(canvas.x, canvas.y) + canvas.z)


@pytest.mark.parametrize("shape", [(21, 31, 41), (20, 30, 40), (7, 30, 41)])
def test_a_linear_field_survives_the_coarse_grid(shape):
    fine = Canvas(centred(shape, (2, 1, 1.5)), 0)
    coarse = fine.coarse()
    assert coarse.hu.shape[1] <= shape[1] // 2 + 1
    slope = coarse.x * 0.3 - coarse.y + 2 * coarse.z
    expected = fine.x * 0.3 - fine.y + 2 * fine.z
    assert fine.refined(slope) == pytest.approx(expected, abs=1e-3)


def test_steps_that_are_wide_already_are_not_widened():
    fine = Canvas(centred((10, 20, 20), (5, 1, 1)), 0)
    assert fine.coarse().hu.shape == (10, 11, 11)


def test_a_bar_is_taller_than_thick(canvas):
    field = canvas.distances()
    path = np.array([(-8.0, 0, 0), (8.0, 0, 0)])
    add_bar(canvas, field, path, radius_mm=2, half_height_mm=5)
    middle = (10, 15, 20)
    assert field[middle] == pytest.approx(-2)
    assert field[10 + 5, 15, 20] == pytest.approx(0)
    assert field[10, 15 + 2, 20] == pytest.approx(0)
    assert field[10 + 4, 15 + 1, 20] == pytest.approx(np.sqrt(2) - 2)


def test_mottle_is_the_same_on_a_coarse_and_on_a_fine_grid():
    fine, coarse = (
        mottle(Canvas(centred(shape, step), 0), np.random.default_rng(3), 5)
        for shape, step in (((21, 31, 41), (1, 1, 1)), ((11, 16, 21), (2, 2, 2)))
    )
    assert fine[::2, ::2, ::2] == pytest.approx(coarse, abs=1e-4)


def test_mottle_of_a_box_is_the_box_of_the_mottle(canvas):
    box = canvas.box((-3, -8, -4), (12, 6, 5))
    whole = mottle(canvas, np.random.default_rng(3), 5)
    assert np.array_equal(mottle(canvas, np.random.default_rng(3), 5, box), whole[box])


def test_mottle_varies_but_not_from_one_voxel_to_the_next(canvas):
    uneven = mottle(canvas, np.random.default_rng(3), 5)
    assert uneven.shape == canvas.hu.shape
    assert uneven.std() > 0.2
    assert np.abs(np.diff(uneven, axis=2)).mean() < 0.6 * uneven.std()
