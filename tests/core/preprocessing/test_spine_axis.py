"""A column of known course behind two lungs, which the axis must follow."""

import numpy as np
import pytest

from core.preprocessing.spine_axis import spine_axis, spine_front, spine_zone
from tests.core.preprocessing.thorax import SPACING_MM, chest, left_lung, millimetres, right_lung


def column(lean):
    """A column of 36 x 30 mm in the back, which leaves the middle by `lean` mm per mm of height."""
    z, y, x = millimetres()
    return (np.abs(x - lean * z) <= 18) & (np.abs(y - 70) <= 15)


@pytest.mark.parametrize("lean", [0.0, 0.15, -0.15])
def test_the_axis_follows_a_leaning_column(lean):
    hu = chest(right_lung(), left_lung())
    spine = column(lean)
    hu[spine] = 300
    axis = spine_axis(hu, right_lung() | left_lung(), SPACING_MM)
    middle_row, middle_column = 49.5 + 70 / 3, 69.5 + lean * (np.arange(100) - 49.5)
    assert np.abs(axis[:, 0] - middle_row).max() <= 4  # 12 mm: the window is taller than the column
    assert np.abs(axis[:, 1] - middle_column).max() <= 3
    assert spine_zone(axis, hu.shape, SPACING_MM)[spine].mean() > 0.98
    front = spine_front(spine, axis, SPACING_MM)
    np.testing.assert_allclose(front, 49.5 + 55 / 3, atol=1)


def test_without_bone_the_front_is_a_usual_depth_before_the_axis():
    hu = chest(right_lung(), left_lung())
    axis = spine_axis(hu, right_lung() | left_lung(), SPACING_MM)
    assert axis.shape == (100, 2)
    front = spine_front(np.zeros(hu.shape, bool), axis, SPACING_MM)
    np.testing.assert_allclose(front, axis[:, 0] - 25 / 3)
