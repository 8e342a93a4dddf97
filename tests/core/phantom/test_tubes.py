import numpy as np
import pytest

from core.phantom.tubes import Tubes, joined, tube_cover, tube_distance
from tests.core.phantom.lung_spaces import plain_canvas, plain_lungs

FINE = (1.5, 1.5, 1.5)


def one(start, end, radii) -> Tubes:
    return Tubes(np.array([start], float), np.array([end], float), np.array([radii], float))


def test_thin_tubes_keep_their_volume():
    space = plain_lungs(FINE)
    tube = one((-80, -20, -30), (-50, 15, 40), (0.5, 0.5))
    wanted = np.pi * 0.25 * tube.lengths_mm[0]
    assert tube_cover(space, tube).sum() * space.voxel_mm3 == pytest.approx(wanted, rel=0.01)


def test_thick_tubes_keep_their_volume():
    space = plain_lungs(FINE)
    tube = one((-80, -20, -30), (-50, 15, 40), (4.0, 4.0))
    wanted = np.pi * 16 * tube.lengths_mm[0] + 4 / 3 * np.pi * 64
    assert tube_cover(space, tube).sum() * space.voxel_mm3 == pytest.approx(wanted, rel=0.04)


def test_distances_are_those_of_the_canvas():
    canvas = plain_canvas(FINE)
    space = plain_lungs(FINE)
    path, radii = np.array([(-90.0, -30, -40), (-60, 10, 5), (-55, 30, 60)]), (5.0, 3.0, 2.0)
    whole = canvas.distances()
    canvas.add_tube(whole, path, radii, margin_mm=4.0)
    tubes = Tubes(path[:-1], path[1:], np.array([radii[:-1], radii[1:]]).T)
    found = tube_distance(space, tubes, 4.0)
    near = found < 3.9
    assert near.sum() > 2000
    assert np.allclose(found[near], whole[space.box][near], atol=0.02)


def test_covers_lie_between_nothing_and_all():
    space, random = plain_lungs(), np.random.default_rng(0)
    starts = random.uniform(-80, 80, (300, 3))
    many = Tubes(starts, starts + random.normal(0, 9, (300, 3)), random.uniform(0.2, 5, (300, 2)))
    cover = tube_cover(space, many)
    assert cover.min() == 0
    assert cover.max() == 1


def test_tubes_out_of_the_box_are_no_fault():
    assert tube_cover(plain_lungs(), one((900, 0, 0), (950, 0, 0), (0.3, 0.3))).max() == 0
    assert tube_cover(plain_lungs(), one((900, 0, 0), (950, 0, 0), (5, 5))).max() == 0


def test_no_tubes_cover_nothing():
    nothing = one((0, 0, 0), (1, 0, 0), (1, 1)).only(np.array([False]))
    assert tube_cover(plain_lungs(), nothing).max() == 0


def test_pieces_of_a_tube_join_and_taper():
    pieces = one((0, 0, 0), (9, 0, 0), (3, 0)).cut(np.array([3]))
    assert pieces.starts_mm[:, 0].tolist() == pytest.approx([0, 3, 6])
    assert pieces.ends_mm[:, 0].tolist() == pytest.approx([3, 6, 9])
    assert pieces.radii_mm.tolist() == [[3, 2], [2, 1], [1, 0]]
    assert joined(pieces, pieces).lengths_mm.tolist() == pytest.approx([3] * 6)
