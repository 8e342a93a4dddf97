import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.block_means import block_geometry, block_labels, block_means, block_of
from core.volume import Mask, Volume
from tests.core.preprocessing.thorax import oblique_geometry


@pytest.mark.parametrize(
    ("spacing_mm", "block"),
    [
        ((3.0, 0.98, 0.98), (1, 3, 3)),
        ((1.0, 0.78, 0.78), (3, 3, 3)),
        ((8.0, 0.65, 0.65), (1, 4, 4)),
    ],
)
def test_blocks_are_about_as_long_on_every_side(spacing_mm, block):
    assert block_of(oblique_geometry((9, 9, 9), spacing_mm)) == block


def test_a_block_lies_where_its_voxels_lie_on_any_axes():
    geometry = oblique_geometry((6, 9, 8))
    grid = block_geometry(geometry, (2, 3, 4))
    assert grid.shape == (3, 3, 2)
    voxels = np.stack(np.meshgrid((2, 3), (6, 7, 8), (0, 1, 2, 3), indexing="ij"), -1)
    middle_mm = geometry.to_patient(voxels.reshape(-1, 3)).mean(axis=0)
    np.testing.assert_allclose(grid.to_patient((1, 2, 0)), middle_mm, atol=1e-9)
    assert grid.frame_of_reference_uid == geometry.frame_of_reference_uid


def test_means_are_those_of_the_voxels_that_the_scan_has():
    hu = np.random.default_rng(1).integers(-1024, 3072, (5, 7, 10)).astype(np.int16)
    volume = Volume(hu, VolumeGeometry((5, 7, 10), np.eye(4)))
    means = block_means(volume, (2, 3, 4))
    assert means.shape == (3, 3, 3)
    for index in np.ndindex(3, 3, 3):
        part = hu[tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, (2, 3, 4), strict=True))]
        assert means[index] == np.floor(part.mean())


def test_padding_and_metal_weigh_no_more_than_air_and_dense_bone():
    hu = np.array([[[-32768, -1024], [32767, 3071]]], np.int16)
    volume = Volume(hu, VolumeGeometry((1, 2, 2), np.eye(4)))
    np.testing.assert_array_equal(block_means(volume, (1, 1, 2)), [[[-1024], [3071]]])


def test_a_label_is_that_in_the_middle_of_the_block():
    labels = np.arange(5 * 5, dtype=np.uint8).reshape(1, 5, 5)
    mask = Mask(labels, VolumeGeometry((1, 5, 5), np.eye(4)))
    np.testing.assert_array_equal(block_labels(mask, (1, 3, 3)), [[[6, 9], [21, 24]]])
