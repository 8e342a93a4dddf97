import numpy as np
import pytest

from core.phantom.airway_tree import grow_airways
from core.phantom.parenchyma import above_oblique_fissure
from core.phantom.subject import Subject
from core.phantom.vessel_trees import (
    CLEAR_MM,
    MURRAY_EXPONENT,
    TWIG_RADIUS_MM,
    artery_tree,
    grow_tree,
    lung_vessels,
    scattered_ends,
    sprouts,
    vein_trees,
)
from tests.core.phantom.lung_spaces import plain_lungs

ROOT_MM = np.array([[0.0, 0, 0]])
SPACE = plain_lungs()


def a_tree():
    ends = np.random.default_rng(1).uniform(5, 60, (200, 3))
    return grow_tree(ROOT_MM, ends)


def test_every_node_leads_home_to_the_root():
    tree = a_tree()
    assert np.array_equal(tree.nodes_mm[:1], ROOT_MM)
    assert all(tree.parent[k] < k for k in range(1, len(tree.nodes_mm)))


def test_vessels_never_widen_towards_the_periphery():
    tree = a_tree()
    assert (tree.radii_mm[1:] < tree.radii_mm[tree.parent[1:]]).all()
    assert tree.radii_mm.min() == pytest.approx(TWIG_RADIUS_MM)
    tubes = tree.tubes()
    assert (tubes.radii_mm[:, 0] >= tubes.radii_mm[:, 1]).all()


def test_radii_at_a_fork_add_up_by_murrays_law():
    tree = a_tree()
    power = tree.radii_mm**MURRAY_EXPONENT
    own = TWIG_RADIUS_MM**MURRAY_EXPONENT
    for node in range(len(power)):
        children = np.flatnonzero(tree.parent[1:] == node) + 1
        assert power[node] == pytest.approx(own + power[children].sum())


def test_two_ends_in_one_line_share_a_vessel():
    tree = grow_tree(ROOT_MM, np.array([[20.0, 0, 0], [10.0, 0, 0]]))
    assert tree.nodes_mm[:, 0].tolist() == [0, 10, 20]
    assert tree.parent.tolist() == [0, 0, 1]
    assert tree.radii_mm[0] == pytest.approx(TWIG_RADIUS_MM * 3 ** (1 / MURRAY_EXPONENT))


def test_bends_are_softened_and_ends_stay():
    tree = grow_tree(ROOT_MM, np.array([[10.0, 0, 6], [20.0, 0, 0]]))
    assert tree.parent.tolist() == [0, 0, 1]
    assert tree.nodes_mm[2].tolist() == [20, 0, 0]
    assert tree.nodes_mm[1] == pytest.approx([10, 0, 6 * 0.4 * 0.4])


def test_vessels_fork_and_do_not_burst_into_stars():
    tree = artery_tree(SPACE, grow_airways(SPACE, Subject(1), -1), Subject(1), -1)
    children = np.bincount(tree.parent[1:])
    assert np.percentile(children[children > 0], 95) <= 4
    assert children.max() <= 9


def test_ends_fill_one_lung_and_keep_clear_of_the_pleura():
    ends = scattered_ends(SPACE, np.random.default_rng(0), -1)
    assert len(ends) > 800
    assert (ends[:, 0] < 0).all()
    assert (SPACE.pleura_at(ends) < -CLEAR_MM).all()
    assert np.ptp(ends, axis=0) == pytest.approx([95, 165, 225], abs=15)


def test_arteries_run_beside_bronchi():
    airways = grow_airways(SPACE, Subject(1), 1)
    tree = artery_tree(SPACE, airways, Subject(1), 1)
    off = np.linalg.norm(tree.nodes_mm[None] - airways.nodes_mm[:, None], axis=2).min(1)
    assert np.median(off / airways.radii_mm) < 3.5


def test_upper_and_lower_veins_keep_to_their_lobes():
    upper, lower = vein_trees(SPACE, Subject(1), -1)
    for tree, above in ((upper, True), (lower, False)):
        leaves = np.setdiff1d(np.arange(len(tree.parent)), tree.parent)
        found = above_oblique_fissure(*tree.nodes_mm[leaves].T, side=-1)
        assert (found == above).mean() > 0.95


def test_trunks_at_the_hilum_are_as_wide_as_in_people():
    """Right and left pulmonary arteries: 10 to 20 mm; veins: 7 to 17 mm across."""
    for side in (-1, 1):
        artery = artery_tree(SPACE, grow_airways(SPACE, Subject(1), side), Subject(1), side)
        assert 5 < artery.radii_mm[0] < 10
        assert all(3.5 < vein.radii_mm[0] < 8.5 for vein in vein_trees(SPACE, Subject(1), side))


def test_sprouts_are_thin_and_start_on_the_tree():
    tree = a_tree()
    twigs = sprouts(tree, np.random.default_rng(0))
    assert twigs.radii_mm.max() < TWIG_RADIUS_MM
    assert np.array_equal(np.unique(twigs.starts_mm, axis=0), np.unique(tree.nodes_mm[1:], axis=0))


def test_the_same_person_has_the_same_vessels():
    airways = {side: grow_airways(SPACE, Subject(1), side) for side in (-1, 1)}
    one, again = (lung_vessels(SPACE, airways, Subject(1)) for _ in range(2))
    assert np.array_equal(one[0].ends_mm, again[0].ends_mm)
    assert np.array_equal(one[1].ends_mm, again[1].ends_mm)
