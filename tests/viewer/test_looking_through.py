"""Whatever may be dropped on the window leads to the same series."""

import zipfile

import numpy as np
import pytest

from core.data.fitness import Level
from core.preprocessing.reorient import reorient
from core.progress import Silent
from tests.corpus_archives import write_directory
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series
from viewer.looking_through import look_through
from viewer.opening import read_reoriented

THORAX = marked_thorax(STORAGE_ORDERS["axial to the feet"])


def folder(path):
    write_series(path / "scan", THORAX.hu, THORAX.geometry)
    return path / "scan"


def single_file(path):
    return sorted(folder(path).iterdir())[5]


def archive(path):
    files = sorted(folder(path).iterdir())
    with zipfile.ZipFile(path / "scan.zip", "w") as packed:
        for file in files:
            packed.write(file, f"disc/{file.name}")
    return path / "scan.zip"


def dicomdir(path):
    files = sorted(folder(path).iterdir())
    write_directory(path / "scan", files)
    return path / "scan" / "DICOMDIR"


@pytest.mark.parametrize("dropped", [folder, single_file, archive, dicomdir])
def test_a_folder_a_file_an_archive_and_a_dicomdir_open_the_same_volume(tmp_path, dropped):
    found = look_through(dropped(tmp_path), Silent())
    assert found.series is not None
    read = read_reoriented(found.series, Silent(), found.fitness[found.series.uid])
    np.testing.assert_array_equal(read.volume.hu, reorient(THORAX).hu)
    assert read.fitness.view.level is found.fitness[found.series.uid].view.level


@pytest.mark.parametrize("name", ["ct-64.nrrd"])
def test_a_volume_file_opens(shared_data, name):
    found = look_through(shared_data / "cip-tiny" / name, Silent())
    assert found.series is not None
    volume = read_reoriented(found.series, Silent()).volume
    assert volume.hu.shape == (79, 64, 64)


def test_a_file_that_is_no_scan_is_named_a_file(tmp_path):
    (tmp_path / "notes.txt").write_text("no scan")
    found = look_through(tmp_path / "notes.txt", Silent())
    assert found.series is None
    assert found.reason.startswith("No CT series was found in this file: ")


def test_a_series_with_a_missing_slice_opens_for_viewing_only(tmp_path):
    write_series(tmp_path / "scan", THORAX.hu, THORAX.geometry, drop=[10])
    found = look_through(tmp_path / "scan", Silent())
    read = read_reoriented(found.series, Silent(), found.fitness[found.series.uid])
    last = THORAX.geometry.shape[0] - 1
    assert read.volume.missing_slices == (last - 10,)  # stored to the feet, shown from them
    assert read.fitness.view.level is Level.WARN
    assert read.fitness.model.level is Level.BLOCK
    assert read.fitness.calcium.level is Level.BLOCK
