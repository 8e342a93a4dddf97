import gc
import warnings

import pydicom
import pytest
from pydicom.fileset import FileSet

from core.data.dicomdir import READ_DIRECTLY
from core.data.series_index import index
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]


@pytest.fixture
def disc(tmp_path):
    """A disc with a DICOMDIR and the images in folders of its choice."""
    volume = marked_thorax(AXIAL, (40.0, 30.0, 30.0))
    geometry = VolumeGeometry(volume.hu.shape, volume.geometry.affine, "1.2.9")
    warnings.simplefilter("ignore", ResourceWarning)  # the library forgets a temporary folder
    files = FileSet()
    for path in write_series(tmp_path / "made", volume.hu, geometry, StudyDate="20200101",
                             StudyTime="101010", StudyID="1", SeriesNumber=1):  # fmt: skip
        files.add(pydicom.dcmread(path))
    files.write(tmp_path / "disc")
    del files
    gc.collect()
    return tmp_path / "disc", volume.hu.shape[0]


@pytest.mark.parametrize("opened", [".", "DICOMDIR"])
def test_a_disc_is_read_from_its_folder_or_its_directory_file(disc, opened):
    folder, count = disc
    found = index(folder / opened)
    assert [record.slice_count for record in found.series] == [count]
    assert [each.reason for each in found.unreadable] == [READ_DIRECTLY]


def test_images_that_the_directory_names_but_are_not_there_are_counted(disc):
    folder, count = disc
    images = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != "DICOMDIR"
    )
    images[2].unlink()
    (reason,) = [each.reason for each in index(folder).unreadable]
    assert reason == f"{READ_DIRECTLY}; 1 of the {count} files that it names are not there"


def test_a_disc_that_was_copied_with_small_letters_is_whole(disc):
    folder, _ = disc
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rename(path.with_name(path.name.lower()))
    (reason,) = [each.reason for each in index(folder).unreadable]
    assert reason == READ_DIRECTLY


def test_a_damaged_directory_file_does_not_keep_the_images_away(disc):
    folder, count = disc
    content = (folder / "DICOMDIR").read_bytes()
    (folder / "DICOMDIR").write_bytes(content[:1000])
    found = index(folder)
    assert [record.slice_count for record in found.series] == [count]
    assert len(found.unreadable) == 1
