import numpy as np
import pytest

from core.preprocessing.solids import (
    box_of,
    closed,
    grown_in_plane,
    largest_part,
    opened,
    shrunk_in_plane,
    widened,
    without_holes,
)

MM = (2.0, 1.0, 1.0)


def solid(*boxes, shape=(8, 20, 20)):
    result = np.zeros(shape, bool)
    for box in boxes:
        result[box] = True
    return result


def test_a_gap_is_closed_if_a_ball_does_not_fit_into_it():
    plates = solid(np.s_[2:6, 4:7, 4:16], np.s_[2:6, 10:13, 4:16])  # 3 mm apart
    assert closed(plates, 2.0, MM)[3:5, 7:10, 6:14].all()
    np.testing.assert_array_equal(closed(plates, 1.0, MM), plates)


def test_a_neck_is_cut_if_a_ball_does_not_fit_into_it():
    dumbbell = solid(np.s_[:, 2:9, 2:9], np.s_[:, 5:6, 9:12], np.s_[:, 2:9, 12:19])
    parted = opened(dumbbell, 2.0, MM)
    assert not parted[:, 5, 10].any()
    assert parted[3:5, 4:7, 4:7].all()


def test_the_largest_part_is_kept():
    two = solid(np.s_[0:2, 0:5, 0:5], np.s_[4:8, 10:15, 10:15])
    np.testing.assert_array_equal(largest_part(two), solid(np.s_[4:8, 10:15, 10:15]))
    assert not largest_part(solid()).any()


@pytest.mark.parametrize(("largest", "is_filled"), [(None, True), (9, True), (8, False)])
def test_holes_of_a_slice_are_filled_up_to_a_size(largest, is_filled):
    ring = solid(np.s_[3:5, 5:10, 5:10])
    ring[3:5, 6:9, 6:9] = False
    filled = without_holes(ring, largest)
    assert filled[3:5, 6:9, 6:9].all() == is_filled
    assert not filled[0].any()
    assert not filled[:, 0, 0].any()


def test_the_box_is_tight_and_a_margin_stops_at_the_border():
    box = box_of(solid(np.s_[2:4, 0:5, 7:19]))
    assert box == (slice(2, 4), slice(0, 5), slice(7, 19))
    assert widened(box, 2.0, MM, (8, 20, 20)) == (slice(1, 5), slice(0, 7), slice(5, 20))


def test_growing_and_shrinking_move_the_border_by_a_voxel_in_its_slice_alone():
    block = solid(np.s_[3, 5:10, 5:10])
    np.testing.assert_array_equal(shrunk_in_plane(block), solid(np.s_[3, 6:9, 6:9]))
    grown = grown_in_plane(block)
    assert grown.sum() == 25 + 4 * 5
    assert not grown[[2, 4]].any()
    assert shrunk_in_plane(np.ones((2, 3, 3), bool)).all()
