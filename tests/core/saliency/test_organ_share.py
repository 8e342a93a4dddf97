"""Shares of plain maps whose overlap with the regions is worked out by hand."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.geometry import VolumeGeometry
from core.preprocessing.organ_regions import Organ
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.saliency.organ_share import organ_share, outside_region_share
from core.volume import Mask, SaliencyMap

MM = (2.0, 2.0, 2.0)


def grid(shape, spacing_mm=MM, centre_mm=(0, 0, 0), axes=HEAD_BACK_LEFT):
    """A grid whose middle lies at an LPS place."""
    at_zero = VolumeGeometry.from_axes(shape, (0, 0, 0), axes, spacing_mm)
    return VolumeGeometry.from_axes(shape, centre_mm - at_zero.centre_mm, axes, spacing_mm)


def saliency(values, geometry, method="gradcam"):
    return SaliencyMap(
        np.asarray(values, np.float32), geometry, method=method, target="t", threshold=0.5
    )


def hot_cell(shape, index, geometry):
    values = np.zeros(shape)
    values[index] = 0.7
    return saliency(values, geometry)


@pytest.fixture
def halves():
    """The patient's right half is lung, the left half heart: 40 x 40 x 40 voxels of 2 mm."""
    labels = np.full((40, 40, 40), Organ.RIGHT_LUNG, np.uint8)
    labels[:, :, 20:] = Organ.HEART
    return Mask(labels, grid((40, 40, 40)))


def test_a_hot_cell_wholly_in_the_heart_gives_all_to_the_heart(halves):
    cells = grid((4, 4, 4), (14, 11, 11))
    assert organ_share(hot_cell((4, 4, 4), (2, 1, 3), cells), halves) == {"heart": 1.0}


@pytest.mark.parametrize(("shift_mm", "in_heart"), [(0.0, 0.5), (2.75, 0.75), (-5.5, 0.0)])
def test_a_cell_on_the_border_is_shared_by_volume(halves, shift_mm, in_heart):
    cell = grid((1, 1, 1), (14, 11, 11), (shift_mm, 3.3, -1.7))
    shares = organ_share(saliency([[[0.2]]], cell), halves)
    assert shares.get("heart", 0.0) == pytest.approx(in_heart, abs=1e-6)
    assert sum(shares.values()) == pytest.approx(1)


def test_two_cells_count_by_their_mass_and_signs_do_not_matter(halves):
    cells = grid((1, 1, 2), (10, 10, 20))
    shares = organ_share(saliency([[[-0.3, 0.1]]], cells, "signed_gradient"), halves)
    assert shares == pytest.approx({"right lung": 0.75, "heart": 0.25})


def test_what_lies_beyond_the_regions_is_outside_the_body(halves):
    cell = grid((1, 1, 1), (10, 10, 20), (40, 0, 0))
    shares = organ_share(saliency([[[1]]], cell), halves)
    assert shares == pytest.approx({"heart": 0.5, "outside the body": 0.5})


def test_a_map_that_does_not_touch_the_regions_is_all_outside(halves):
    cell = grid((1, 1, 1), (10, 10, 10), (400, 0, 0))
    assert organ_share(saliency([[[1]]], cell), halves) == {"outside the body": 1.0}


def test_an_empty_map_has_no_shares(halves):
    assert organ_share(saliency(np.zeros((2, 2, 2)), grid((2, 2, 2))), halves) == {}


def test_cells_finer_than_the_regions_lie_in_the_region_round_them(halves):
    fine = grid((5, 5, 160), (0.5, 0.5, 0.5))
    values = np.zeros((5, 5, 160))
    values[:, :, :40] = 1
    values[:, :, 119] = 1
    shares = organ_share(saliency(values, fine), halves)
    assert shares == pytest.approx({"right lung": 40 / 41, "heart": 1 / 41})


@pytest.mark.parametrize(
    "axes",
    [
        HEAD_BACK_LEFT[[2, 0, 1]],
        HEAD_BACK_LEFT[[1, 0, 2]],
        HEAD_BACK_LEFT * [[-1], [1], [-1]],
        -HEAD_BACK_LEFT[[1, 2, 0]],
    ],
    ids=["permuted", "swapped", "flipped", "flipped and permuted"],
)
def test_shares_do_not_depend_on_the_order_in_which_a_map_is_stored(axes):
    random = np.random.default_rng(3)
    regions = Mask(random.integers(0, 9, (13, 17, 19)).astype(np.uint8), grid((13, 17, 19)))
    values = random.random((5, 6, 7))
    plain = grid((5, 6, 7), (5.1, 4.3, 3.7), (1.3, -2.2, 0.4))
    moved_axes = np.asarray(axes)
    order = [int(np.flatnonzero(HEAD_BACK_LEFT @ axis)[0]) for axis in moved_axes]
    moved = values.transpose(order)
    for k, axis in enumerate(moved_axes):
        if axis.sum() < 0:
            moved = np.flip(moved, k)
    spacing_mm = [plain.spacing_mm[k] for k in order]
    stored = grid(moved.shape, spacing_mm, plain.centre_mm, moved_axes)
    expected = organ_share(saliency(values, plain), regions)
    assert organ_share(saliency(moved, stored), regions) == pytest.approx(expected, abs=1e-6)


def test_rotating_both_grids_together_changes_nothing():
    random = np.random.default_rng(4)
    labels = random.integers(0, 9, (20, 21, 22)).astype(np.uint8)
    values = random.random((6, 7, 8))
    turn = Rotation.from_euler("xyz", (20, -15, 33), degrees=True).as_matrix()
    results = []
    for axes in (HEAD_BACK_LEFT, HEAD_BACK_LEFT @ turn.T):
        regions = Mask(labels, grid((20, 21, 22), (2.0, 1.5, 2.5), axes=axes))
        cells = grid((6, 7, 8), (6.0, 4.0, 5.0), axes=axes)
        results.append(organ_share(saliency(values, cells), regions))
    assert results[1] == pytest.approx(results[0], abs=1e-6)


@pytest.mark.parametrize("spacing_mm", [(6.0, 3.0, 4.0), (1.0, 1.4, 0.8)], ids=["coarse", "fine"])
def test_an_oblique_map_lies_where_its_millimetres_lie(spacing_mm):
    """A ball of heart 24 mm wide in a body of soft tissue; an even oblique block of 50 mm on it."""
    regions_grid = grid((70, 70, 70), (1.5, 1.5, 1.5))
    place = regions_grid.to_patient(np.moveaxis(np.indices((70, 70, 70)), 0, -1))
    labels = np.full((70, 70, 70), Organ.SOFT_TISSUE, np.uint8)
    labels[np.linalg.norm(place - (10, 5, -5), axis=-1) <= 12] = Organ.HEART
    turn = Rotation.from_euler("xyz", (25, 10, -40), degrees=True).as_matrix()
    shape = tuple(round(50 / step) for step in spacing_mm)
    block = grid(shape, spacing_mm, (3, 0, 0), HEAD_BACK_LEFT @ turn.T)
    shares = organ_share(saliency(np.ones(shape), block), Mask(labels, regions_grid))
    volume_mm3 = np.prod(shape) * block.voxel_volume_mm3
    assert shares["heart"] == pytest.approx(4 / 3 * np.pi * 12**3 / volume_mm3, rel=0.02)
    assert shares["other soft tissue"] == pytest.approx(1 - shares["heart"])


def test_other_frames_of_reference_are_refused(halves):
    elsewhere = VolumeGeometry((1, 1, 1), np.eye(4), "1.2.3")
    with pytest.raises(ValueError, match="frame of reference"):
        organ_share(saliency([[[1]]], elsewhere), halves)


def test_the_share_outside_what_the_model_is_shown_is_by_hand_for_voxels_and_for_cells():
    shown = np.zeros((8, 8, 8), np.uint8)
    shown[:, :, :3] = 1
    region = Mask(shown, grid((8, 8, 8)))
    even = np.full((8, 8, 8), -0.5)
    voxels = saliency(even, region.geometry, "signed_gradient")
    cells = hot_cell((2, 2, 2), (0, 1, 0), grid((2, 2, 2), (8, 8, 8)))
    empty = saliency(np.zeros((8, 8, 8)), region.geometry, "gradient")
    shares = outside_region_share((voxels, cells, empty), region)
    assert shares == pytest.approx({"signed_gradient": 5 / 8, "gradcam": 1 / 4})


def test_what_lies_beyond_the_grid_is_outside_what_the_model_is_shown():
    region = Mask(np.ones((8, 8, 8), np.uint8), grid((8, 8, 8)))
    wide = saliency(np.ones((1, 1, 1)), grid((1, 1, 1), (16, 16, 32)), "occlusion")
    assert outside_region_share((wide,), region) == pytest.approx({"occlusion": 0.5})
