import numpy as np
import pytest

from core.phantom.pulmonary import MURRAY_EXPONENT, TWIG_RADIUS_MM, grow_tree

ROOT_MM = np.array([0.0, 0, 0])


def a_tree():
    ends = np.random.default_rng(1).uniform(5, 60, (200, 3))
    return grow_tree(ROOT_MM, ends)


def test_every_node_leads_home_to_the_root():
    nodes, _, parent = a_tree()
    assert np.array_equal(nodes[0], ROOT_MM)
    assert all(parent[k] < k for k in range(1, len(nodes)))


def test_vessels_never_widen_towards_the_periphery():
    _, radii, parent = a_tree()
    assert (radii[1:] < radii[parent[1:]]).all()
    assert radii.min() == pytest.approx(TWIG_RADIUS_MM)


def test_radii_at_a_fork_add_up_by_murrays_law():
    _, radii, parent = a_tree()
    power = radii**MURRAY_EXPONENT
    own = TWIG_RADIUS_MM**MURRAY_EXPONENT
    for node in range(len(power)):
        children = np.flatnonzero(parent[1:] == node) + 1
        assert power[node] == pytest.approx(own + power[children].sum())


def test_two_ends_in_one_line_share_a_vessel():
    nodes, radii, parent = grow_tree(ROOT_MM, np.array([[20.0, 0, 0], [10.0, 0, 0]]))
    assert nodes[:, 0].tolist() == [0, 10, 20]
    assert parent.tolist() == [0, 0, 1]
    assert radii[0] == pytest.approx(TWIG_RADIUS_MM * 3 ** (1 / MURRAY_EXPONENT))


def test_bends_are_softened_and_ends_stay():
    nodes, _, parent = grow_tree(ROOT_MM, np.array([[10.0, 0, 6], [20.0, 0, 0]]))
    assert parent.tolist() == [0, 0, 1]
    assert nodes[2].tolist() == [20, 0, 0]
    assert nodes[1] == pytest.approx([10, 0, 6 * 0.4 * 0.4])
