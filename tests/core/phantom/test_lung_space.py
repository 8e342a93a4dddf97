import numpy as np
import pytest

from core.phantom.lung_space import box_of, lung_space
from core.phantom.shapes import FAR_MM
from tests.core.phantom.lung_spaces import LITRES, lung_distance, plain_canvas, plain_lungs


def test_the_box_holds_all_of_both_lungs():
    canvas = plain_canvas()
    distance = lung_distance(canvas)
    space = lung_space(canvas, distance)
    assert space.inside.sum() == (distance < 0).sum()
    assert space.pleura.size < distance.size


def test_voxels_have_the_volume_they_have_in_the_person():
    for scale in ((1, 1, 1), (1.1, 0.9, 1.2)):
        space = plain_lungs(scale=scale)
        litres = space.inside.sum() * space.voxel_mm3 / 1e6
        assert litres == pytest.approx(LITRES * np.prod(scale), rel=0.02)


def test_indices_and_coordinates_agree():
    space = plain_lungs(scale=(1.1, 0.9, 1.2))
    k, j, i = 7, 11, 13
    point = np.array([[space.x.flat[i], space.y.flat[j], space.z.flat[k]]], float)
    assert space.index(point)[0] == pytest.approx((k, j, i), abs=1e-4)
    assert space.pleura_at(point)[0] == space.pleura[k, j, i]


def test_points_out_of_the_box_are_far_from_the_lungs():
    assert plain_lungs().pleura_at(np.array([[0.0, 0, 900]])).tolist() == [FAR_MM]


def test_the_rim_is_one_at_the_pleura_and_fades_inwards():
    space = plain_lungs()
    rim = space.rim(10.0)
    assert (rim[~space.inside] == 1).all()
    assert np.allclose(rim[space.inside], np.exp(space.pleura[space.inside] / 10))


def test_a_box_of_nothing_is_empty():
    assert np.zeros((3, 3, 3))[box_of(np.zeros((3, 3, 3), bool))].size == 0
