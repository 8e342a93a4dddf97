import numpy as np
import pytest

from core.phantom.cage import HEIGHTS_MM, Cage, cage, cage_of, spine_y
from core.phantom.shapes import Canvas
from core.phantom.subject import Build, Subject
from tests.core.phantom.grids import WHOLE, centred

Z_MM = np.linspace(-160, 125, 58)


def test_a_kyphotic_spine_bends_back_between_its_fixed_ends():
    further = spine_y(Z_MM, 1.6) - spine_y(Z_MM)
    assert further.max() > 8
    assert further.min() > -0.1
    ends = np.array([HEIGHTS_MM[0], HEIGHTS_MM[-1]], float)
    assert spine_y(ends, 1.6) == pytest.approx(spine_y(ends), abs=1e-4)


def test_the_spine_lies_inside_the_back_wall():
    for kyphosis in (0.7, 1.0, 1.6):
        centre_y, half_depth, _ = cage(Z_MM, kyphosis)
        assert (spine_y(Z_MM, kyphosis) < centre_y + half_depth - 10).all()


def test_the_cage_narrows_to_its_top():
    _, _, half_width = cage(np.array([0.0, 60, 90, 120]))
    assert (np.diff(half_width) < 0).all()


def test_a_keel_stands_out_in_front_alone():
    plain, keeled = Cage().walls(Z_MM), Cage(keel_mm=4).walls(Z_MM)
    low = (Z_MM > -60) & (Z_MM < 20)
    assert (plain[0] - plain[1] - keeled[0] + keeled[1])[low] == pytest.approx(4, abs=0.01)
    assert keeled[0] + keeled[1] == pytest.approx(plain[0] + plain[1], abs=1e-4)


def test_the_distance_is_zero_on_the_walls():
    canvas = Canvas(centred(*WHOLE), -1000)
    distance = Cage().distance(canvas)
    k = 32
    _, _, half_width = Cage().walls(canvas.z[k])
    row = int(np.abs(canvas.y - Cage().walls(canvas.z[k])[0]).argmin())
    across = np.interp(half_width.item(), canvas.x.ravel()[48:], distance[k, row, 48:])
    assert across == pytest.approx(0, abs=0.5)


def test_persons_differ_and_the_same_person_does_not():
    one, other = Subject(1, build=Build(kyphosis=1.3)), Subject(2)
    assert cage_of(one) == cage_of(one)
    assert cage_of(one).kyphosis == 1.3
    assert cage_of(one).flare != cage_of(other).flare
