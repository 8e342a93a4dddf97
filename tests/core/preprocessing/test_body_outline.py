import numpy as np

from core.preprocessing.body_outline import body_outline
from tests.core.preprocessing.thorax import chest, left_lung, millimetres, right_lung


def body():
    _, y, x = millimetres()
    return (y / 120) ** 2 + (x / 175) ** 2 <= 1


def test_the_body_holds_its_lungs_and_its_bubbles_of_air():
    hu = chest(right_lung(), left_lung())
    hu[50, 70:74, 70:74] = -1000  # in the gullet
    outline = body_outline(hu, right_lung() | left_lung())
    np.testing.assert_array_equal(outline[5:-5], body()[5:-5])


def test_a_table_that_touches_the_back_is_not_the_body():
    hu = chest(right_lung(), left_lung())
    _, y, x = millimetres()
    shell = (np.abs(x) < 190) & (y > 119) & (y < 128)
    assert (np.diff(y[0, :, 0]) == 3).all()
    hu[shell & ~body()] = 200
    outline = body_outline(hu, right_lung() | left_lung())
    assert outline[body()].mean() > 0.995
    assert outline[shell & ~body()].mean() < 0.15


def test_nothing_solid_is_no_body():
    hu = np.full((4, 9, 9), -1000, np.int16)
    assert not body_outline(hu, np.zeros(hu.shape, bool)).any()
