"""The patch rule of HyRiskNet, by hand."""

import numpy as np
import pytest

from core.calcium.patch import AIR_HU, network_patch, patch_score
from core.errors import SeriesError
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
    patch = network_patch(volume, at(volume, (4, 100, 50)))
    assert patch.shape == (3, 161, 161)
    assert patch[1, 80, 80] == 777
    assert np.array_equal(np.unique(patch[:, :, :30]), [AIR_HU])
    assert patch[1, 80, 30] == 40


def test_a_click_outside_the_scan_is_refused():
    volume = scan([], shape=SHAPE)
    with pytest.raises(SeriesError, match="outside the scan"):
        patch_score(volume, (900.0, 0.0, 0.0))
