"""Runs must say the same about connected parts as voxels do."""

import numpy as np
import pytest
from scipy.ndimage import generate_binary_structure, label

from core.preprocessing.air_runs import find_runs, joined, parts

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
