"""Runs must say the same about connected parts as voxels do."""

import numpy as np
import pytest
from scipy.ndimage import binary_fill_holes, generate_binary_structure, label

from core.voxel_runs import (
    filled,
    find_runs,
    find_runs_in,
    joined,
    parts,
    united,
    without,
)

IN_SLICE_8 = np.zeros((3, 3, 3), bool)
IN_SLICE_8[1] = True
IN_SLICE_4 = IN_SLICE_8 & generate_binary_structure(3, 1)


@pytest.fixture(params=[0.05, 0.4, 0.6, 0.95])
def mask(request):
    return np.random.default_rng(7).random((6, 9, 11)) < request.param


def labelled(runs, links):
    """Labels 1... of every voxel, through the runs."""
    count, part = parts(len(runs.start), links)
    labels = np.zeros(runs.shape, int)
    for index, row, column, length, name in zip(
        runs.slices, runs.rows, runs.columns, runs.lengths, part, strict=True
    ):
        labels[index, row, column : column + length] = name + 1
    return labels, count


def assert_same_parts(ours, theirs):
    """Equal up to the names of the parts."""
    pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1] == len(np.unique(pairs[1]))


def runs_of(mask):
    return find_runs(mask, 0, len(mask))


def test_painting_the_runs_gives_the_mask_back(mask):
    np.testing.assert_array_equal(runs_of(mask).painted(), mask)


@pytest.mark.parametrize("value", [False, True])
def test_empty_and_full_masks_survive(value):
    mask = np.full((2, 3, 4), value)
    runs = runs_of(mask)
    assert len(runs.start) == (6 if value else 0)
    np.testing.assert_array_equal(runs.painted(), mask)


def test_slabs_joined_are_the_runs_of_the_whole(mask):
    slabs = joined([find_runs(mask[:2], 0, 6), find_runs(mask[2:], 2, 6)])
    np.testing.assert_array_equal(slabs.start, runs_of(mask).start)
    np.testing.assert_array_equal(slabs.stop, runs_of(mask).stop)


@pytest.mark.parametrize(("diagonal", "structure"), [(True, IN_SLICE_8), (False, IN_SLICE_4)])
def test_parts_within_slices_are_those_of_the_voxels(mask, diagonal, structure):
    runs = runs_of(mask)
    ours, count = labelled(runs, runs.links(runs.row_step, diagonal=diagonal))
    theirs, expected = label(mask, structure)
    assert count == expected
    assert_same_parts(ours, theirs)


def test_parts_over_slices_are_the_six_connected_ones(mask):
    runs = runs_of(mask)
    pairs = [runs.links(step) for step in (runs.row_step, runs.slice_step)]
    links = (np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs]))
    ours, count = labelled(runs, links)
    theirs, expected = label(mask)
    assert count == expected
    assert_same_parts(ours, theirs)


def test_every_voxel_finds_the_run_that_holds_it(mask):
    runs = runs_of(mask)
    for voxel in np.ndindex(mask.shape):
        held = runs.holding(voxel)
        assert len(held) == mask[voxel]
        for run in held:
            assert (runs.slices[run], runs.rows[run]) == voxel[:2]
            assert 0 <= voxel[2] - runs.columns[run] < runs.lengths[run]


@pytest.mark.parametrize(("corners", "reach"), [(False, 2), (True, 3)])
def test_parts_in_3d_are_the_18_and_the_26_connected_ones(mask, corners, reach):
    runs = runs_of(mask)
    ours, count = labelled(runs, runs.body_links(corners=corners))
    theirs, expected = label(mask, generate_binary_structure(3, reach))
    assert count == expected
    assert_same_parts(ours, theirs)


def test_filling_closes_what_a_slice_encloses(mask):
    crossed = generate_binary_structure(2, 2)  # gaps meet at corners
    expected = [binary_fill_holes(plane, crossed) for plane in mask]
    np.testing.assert_array_equal(filled(runs_of(mask)).painted(), expected)


@pytest.mark.parametrize("value", [False, True])
def test_filling_changes_neither_nothing_nor_everything(value):
    mask = np.full((2, 3, 4), value)
    np.testing.assert_array_equal(filled(runs_of(mask)).painted(), mask)


def test_a_gap_in_the_first_row_of_the_volume_is_open():
    mask = np.ones((2, 5, 7), bool)
    mask[0, 0, 3] = mask[1, 0, 3] = mask[0, 2, 0] = mask[1, 4, 3] = mask[1, 2, 6] = False
    np.testing.assert_array_equal(filled(runs_of(mask)).painted(), mask)


def test_runs_that_meet_become_one():
    mask = np.random.default_rng(9).random((3, 6, 40)) < 0.5
    chosen = mask & (np.random.default_rng(10).random(mask.shape) < 0.5)
    both = united(runs_of(chosen), runs_of(mask & ~chosen))
    np.testing.assert_array_equal(both.start, runs_of(mask).start)
    np.testing.assert_array_equal(both.stop, runs_of(mask).stop)


def test_uniting_with_nothing_gives_the_other(mask):
    nothing = runs_of(np.zeros_like(mask))
    for both in (united(runs_of(mask), nothing), united(nothing, runs_of(mask))):
        np.testing.assert_array_equal(both.painted(), mask)


def test_without_drops_the_runs_that_share_a_voxel(mask):
    others = np.random.default_rng(11).random(mask.shape) < 0.1
    left = without(runs_of(mask), runs_of(others))
    names, _ = labelled(runs_of(mask), (np.zeros(0, int), np.zeros(0, int)))
    touched = np.unique(names[others])
    np.testing.assert_array_equal(left.painted(), mask & ~np.isin(names, touched))


def test_runs_found_in_a_box_lie_where_the_box_lies(mask):
    box = (slice(1, 5), slice(2, 8), slice(3, 10))
    inside = np.zeros_like(mask)
    inside[box] = mask[box]
    runs = find_runs_in(mask[box], box, mask.shape)
    np.testing.assert_array_equal(runs.painted(), inside)
    np.testing.assert_array_equal(runs.painted_in(box), mask[box])


@pytest.mark.parametrize("block", [(1, 1, 1), (1, 2, 2), (4, 2, 3)])
def test_a_block_is_touched_if_one_of_its_voxels_is(mask, block):
    sparse = mask & (np.random.default_rng(12).random(mask.shape) < 0.1)
    touched = runs_of(sparse).in_blocks(block)
    for index in np.ndindex(touched.shape):
        voxels = tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, block, strict=True))
        assert touched[index] == sparse[voxels].any()
