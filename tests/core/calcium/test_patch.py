"""The patch rule of HyRiskNet, by hand."""

import numpy as np
import pytest

from core.calcium.patch import AIR_HU, network_patch, patch_score
from core.errors import SeriesError
from core.volume import Volume
from tests.core.calcium.blocks import at, scan

SHAPE = (9, 200, 200)


def test_everything_within_65_pixels_and_5_slices_counts_and_is_cut_at_the_border():
    centre = (4, 100, 100)
    volume = scan(
        [
            (slice(2, 7), slice(131, 140), slice(100, 101), 250),  # rows 131 and 132 are inside
            (slice(0, 2), slice(95, 97), slice(95, 97), 900),  # slices 0 and 1 are not
        ],
        shape=SHAPE,
    )
    found = patch_score(volume, at(volume, centre))
    assert found.agatston == 5 * 2 * 2  # five slices, 2 mm2, weight 2
    assert found.volume_mm3 == pytest.approx(5 * 2 * 3)
    assert found.root_volume == pytest.approx(30**0.5)
    assert found.category == "11-100"
    assert found.is_whole


def test_a_patch_beyond_the_scan_says_so():
    volume = scan([], shape=SHAPE)
    found = patch_score(volume, at(volume, (0, 10, 10)))
    assert not found.is_whole
    assert (found.agatston, found.category) == (0, "0")


def test_the_network_s_patch_is_centred_on_the_click_with_air_beyond_the_scan():
    volume = scan([(slice(4, 5), slice(100, 101), slice(50, 51), 777)], shape=SHAPE)
    patch = network_patch(volume, at(volume, (4.2, 99.8, 50.3)))
    hu = patch.volume.hu
    assert hu.shape == (3, 161, 161)
    assert hu[1, 80, 80] == 777
    assert np.array_equal(np.unique(hu[:, :, :30]), [AIR_HU])
    assert hu[1, 80, 30] == 40
    assert patch.centre_mm == pytest.approx(at(volume, (4, 100, 50)))
    assert not patch.is_whole


@pytest.mark.parametrize("centre", [(4, 100, 100), (0, 3, 199), (8, 199, 0)])
def test_every_voxel_of_the_patch_lies_where_its_hu_lies_in_the_scan(centre):
    rng = np.random.default_rng(2)
    volume = scan([], shape=SHAPE)
    volume = Volume(rng.integers(-1000, 1500, SHAPE).astype(np.int16), volume.geometry)
    patch = network_patch(volume, at(volume, centre)).volume
    voxels = np.argwhere(np.ones(patch.geometry.shape, bool))
    index = np.rint(volume.geometry.to_index(patch.geometry.to_patient(voxels))).astype(int)
    held = np.all((index >= 0) & (index < SHAPE), axis=1)
    assert np.array_equal(patch.hu[tuple(voxels[held].T)], volume.hu[tuple(index[held].T)])
    assert set(patch.hu[tuple(voxels[~held].T)].tolist()) <= {AIR_HU}
    assert held.all() == network_patch(volume, at(volume, centre)).is_whole


def test_a_click_outside_the_scan_is_refused():
    volume = scan([], shape=SHAPE)
    with pytest.raises(SeriesError, match="outside the scan"):
        patch_score(volume, (900.0, 0.0, 0.0))
