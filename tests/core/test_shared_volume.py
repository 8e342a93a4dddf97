from dataclasses import replace
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from core import shared_volume
from core.errors import ResourcesError
from core.geometry import VolumeGeometry
from core.shared_volume import release, share
from core.volume import Volume


def volume(*, padded: bool) -> Volume:
    rng = np.random.default_rng(7)
    shape = (3, 5, 7)
    hu = rng.integers(-1024, 3000, shape, dtype=np.int16)
    geometry = VolumeGeometry.from_axes(shape, (1, 2, 3), np.eye(3)[::-1], (2.5, 0.7, 0.7), "1.2.3")
    return Volume(hu, geometry, "1.2.3.4", hu < -900 if padded else None)


@pytest.mark.parametrize("padded", [False, True])
def test_what_arrives_is_what_was_shared(padded):
    original = volume(padded=padded)
    block, shared = share(original)
    try:
        copy = shared.copy()
    finally:
        release(block)
    assert np.array_equal(copy.hu, original.hu)
    assert copy.hu.flags.writeable is False
    assert copy.geometry.agrees_with(original.geometry)
    assert copy.series_uid == "1.2.3.4"
    if padded:
        assert original.padding.any()
        assert np.array_equal(copy.padding, original.padding)
    else:
        assert copy.padding is None


def test_the_other_process_learns_which_slices_no_file_holds():
    gappy = replace(volume(padded=True), missing_slices=(2, 4), missing_axis=1)
    block, shared = share(gappy)
    try:
        copy = shared.copy()
    finally:
        release(block)
    assert (copy.missing_slices, copy.missing_axis) == ((2, 4), 1)


def test_a_flipped_view_is_shared_in_its_own_order():
    original = volume(padded=False)
    flipped = Volume(original.hu[::-1, :, ::-1], original.geometry)
    block, shared = share(flipped)
    try:
        assert np.array_equal(shared.copy().hu, original.hu[::-1, :, ::-1])
    finally:
        release(block)


def test_a_released_block_is_gone():
    block, shared = share(volume(padded=True))
    release(block)
    with pytest.raises(FileNotFoundError):
        SharedMemory(shared.block_name)


def test_a_volume_larger_than_the_shared_memory_is_refused_before_it_is_written(monkeypatch):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(shared_volume.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(ResourcesError, match="shared memory; 0 MB are free"):
        share(volume(padded=False))
