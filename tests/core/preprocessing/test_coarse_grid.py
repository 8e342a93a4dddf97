"""There and back again: what a coarser grid keeps of a mask."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.preprocessing.coarse_grid import block_shape, from_blocks, in_blocks, repeated
from tests.core.preprocessing.real_scans import dice
from tests.core.preprocessing.thorax import ellipsoid


@pytest.mark.parametrize(
    ("spacing_mm", "block"),
    [
        ((3.0, 0.977, 0.977), (1, 2, 2)),
        ((1.0, 0.78, 0.66), (2, 2, 3)),
        ((8.0, 4.0, 4.0), (1, 1, 1)),
        ((0.5, 0.5, 0.02), (4, 4, 8)),
    ],
)
def test_blocks_are_as_large_as_fits_into_2_mm(spacing_mm, block):
    assert block_shape(spacing_mm) == block


@pytest.mark.parametrize("block", [(1, 2, 2), (2, 2, 2), (1, 1, 1), (4, 3, 8)])
def test_a_ball_comes_back_in_its_place_and_size(block):
    shape = (61, 71, 82)
    ball = ellipsoid((3, -2, 5), (22, 24, 26), shape=shape, spacing_mm=(1, 1, 1))
    back = from_blocks(in_blocks(ball, block), block, shape)
    assert back.shape == shape
    assert dice(back, ball) > (0.97 if max(block) < 8 else 0.94)
    middles = (np.argwhere(mask).mean(axis=0) for mask in (back, ball))
    np.testing.assert_allclose(*middles, atol=0.05 * max(block))
    assert back.sum() == pytest.approx(ball.sum(), rel=0.04)


def test_without_blocks_a_mask_comes_back_as_it_was():
    mask = np.random.default_rng(1).random((7, 8, 9)) < 0.5
    np.testing.assert_array_equal(
        from_blocks(in_blocks(mask, (1, 1, 1)), (1, 1, 1), (7, 8, 9)), mask
    )


def test_a_block_is_in_if_half_of_it_is():
    mask = np.zeros((2, 4, 4), bool)
    mask[0, :2, :2] = True  # 4 of 8
    mask[0, 2:, 3] = mask[1, 3, 3] = True  # 3 of 8
    np.testing.assert_array_equal(in_blocks(mask, (2, 2, 2))[0], [[True, False], [False, False]])


def test_repeating_gives_every_voxel_its_block():
    mask = gaussian_filter(np.random.default_rng(2).random((6, 9, 10)), 2) > 0.5
    coarse = in_blocks(mask, (1, 2, 3))
    back = repeated(coarse, (1, 2, 3), mask.shape)
    assert back.shape == mask.shape
    for z, y, x in np.argwhere(np.ones(mask.shape)):
        assert back[z, y, x] == coarse[z, y // 2, x // 3]
