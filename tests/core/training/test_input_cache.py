"""The cache gives what `core.analysis` prepares, never something stale, never half a file."""

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core import geometry
from core.data import nifti, read_series, series_choice
from core.data.cohort import CohortRow
from core.data.nifti import write_nifti
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ModelInputError, ResourcesError
from core.model_input import prepare_input
from core.models.architectures import architecture
from core.training.input_cache import (
    MAKERS,
    InputCache,
    block_mean,
    fill,
    look_up,
    write_atomically,
)
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series

SHAPE = (32, 64, 64)
DESCRIBED = architecture("D").card.input.model_copy(update={"shape": SHAPE})


def rows(*paths):
    """Of a table with an empty line after its header."""
    return [CohortRow("p", path, False, 1.0, "", {}, 3 + k) for k, path in enumerate(paths)]


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A chest as a DICOM folder and as a NIfTI file, and a file that is no scan."""
    folder = tmp_path_factory.mktemp("scans")
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"], (5.0, 4.0, 4.0))
    write_series(folder / "dicom", volume.hu, volume.geometry)
    write_nifti(folder / "chest.nii.gz", volume.hu, volume.geometry)
    (folder / "other.nii.gz").write_bytes(b"nothing")
    return folder


def test_prepared_scans_are_those_of_the_analysis_rounded_to_a_255th(scans, tmp_path):
    cache = InputCache(tmp_path, DESCRIBED)
    paths = (scans / "dicom", scans / "chest.nii.gz")
    keys = fill(cache, rows(*paths), workers=1).keys
    (record,) = index(scans / "dicom").series
    expected = prepare_input(read(record), DESCRIBED).image
    for key in keys:
        assert np.abs(cache.read(key, SHAPE) / 255 - expected).max() <= 0.5 / 255 + 1e-6


def test_what_is_prepared_is_not_prepared_again(scans, tmp_path):
    cache = InputCache(tmp_path, DESCRIBED)
    (key,) = fill(cache, rows(scans / "chest.nii.gz"), workers=1).keys
    (entry,) = tmp_path.rglob("*.safetensors")
    changed_ns = entry.stat().st_mtime_ns
    assert fill(cache, rows(scans / "chest.nii.gz"), workers=1).keys == (key,)
    assert entry.stat().st_mtime_ns == changed_ns


def test_a_scan_that_cannot_be_used_is_named_by_its_row_or_left_out(scans, tmp_path):
    cache = InputCache(tmp_path, DESCRIBED)
    cache.write(cache.key(scans / "chest.nii.gz"), np.zeros(SHAPE, np.uint8))
    some = rows(scans / "chest.nii.gz", scans / "other.nii.gz")
    with pytest.raises(ModelInputError, match=r"1 scans of the cohort cannot be used .*row 4\)"):
        fill(cache, some, workers=1)
    filled = fill(cache, some, workers=1, leave_out_unusable=True)
    assert filled.keys[0]
    assert filled.keys[1] == ""
    assert list(filled.faults) == [4]
    assert filled.faults[4]
    assert look_up(cache, some).keys == filled.keys


def test_an_empty_folder_is_a_fault_of_its_row_alone(tmp_path):
    (tmp_path / "scan.nii").write_bytes(b"one")
    (tmp_path / "empty").mkdir()
    cache = InputCache(tmp_path / "cache", DESCRIBED)
    cache.write(cache.key(tmp_path / "scan.nii"), np.zeros(SHAPE, np.uint8))
    some = rows(tmp_path / "empty", tmp_path / "scan.nii")
    filled = fill(cache, some, workers=1, leave_out_unusable=True)
    assert filled.keys == ("", cache.key(tmp_path / "scan.nii"))
    assert list(filled.faults) == [3]
    assert look_up(cache, some).keys == filled.keys
    with pytest.raises(ModelInputError, match=r"1 scans of the cohort .*row 3\)"):
        fill(cache, some, workers=1)


def test_the_key_covers_the_modules_that_read_a_scan():
    """A change of how a scan is read must not find what was made before it."""
    paths = {Path(importlib.util.find_spec(name).origin) for name in MAKERS}
    for module in (nifti, read_series, series_choice, geometry):
        assert Path(module.__file__) in paths


def test_the_key_changes_with_the_file_and_with_the_input(tmp_path):
    scan = tmp_path / "scan.nii"
    scan.write_bytes(b"one")
    cache = InputCache(tmp_path, DESCRIBED)
    first = cache.key(scan)
    assert cache.key(scan) == first
    other = DESCRIBED.model_copy(update={"shape": (16, 32, 32)})
    assert InputCache(tmp_path, other).key(scan) != first
    os.utime(scan, ns=(1, 1))
    assert cache.key(scan) != first


def test_a_scan_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(ModelInputError, match="neither a file nor a folder"):
        InputCache(tmp_path, DESCRIBED).key(tmp_path / "nobody")


def test_a_smaller_shape_is_made_of_block_means_and_kept(tmp_path):
    cache = InputCache(tmp_path, DESCRIBED)
    whole = np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8)
    cache.write("k", whole)
    small = cache.read("k", (8, 16, 16))
    blocks = whole.reshape(8, 4, 16, 4, 16, 4).astype(float).mean(axis=(1, 3, 5))
    np.testing.assert_array_equal(small, np.rint(blocks))
    assert cache.has("k", (8, 16, 16))
    with pytest.raises(ValueError, match="does not divide"):
        block_mean(whole, (7, 16, 16))


def test_what_was_never_prepared_or_is_damaged_is_refused_in_words(tmp_path):
    cache = InputCache(tmp_path, DESCRIBED)
    with pytest.raises(ModelInputError, match="not in the cache"):
        cache.read("k", SHAPE)
    cache.write("k", np.zeros(SHAPE, np.uint8))
    (entry,) = tmp_path.rglob("*.safetensors")
    entry.write_bytes(entry.read_bytes()[:-1])
    with pytest.raises(ResourcesError, match="damaged"):
        cache.read("k", SHAPE)


def test_several_writers_of_one_file_leave_one_whole_file(tmp_path):
    path, content = tmp_path / "f", bytes(100_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write_atomically(path, content), range(40)))
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["f"]
