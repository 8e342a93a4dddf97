"""Parting two lungs and cleaning each of them, by hand on small masks."""

import numpy as np

from core.preprocessing.lung_split import (
    _covering,
    _eroded,
    _main_part,
    filled_holes,
    filled_slices,
    two_lungs,
)


def block(shape, *corners):
    mask = np.zeros(shape, bool)
    for low, high in corners:
        mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def test_a_cavity_is_filled_and_a_well_is_not():
    mask = block((9, 9, 9), ((1, 1, 1), (8, 8, 8)))
    mask[4, 4, 4] = False
    mask[6:, 2, 2] = False  # open above
    filled = filled_holes(mask)
    assert filled[4, 4, 4]
    assert not filled[6:8, 2, 2].any()


def test_within_a_slice_a_well_is_a_hole_and_a_bay_is_not():
    mask = block((3, 9, 9), ((0, 1, 1), (3, 8, 8)))
    mask[:, 4, 4] = False  # open above and below, closed in each slice
    mask[:, 1:3, 6] = False  # a bay of the edge
    filled = filled_slices(mask)
    assert filled[:, 4, 4].all()
    assert not filled[:, 1:3, 6].any()


def test_one_erosion_takes_one_voxel_from_every_side_and_at_the_border():
    mask = block((6, 7, 8), ((0, 1, 2), (5, 6, 8)))
    np.testing.assert_array_equal(_eroded(mask), block((6, 7, 8), ((1, 2, 3), (4, 5, 7))))


def test_the_largest_parts_that_cover_95_percent_are_chosen():
    np.testing.assert_array_equal(_covering(np.array([4, 60, 36])), [False, True, True])
    np.testing.assert_array_equal(_covering(np.array([5, 95])), [False, True])
    np.testing.assert_array_equal(_covering(np.array([6, 94])), [True, True])


def test_a_small_part_outside_the_hull_of_the_large_one_goes_and_one_inside_stays():
    """Both hang on the large part through the next slice, so only the hull tells them apart."""
    corner = block((2, 40, 40), ((0, 5, 5), (2, 35, 9)), ((0, 31, 5), (2, 35, 35)))
    stray, in_bend = (0, 8, 30), (0, 28, 14)
    lung = corner.copy()
    lung[stray] = lung[in_bend] = True
    lung[1, 8, 9:31] = lung[1, 28:31, 14] = True
    kept = _main_part(lung)
    assert kept[in_bend]
    assert not kept[stray]
    np.testing.assert_array_equal(kept & corner, corner)


def test_two_blocks_joined_by_a_bridge_are_parted_in_its_middle():
    first, second = ((1, 1, 1), (20, 20, 15)), ((1, 1, 25), (20, 20, 39))
    mask = block((21, 21, 40), first, second, ((9, 9, 15), (12, 12, 25)))
    lungs = sorted(
        two_lungs(mask, (1.0, 1.0, 1.0)), key=lambda lung: np.argwhere(lung)[:, 2].mean()
    )
    for lung, ((_, _, start), (_, _, stop)) in zip(lungs, (first, second), strict=True):
        assert lung[1:20, 1:20, start:stop].all()
    middle = [np.argwhere(lungs[0])[:, 2].max(), np.argwhere(lungs[1])[:, 2].min()]
    assert middle == [19, 20]


def test_parts_that_differ_too_much_are_not_two_lungs():
    mask = block((21, 21, 40), ((1, 1, 1), (20, 20, 25)), ((1, 1, 30), (7, 7, 36)))
    assert two_lungs(mask, (1.0, 1.0, 1.0)) is None
