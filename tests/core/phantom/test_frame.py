import numpy as np
import pytest

from core.phantom.frame import scale, to_patient, to_reference
from core.phantom.subject import Build

STOUT = Build(width=1.1, depth=1.2, height=0.9)


def test_the_reference_build_leaves_points_where_they_are():
    assert to_patient((3.0, -4, 5), Build()).tolist() == [3, -4, 5]


def test_each_axis_has_its_own_scale():
    assert to_patient((10.0, 10, 10), STOUT) == pytest.approx([11, 12, 9])
    assert scale(STOUT).tolist() == [1.1, 1.2, 0.9]


def test_there_and_back_is_where_it_was():
    points = np.random.default_rng(0).normal(0, 80, (50, 3))
    assert to_reference(to_patient(points, STOUT), STOUT) == pytest.approx(points)
