import os
import shutil
from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from core.data.geometry_gate import fitness_of
from core.data.series_index import index
from core.data.slice_stack import slice_places
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from core.progress import Cancelled
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
HU = np.arange(6 * 4 * 5, dtype=np.int16).reshape(6, 4, 5)
GEOMETRY = VolumeGeometry.from_axes((6, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8), "1.2.9")


class CancelAt:
    def __init__(self, step):
        self.left = step

    def step(self, fraction, message):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def reasons(found):
    return Counter(each.reason for each in found.unreadable)


def test_files_of_any_name_at_any_depth_become_one_sorted_series(tmp_path):
    paths = write_series(tmp_path / "a" / "b b" / "ü", HU, GEOMETRY)
    paths[3].rename(tmp_path / "a" / "elsewhere.txt")
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [6]
    z = [s.position_mm[2] for s in found.series[0].slices]
    np.testing.assert_allclose(z, 3 + 2.5 * np.arange(6))
    assert found.unreadable == ()


def test_slices_are_sorted_along_their_normal_in_every_storage_order(tmp_path):
    for number, axes in enumerate(STORAGE_ORDERS.values()):
        geometry = VolumeGeometry.from_axes((6, 4, 5), (1, 2, 3), axes, (2.5, 0.7, 0.8))
        write_series(tmp_path / str(number), HU, geometry)
        record = index(tmp_path / str(number)).series[0]
        normal = np.cross(axes[2], axes[1])
        along = np.array([s.position_mm for s in record.slices]) @ normal
        np.testing.assert_allclose(np.diff(along), 2.5, atol=1e-5)


def test_every_file_that_is_no_ct_slice_is_listed_with_its_reason(tmp_path):
    series = write_series(tmp_path / "good", HU, GEOMETRY)
    (tmp_path / "notes.txt").write_text("a note " * 100)
    (tmp_path / "empty").touch()
    (tmp_path / "scan.zip").write_bytes(b"PK\x03\x04" + bytes(200))
    content = series[0].read_bytes()
    (tmp_path / "cut_in_pixels").write_bytes(content[:-4])
    (tmp_path / "cut_in_header").write_bytes(content[:700])
    (tmp_path / "copy").write_bytes(content)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    write_series(tmp_path / "mr", HU[:1], _one_slice(), Modality="MR", SeriesInstanceUID="1.5")
    write_series(tmp_path / "many", HU[:1], _one_slice(), NumberOfFrames=2, SeriesInstanceUID="1.6")
    write_series(
        tmp_path / "shot", HU[:1], _one_slice(), ImagePositionPatient=None, SeriesInstanceUID="1.7"
    )
    _structured_report(tmp_path / "report")
    found = index(tmp_path)
    listed = reasons(found)
    assert [record.slice_count for record in found.series] == [6]
    assert len(found.unreadable) == 11
    for words in (
        "not a DICOM file", "empty file", "a damaged zip archive", "ends within its pixels",
        "a copy of", "link or device", "modality MR", "several frames", "no position",
        "structured report",
    ):  # fmt: skip
        assert sum(count for reason, count in listed.items() if words in reason) == 1, words


def _one_slice():
    return VolumeGeometry.from_axes((1, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8))


def _structured_report(path):
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.22"
    dataset.SOPInstanceUID = "1.2.3"
    dataset.Modality = "SR"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.save_as(path, enforce_file_format=True)


def test_a_directory_file_is_named_and_its_files_are_read(tmp_path):
    write_series(tmp_path / "images", HU, GEOMETRY)
    dataset = Dataset()
    dataset.FileSetID = "DISC"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    found = index(tmp_path)
    assert found.series[0].slice_count == 6
    assert reasons(found) == {"directory file: its images are read directly": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
        {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]},
        {"PixelSpacing": [0.9, 0.9]},
    ],
)
def test_slices_that_do_not_fit_together_are_kept_apart_under_one_uid(tmp_path, change):
    write_series(tmp_path / "a", HU, GEOMETRY)
    small = VolumeGeometry.from_axes((2, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8))
    write_series(tmp_path / "b", HU[:2], small, **change)
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [6, 2]
    uid = found.series[0].uid
    assert "#" not in uid
    assert found.series[1].uid == f"{uid}#2"


def test_another_matrix_is_another_stack(tmp_path):
    write_series(tmp_path / "a", HU, GEOMETRY)
    write_series(tmp_path / "b", HU[:, :3], VolumeGeometry((6, 3, 5), GEOMETRY.affine))
    assert [s.slices[0].rows for s in index(tmp_path).series] in ([4, 3], [3, 4])


def test_series_come_largest_first(tmp_path):
    for count in (3, 6, 4):
        geometry = VolumeGeometry((count, 4, 5), GEOMETRY.affine)
        write_series(tmp_path / str(count), HU[:count], geometry, SeriesInstanceUID=f"1.2.{count}")
    assert [record.slice_count for record in index(tmp_path).series] == [6, 4, 3]


def test_links_that_lead_round_in_a_circle_are_followed_once(tmp_path):
    write_series(tmp_path / "a", HU, GEOMETRY)
    (tmp_path / "a" / "round").symlink_to(tmp_path, target_is_directory=True)
    found = index(tmp_path)
    assert found.series[0].slice_count == 6
    assert found.unreadable == ()


def test_one_file_gives_its_own_series_only(tmp_path):
    paths = write_series(tmp_path, HU, GEOMETRY)
    others = tmp_path / "others"
    for path in write_series(others, HU, GEOMETRY, SeriesInstanceUID="1.2.77"):
        shutil.move(path, tmp_path / f"other-{path.name}")
    found = index(paths[2])
    assert [record.slice_count for record in found.series] == [6]
    assert {s.path for s in found.series[0].slices} == set(paths)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"ImagePositionPatient": ["1", "nan", "3"]}, "not made of usable numbers"),
        ({"ImagePositionPatient": ["1", "inf", "3"]}, "not made of usable numbers"),
        ({"ImagePositionPatient": ["1", "1e300", "3"]}, "not that of a patient"),
        ({"ImagePositionPatient": None}, "a screenshot"),
        ({"PixelSpacing": ["0", "0.7"]}, "missing or not positive"),
        ({"PixelSpacing": ["1e-300", "0.7"]}, "not that of a patient"),
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, "perpendicular"),
        ({"Modality": ""}, "only CT is read"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.67"}, "radiation dose report"),
        ({"SamplesPerPixel": 3}, "colour picture"),
        ({"Rows": None}, "rows and columns"),
    ],
)
def test_a_slice_that_cannot_be_placed_is_listed_and_the_others_stay(tmp_path, tags, words):
    write_series(tmp_path / "good", HU, GEOMETRY)
    write_series(tmp_path / "odd", HU[:1], _one_slice(), SOPInstanceUID="1.2.77", **tags)
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [6]
    (reason,) = reasons(found)
    assert words in reason


def test_a_link_to_itself_is_listed(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    assert reasons(index(tmp_path)) == {"link or device, not a file": 1}


def test_a_damaged_slice_says_to_which_series_it_belonged(tmp_path):
    paths = write_series(tmp_path, HU, GEOMETRY)
    paths[2].write_bytes(paths[2].read_bytes()[:-5])
    for root in (tmp_path, paths[0]):
        found = index(root)
        assert found.unreadable[0].series_uid == found.series[0].uid
    assert slice_places(found.series[0]) == ((0, 1, 3, 4, 5), 6)


@pytest.mark.parametrize("place", [0, 5])
def test_a_damaged_slice_at_an_end_leaves_no_gap_but_a_warning(tmp_path, place):
    paths = write_series(tmp_path, HU, GEOMETRY)
    paths[place].write_bytes(paths[place].read_bytes()[:-5])
    (record,) = index(tmp_path).series
    assert (record.slice_count, record.damaged_files) == (5, 1)
    (reason,) = fitness_of(record).view.reasons
    assert "One file of the series is damaged" in reason.text


def test_a_damaged_copy_of_a_slice_that_is_there_whole_is_no_loss(tmp_path):
    paths = write_series(tmp_path, HU, GEOMETRY)
    (tmp_path / "cut").write_bytes(paths[3].read_bytes()[:-5])
    found = index(tmp_path)
    assert found.series[0].damaged_files == 0
    assert fitness_of(found.series[0]).view.reasons == ()
    assert len(found.unreadable) == 1


def test_empty_pixels_are_listed(tmp_path):
    paths = write_series(tmp_path, HU, GEOMETRY)
    content = paths[2].read_bytes()
    start = content.index(b"\xe0\x7f\x10\x00OW")
    paths[2].write_bytes(content[: start + 8] + bytes(4))
    assert reasons(index(tmp_path)) == {"its pixels are empty": 1}


def test_one_file_that_is_not_dicom_says_so(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    (tmp_path / "notes.txt").write_text("a note " * 100)
    found = index(tmp_path / "notes.txt")
    assert found.series == ()
    assert [each.reason for each in found.unreadable] == ["not a DICOM file"]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_any_file_is_an_error_with_a_remedy(tmp_path, name):
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(SeriesError) as error:
        index(tmp_path / name)
    assert error.value.remedy
    assert str(tmp_path) not in str(error.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_a_closed_folder_is_listed(tmp_path):
    write_series(tmp_path / "a", HU, GEOMETRY)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    found = index(tmp_path)
    closed.chmod(0o700)
    assert reasons(found) == {"folder that cannot be opened": 1}


def test_cancel_stops_at_the_next_file(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    with pytest.raises(Cancelled):
        index(tmp_path, CancelAt(3))


def test_files_without_preamble_are_read(tmp_path):
    for path in write_series(tmp_path, HU, GEOMETRY):
        path.write_bytes(path.read_bytes()[132:])
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [6]


def test_a_series_without_uids_is_still_one_series(tmp_path):
    write_series(tmp_path, HU, GEOMETRY, SeriesInstanceUID="", StudyInstanceUID="")
    write_series(tmp_path / "other", HU, GEOMETRY, SeriesInstanceUID="", StudyInstanceUID="")
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [6, 6]
    assert found.series[0].uid != found.series[1].uid


def test_identity_of_the_patient_never_reaches_a_repr(tmp_path):
    write_series(tmp_path, HU, GEOMETRY, PatientName="Secret^Name", PatientID="SECRET")
    found = index(tmp_path)
    assert found.series[0].patient.name == "Secret^Name"
    assert "ecret" not in repr(found).lower()
    assert str(tmp_path) not in repr(found)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_never_break_the_walk(tmp_path, seed):
    paths = write_series(tmp_path, HU, GEOMETRY)
    random = np.random.default_rng(seed)
    for number in range(60):
        content = bytearray(paths[number % 6].read_bytes())
        for place in random.integers(0, len(content), 20):
            content[place] = random.integers(256)
        (tmp_path / f"damaged{number}").write_bytes(bytes(content[: random.integers(len(content))]))
    found = index(tmp_path)
    held = sum(record.slice_count for record in found.series)
    assert held + len(found.unreadable) == 66


def test_lung1_is_one_series_beside_its_contours(shared_data):
    found = index(shared_data / "lung1-001")
    (record,) = found.series
    assert record.slice_count == 134
    assert (record.kvp, record.kernel, record.patient_position) == (120, "B19f", "HFS")
    assert len(record.slices) == len({s.sop_instance_uid for s in record.slices})
    assert any("RTSTRUCT" in each.reason for each in found.unreadable)


def test_transfer_syntaxes_of_one_slice_are_not_taken_for_copies(shared_data):
    found = index(shared_data / "transfer-syntaxes")
    # Two of the files are the same slice in the same syntax; the enhanced CT has two frames.
    assert sum(record.slice_count for record in found.series) == 15 + 2
    assert reasons(found)["the same slice as another file: same place, same pixels"] == 1
    assert found.series[0].is_lossy


def test_jpeg_2000_without_extension_or_uids_is_one_series(shared_data):
    (record,) = index(shared_data / "edge-geometry" / "j2k-no-extension").series
    assert record.slice_count == 20
    assert record.contrast_agent == "APPLIED"


def test_headers_say_what_the_dicom_library_says(shared_data):
    record = index(shared_data / "cip-tiny" / "dicom").series[0]
    for slice_ in record.slices[::20]:
        dataset = pydicom.dcmread(slice_.path)
        assert slice_.position_mm == tuple(map(float, dataset.ImagePositionPatient))
        assert slice_.orientation == tuple(map(float, dataset.ImageOrientationPatient))
        assert slice_.thickness_mm == float(dataset.SliceThickness)
        assert slice_.instance_number == dataset.InstanceNumber
    assert {f.name for f in fields(record)} >= {"rescale_type", "is_lossy"}
    assert isinstance(record.slices[0].path, Path)
