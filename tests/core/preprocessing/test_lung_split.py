"""Parting two lungs and cleaning each of them, by hand on small masks."""

import numpy as np

from core.preprocessing.lung_split import covering, main_part, two_lungs
from core.preprocessing.touching_lungs import parted
from core.voxel_runs import find_runs


def block(shape, *corners):
    mask = np.zeros(shape, bool)
    for low, high in corners:
        mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def as_runs(mask):
    return find_runs(mask, 0, len(mask))


def split(mask, spacing_mm=(1.0, 1.0, 1.0)):
    lungs = two_lungs(as_runs(mask), spacing_mm)
    return lungs and sorted(
        (lung.painted() for lung in lungs), key=lambda lung: np.argwhere(lung)[:, 2].mean()
    )


def test_the_largest_parts_that_cover_95_percent_of_their_slice_are_chosen():
    one_slice = np.zeros(3, np.int64)
    np.testing.assert_array_equal(covering(np.array([4.0, 60, 36]), one_slice), [False, True, True])
    np.testing.assert_array_equal(covering(np.array([5.0, 95]), one_slice[:2]), [False, True])
    np.testing.assert_array_equal(covering(np.array([6.0, 94]), one_slice[:2]), [True, True])
    np.testing.assert_array_equal(
        covering(np.array([4.0, 3, 60, 97, 36]), np.array([0, 7, 0, 7, 0])),
        [False, False, True, True, True],
    )


def test_a_small_part_outside_the_hull_of_the_large_one_goes_and_one_inside_stays():
    """Both hang on the large part through the next slice, so only the hull tells them apart."""
    corner = block((2, 40, 40), ((0, 5, 5), (2, 35, 9)), ((0, 31, 5), (2, 35, 35)))
    stray, in_bend = (0, 8, 30), (0, 28, 14)
    lung = corner.copy()
    lung[stray] = lung[in_bend] = True
    lung[1, 8, 9:31] = lung[1, 28:31, 14] = True
    kept = main_part(as_runs(lung)).painted()
    assert kept[in_bend]
    assert not kept[stray]
    np.testing.assert_array_equal(kept & corner, corner)


def test_a_small_run_is_cut_where_it_leaves_the_hull():
    corner = block((2, 40, 40), ((0, 5, 5), (2, 35, 9)), ((0, 31, 5), (2, 35, 35)))
    corner[1] = corner[0] | block((1, 40, 40), ((0, 5, 5), (1, 35, 35)))[0]
    lung = corner.copy()
    lung[0, 20, 15:25] = True
    kept = main_part(as_runs(lung)).painted()
    (cut,) = np.flatnonzero(np.diff(kept[0, 20, 15:25].astype(int)))
    assert kept[0, 20, 15]
    assert 15 + cut == 23  # the edge runs from (5, 8.5) to (31, 34.5)


def test_two_blocks_joined_by_a_bridge_are_parted_in_its_middle():
    first, second = ((1, 1, 1), (20, 20, 15)), ((1, 1, 25), (20, 20, 39))
    mask = block((21, 21, 40), first, second, ((9, 9, 15), (12, 12, 25)))
    lungs = split(mask)
    for lung, ((_, _, start), (_, _, stop)) in zip(lungs, (first, second), strict=True):
        assert lung[1:20, 1:20, start:stop].all()
    edge = (np.argwhere(lungs[0])[:, 2].max(), np.argwhere(lungs[1])[:, 2].min())
    assert edge[1] == edge[0] + 1
    assert abs(edge[0] - 19) <= 1  # the cut is as coarse as every second voxel


def test_how_thick_a_bridge_may_be_is_a_distance_not_a_number_of_voxels():
    """24 voxels thick: 24 mm, which 16 mm of erosion parts, or 120 mm, which it does not."""
    lungs = block((60, 60, 140), ((1, 1, 1), (59, 59, 55)), ((1, 1, 85), (59, 59, 139)))
    lungs |= block((60, 60, 140), ((18, 18, 55), (42, 42, 85)))
    assert split(lungs) is not None
    assert split(lungs, (5.0, 5.0, 5.0)) is None


def test_parting_leaves_no_voxel_out_and_adds_none():
    mask = block((31, 29, 61), ((1, 1, 1), (30, 28, 25)), ((1, 1, 36), (30, 28, 60)))
    mask |= block(mask.shape, ((13, 13, 25), (18, 18, 36)))
    owner = parted(mask, (0.7, 0.9, 0.6))
    np.testing.assert_array_equal(owner > 0, mask)
    assert set(np.unique(owner)) == {0, 1, 2}


def test_parts_that_differ_too_much_are_not_two_lungs():
    mask = block((21, 21, 40), ((1, 1, 1), (20, 20, 25)), ((1, 1, 30), (7, 7, 36)))
    assert split(mask) is None
