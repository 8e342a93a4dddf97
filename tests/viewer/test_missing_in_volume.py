from dataclasses import replace

import numpy as np

from tests.results import thorax_volume
from viewer.chest_opening import opened_chest
from viewer.missing_in_volume import bridged, emptied
from viewer.volume_reduction import reduced


def with_missing(volume, *missing):
    hu = np.array(volume.hu)
    hu[list(missing)] = -1024
    return replace(volume, hu=hu, missing_slices=missing)


def test_a_whole_volume_is_not_copied():
    volume = thorax_volume()
    assert bridged(volume) is volume
    assert emptied(volume, volume) is volume


def test_each_missing_slice_is_bridged_by_its_nearest_neighbour():
    volume = thorax_volume()
    filled = bridged(with_missing(volume, 30, 31))
    np.testing.assert_array_equal(filled.hu[30], volume.hu[29])
    np.testing.assert_array_equal(filled.hu[31], volume.hu[32])
    kept = [k for k in range(70) if k not in (30, 31)]
    np.testing.assert_array_equal(filled.hu[kept], volume.hu[kept])


def test_a_missing_slice_is_drawn_empty_and_cuts_nothing_off():
    whole, volume = thorax_volume(), with_missing(thorax_volume(), 35)
    drawn = emptied(opened_chest(reduced(bridged(volume), 64)), volume)
    expected = opened_chest(reduced(whole, 64))
    assert (drawn.hu[35 // 2] == -1024).all()
    bone = (expected.hu > 160).reshape(len(expected.hu), -1).sum(1)
    kept = (drawn.hu > 160).reshape(len(drawn.hu), -1).sum(1)
    others = np.arange(len(bone)) != 35 // 2
    np.testing.assert_allclose(kept[others], bone[others], rtol=0.2, atol=5)
