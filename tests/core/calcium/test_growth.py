"""One click reaches one lesion, and never the skeleton."""

import numpy as np
import pytest

from core.calcium.growth import grow
from core.calcium.lesion import measure
from core.calcium.rule import STANDARD
from core.geometry import VolumeGeometry
from core.volume import Mask
from tests.core.calcium.blocks import AXIAL, at, scan

PLAQUE = (slice(1, 4), slice(10, 12), slice(10, 15), 250)


def test_a_click_takes_the_whole_lesion_and_nothing_else():
    volume = scan([PLAQUE, (slice(1, 2), slice(30, 33), slice(30, 33), 700)])
    growth = grow(volume, at(volume, (2, 11, 12)))
    assert len(growth.voxels) == 30
    assert growth.words == ""
    assert measure(volume, growth.voxels, STANDARD).agatston == 60


def test_only_this_slice_takes_the_part_of_the_slice():
    volume = scan([PLAQUE])
    growth = grow(volume, at(volume, (2, 11, 12)), only_slice=True)
    assert len(growth.voxels) == 10
    assert set(growth.voxels[:, 0]) == {2}


@pytest.mark.parametrize(("off_mm", "found"), [(0.0, True), (1.9, True), (2.2, False)])
def test_a_click_beside_a_lesion_means_it_up_to_two_millimetres(off_mm, found):
    volume = scan([PLAQUE])
    point = at(volume, (2, 11, 14)) + np.array([off_mm, 0, 0])
    assert (len(grow(volume, point).voxels) > 0) == found


def test_a_click_on_nothing_or_far_outside_gives_nothing():
    volume = scan([PLAQUE])
    assert not len(grow(volume, at(volume, (2, 30, 30))).voxels)
    assert not len(grow(volume, (9000.0, 0.0, 0.0)).voxels)


def bone(volume, rows):
    labels = np.zeros((3, 20, 20), dtype=np.uint8)
    labels[:, rows] = 6
    first_mm = volume.geometry.to_patient((0.5, 0.5, 0.5))
    grid = VolumeGeometry.from_axes(labels.shape, first_mm, AXIAL, (6.0, 2.0, 2.0))
    return Mask(labels, grid)


def test_the_growth_stops_at_bone_and_says_where():
    bridge = (slice(1, 4), slice(10, 30), slice(10, 15), 250)  # a plaque that runs into a rib
    volume = scan([bridge])
    growth = grow(volume, at(volume, (2, 11, 12)), barrier=bone(volume, slice(8, 20)))
    assert growth.voxels[:, 1].max() == 15  # rows from 16 on are bone
    assert growth.stopped_by == "bone"
    assert growth.words == "growth stopped at 4 mm by bone"


def test_a_click_within_bone_takes_nothing():
    volume = scan([(slice(1, 4), slice(24, 30), slice(10, 15), 250)])
    point = at(volume, (2, 27, 12))
    assert not len(grow(volume, point, barrier=bone(volume, slice(8, 20))).voxels)


def test_parts_that_begin_beyond_the_reach_of_one_click_take_a_second_one():
    volume = scan([(slice(0, 40), slice(4, 6), slice(4, 9), 250)], shape=(40, 12, 12))
    growth = grow(volume, at(volume, (20, 5, 6)))
    assert set(growth.voxels[:, 0]) == set(range(10, 31))  # 30 mm are ten slices
    assert growth.words == "growth stopped at 30 mm by the reach of one click"


def test_the_part_of_a_slice_is_taken_whole_however_far_it_goes():
    volume = scan([(slice(0, 6), slice(0, 100), slice(10, 15), 250)], shape=(6, 100, 40))
    growth = grow(volume, at(volume, (2, 0, 12)))
    assert len(growth.voxels) == 6 * 100 * 5
    assert growth.words == ""


@pytest.mark.parametrize("row", [0, 40, 99])
def test_what_is_left_of_a_part_between_bones_is_taken_to_its_end_and_the_bone_is_named(row):
    volume = scan([(slice(1, 4), slice(0, 100), slice(10, 15), 250)], shape=(6, 100, 40))
    growth = grow(volume, at(volume, (2, row, 12)), barrier=bone(volume, slice(8, 20)))
    rows = range(16) if row < 16 else range(40, 100)  # rows 16 to 39 are bone
    assert set(growth.voxels[:, 1]) == set(rows)
    assert growth.stopped_by == "bone"


def heart(volume, slices):
    """The heart in some slices of the scan, on blocks of 2 x 2 pixels."""
    labels = np.zeros((6, 20, 20), dtype=np.uint8)
    labels[slices] = 1
    first_mm = volume.geometry.to_patient((0, 0.5, 0.5))
    return Mask(labels, VolumeGeometry.from_axes(labels.shape, first_mm, AXIAL, (3.0, 2.0, 2.0)))


@pytest.mark.parametrize(("clicked", "taken"), [(1, {0, 1, 2}), (4, {3, 4, 5})])
def test_no_growth_crosses_the_heart_s_edge_from_either_side(clicked, taken):
    volume = scan([(slice(0, 6), slice(10, 12), slice(10, 15), 250)])
    growth = grow(volume, at(volume, (clicked, 11, 12)), bounds=heart(volume, slice(0, 3)))
    assert set(growth.voxels[:, 0]) == taken
    assert growth.words == "growth stopped at 3 mm by the heart's edge"


def test_a_part_with_one_voxel_in_the_heart_is_of_the_heart_as_a_whole():
    volume = scan([(slice(2, 3), slice(10, 12), slice(10, 30), 250)])
    bounds = heart(volume, slice(0, 6))
    labels = bounds.labels.copy()
    labels[:, :, 6:] = 0  # columns from 12 on are beyond
    growth = grow(volume, at(volume, (2, 11, 28)), bounds=Mask(labels, bounds.geometry))
    assert len(growth.voxels) == 40
    assert growth.words == ""


def test_only_this_slice_never_means_a_neighbouring_one():
    volume = scan([(slice(2, 3), slice(10, 12), slice(10, 15), 250)], spacing_mm=(1.0, 1.0, 1.0))
    beside = at(volume, (3, 11, 12))  # 1 mm above the part: a click means it, of this slice not
    assert len(grow(volume, beside).voxels) == 10
    assert not len(grow(volume, beside, only_slice=True).voxels)


def test_only_this_slice_takes_its_part_whole_and_is_none_beyond_the_scan():
    volume = scan([(slice(1, 4), slice(0, 100), slice(10, 15), 250)], shape=(6, 100, 40))
    assert len(grow(volume, at(volume, (2, 0, 12)), only_slice=True).voxels) == 500
    assert not len(grow(volume, at(volume, (7, 0, 12)), only_slice=True).voxels)


def test_a_lesion_at_the_scan_s_edge_was_not_stopped():
    volume = scan([(slice(0, 6), slice(0, 5), slice(0, 5), 250)])
    assert grow(volume, at(volume, (2, 2, 2))).words == ""
