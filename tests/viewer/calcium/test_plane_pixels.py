"""Candidates as pixels of the three planes, and outlines between pixels."""

import numpy as np
import pytest

from core.calcium.candidates import find_candidates
from core.views.planes import Plane, slice_values
from tests.viewer.calcium.small_scan import small_scan
from viewer.calcium.plane_pixels import lesion_pixels, outline, part_pixels


@pytest.fixture(scope="module")
def found():
    return find_candidates(small_scan())


def painted(candidates):
    """The same parts painted into a whole volume, axial slice by axial slice."""
    return np.stack([candidates.part_image(k) for k in range(candidates.geometry.shape[0])])


@pytest.mark.parametrize("plane", Plane)
def test_every_slice_of_every_plane_shows_the_parts_of_the_volume(found, plane):
    volume = painted(found)
    assert (volume > 0).any()
    for index in range(volume.shape[plane.axis]):
        expected = slice_values(volume, plane, index)
        assert np.array_equal(part_pixels(found, plane, index), expected)


@pytest.mark.parametrize("plane", Plane)
def test_a_lesion_is_seen_where_its_voxels_are(plane):
    shape = (5, 7, 9)
    voxels = np.array([[1, 2, 3], [1, 2, 4], [3, 2, 3]], np.int32)
    mask = np.zeros(shape, bool)
    mask[tuple(voxels.T)] = True
    for index in range(shape[plane.axis]):
        expected = slice_values(mask, plane, index)
        found = lesion_pixels(voxels, shape, plane, range(index, index + 1))
        assert np.array_equal(found, expected)


def test_of_slices_that_are_seen_together_the_lesion_is_seen_in_any():
    voxels = np.array([[1, 2, 3], [1, 2, 4], [3, 4, 3]], np.int32)
    expected = np.zeros((7, 9), bool)
    expected[2, 3:5] = True
    assert np.array_equal(lesion_pixels(voxels, (5, 7, 9), Plane.AXIAL, range(3)), expected)
    expected[4, 3] = True
    assert np.array_equal(lesion_pixels(voxels, (5, 7, 9), Plane.AXIAL, range(5)), expected)


def test_the_outline_of_one_pixel_is_its_four_sides():
    mask = np.zeros((5, 6), bool)
    mask[2, 3] = True
    assert {tuple(each) for each in outline(mask)} == {
        (3, 2, 4, 2), (3, 3, 4, 3), (3, 2, 3, 3), (4, 2, 4, 3)
    }  # fmt: skip


def test_sides_in_one_line_are_joined_and_no_side_lies_inside():
    mask = np.zeros((6, 6), bool)
    mask[1:3, 1:5] = True
    assert {tuple(each) for each in outline(mask)} == {
        (1, 1, 5, 1), (1, 3, 5, 3), (1, 1, 1, 3), (5, 1, 5, 3)
    }  # fmt: skip


def test_an_outline_may_touch_the_border_of_the_picture():
    segments = outline(np.ones((2, 3), bool))
    assert len(segments) == 4
    assert segments.min() == 0
    assert segments[:, [0, 2]].max() == 3
    assert len(outline(np.zeros((2, 3), bool))) == 0


def test_the_length_of_an_outline_counts_the_sides_between_inside_and_outside():
    mask = np.random.default_rng(3).random((20, 30)) > 0.6
    framed = np.pad(mask, 1)
    sides = (framed[1:] != framed[:-1]).sum() + (framed[:, 1:] != framed[:, :-1]).sum()
    lengths = np.abs(np.diff(outline(mask).reshape(-1, 2, 2), axis=1)).sum()
    assert lengths == sides
