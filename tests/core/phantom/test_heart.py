import numpy as np
import pytest

from core.phantom.cage import cage_of
from core.phantom.frame import scale
from core.phantom.heart import (
    CHEST_WALL_MM,
    Chamber,
    add_heart,
    chambers,
    distance_at,
    placement,
)
from core.phantom.shapes import FAR_MM, Canvas
from core.phantom.subject import Build, Diseases, Subject
from tests.core.phantom.grids import centred

HEALTHY = Subject(1)
GRID = centred((96, 110, 150), (3.0, 2.0, 2.0), (0.0, -20.0, 0.0))


def enlarged(heart_scale, **build):
    return Subject(1, build=Build(**build), diseases=Diseases(heart_scale=heart_scale))


def heart_mask(subject):
    canvas = Canvas(GRID, -1000.0, scale(subject.build))
    field = canvas.distances()
    add_heart(canvas, field, chambers(subject), cage=cage_of(subject), margin_mm=3.0)
    return canvas, field


def cardiothoracic_ratio(subject):
    """Greatest width of the heart against the greatest inner width of the chest."""
    canvas, field = heart_mask(subject)
    columns = canvas.x.ravel()[(field < 0).any(axis=(0, 1))]
    return np.ptp(columns) / (2 * cage_of(subject).walls(canvas.z)[2].max())


def test_a_healthy_heart_takes_less_than_half_of_the_chests_width():
    assert 0.40 < cardiothoracic_ratio(HEALTHY) < 0.50


@pytest.mark.parametrize("heart_scale", [1.25, 1.35])
def test_an_enlarged_heart_takes_more_than_half_of_the_chests_width(heart_scale):
    assert cardiothoracic_ratio(enlarged(heart_scale)) > 0.5


def test_the_heart_grows_with_its_scale():
    volumes = [(heart_mask(enlarged(size))[1] < 0).sum() for size in (1.0, 1.1, 1.2, 1.4)]
    assert volumes == sorted(volumes)
    assert volumes[2] / volumes[0] == pytest.approx(1.2**3, rel=0.12)


def test_a_healthy_heart_holds_between_350_and_800_ml():
    canvas, field = heart_mask(HEALTHY)
    millilitres = (field < 0).sum() * canvas.geometry.voxel_volume_mm3 / 1000
    assert 350 < millilitres < 800


def test_the_left_ventricle_lies_on_the_left_and_the_right_one_before_it():
    heart = chambers(HEALTHY)
    left, right = (heart[c].centre_mm for c in (Chamber.LEFT_VENTRICLE, Chamber.RIGHT_VENTRICLE))
    assert left[0] > right[0]
    assert right[1] < left[1]
    assert heart[Chamber.LEFT_ATRIUM].centre_mm[1] > left[1]
    assert heart[Chamber.RIGHT_ATRIUM].centre_mm[0] < right[0]


def test_the_apex_turns_to_the_left_with_the_build():
    apex = (75.0, -60.0, -85.0)
    straight = placement(HEALTHY).points(apex)
    turned = placement(enlarged(1.0, heart_turn_degrees=10.0)).points(apex)
    assert turned[1] > straight[1]
    assert turned[0] > straight[0]
    assert np.linalg.norm(turned - straight) < 20


def test_a_raised_diaphragm_lifts_the_apex_and_leaves_the_arch():
    raised = placement(enlarged(1.0, diaphragm_mm=30.0))
    assert raised.points((70.0, -60.0, -80.0))[2] > -80 + 15
    assert raised.points((0.0, -40.0, 75.0)) == pytest.approx((0.0, -40.0, 75.0), abs=12.0)


def test_distances_of_points_and_of_the_grid_agree_near_the_surface():
    """But for the rounded meeting of the chambers, which lies outside of all of them."""
    canvas, field = heart_mask(HEALTHY)
    near = np.argwhere((field > -2) & (field < 2))[::97]
    points = np.stack(
        [axis.ravel()[near[:, 2 - k]] for k, axis in enumerate((canvas.x, canvas.y, canvas.z))], 1
    )
    exact = distance_at(points.astype(float), chambers(HEALTHY))
    assert (field[tuple(near.T)] < exact + 0.05).all()
    assert np.median(np.abs(field[tuple(near.T)] - exact)) < 0.3


def test_the_heart_never_leaves_the_chest():
    subject = enlarged(1.4, depth=0.9, heart_turn_degrees=-10.0)
    canvas, field = heart_mask(subject)
    wall = cage_of(subject).distance(canvas)
    assert (wall[field < 0] < -CHEST_WALL_MM + 0.01).all()


def test_nothing_is_said_far_from_the_heart():
    _, field = heart_mask(HEALTHY)
    assert field[-1].min() == FAR_MM
    assert field.max() == FAR_MM
