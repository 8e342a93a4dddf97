import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.data.header_scan import scan_header, tags_of
from core.data.pixel_header import PIXEL_TAGS
from core.data.series_header import INDEX_TAGS
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, write_series

KEYWORDS = (*INDEX_TAGS, *PIXEL_TAGS)
TAGS = tags_of(KEYWORDS)


def assert_same_as_the_library(path):
    """Same elements, same values, and the file left at the same byte."""
    with path.open("rb") as file:
        theirs = pydicom.dcmread(
            file, stop_before_pixels=True, specific_tags=[*KEYWORDS, "SpecificCharacterSet"]
        )
        end = file.tell()
    with path.open("rb") as file:
        ours = scan_header(file, TAGS)
        assert ours is not None
        assert file.tell() == end
    assert {e.tag for e in ours} == {e.tag for e in theirs}
    for element in theirs:
        assert ours[element.tag].value == element.value
        assert ours[element.tag].VR == element.VR
    assert ours.original_encoding == theirs.original_encoding
    assert ours.file_meta.TransferSyntaxUID == theirs.file_meta.TransferSyntaxUID


def one_slice(folder, **tags):
    axes = STORAGE_ORDERS["axial to the head"]
    geometry = VolumeGeometry.from_axes((1, 4, 5), (1, 2, 3), axes, (2.5, 0.7, 0.8))
    return write_series(folder, np.zeros((1, 4, 5)), geometry, **tags)[0]


@pytest.mark.parametrize("scan", ["lung1-001", "cip-tiny", "lungdx-a0002"])
def test_headers_of_real_scans_are_those_of_the_library(shared_data, scan):
    for path in sorted((shared_data / scan / "dicom").iterdir())[::20]:
        assert_same_as_the_library(path)


def test_headers_of_a_philips_scan_are_those_of_the_library(lidc_folder):
    for path in sorted((lidc_folder / "dicom").iterdir())[::40]:
        assert_same_as_the_library(path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_sequences_of_undefined_length_are_walked_over(tmp_path, syntax):
    path = one_slice(tmp_path, transfer_syntax=syntax)
    dataset = pydicom.dcmread(path)
    innermost, inner = Dataset(), Dataset()
    innermost.Rows = 99
    inner.SliceThickness = 77
    inner.ReferencedImageSequence = Sequence([innermost, Dataset()])
    inner["ReferencedImageSequence"].is_undefined_length = True
    inner.is_undefined_length_sequence_item = True
    dataset.ReferencedStudySequence = Sequence([inner, inner])
    dataset["ReferencedStudySequence"].is_undefined_length = True
    dataset.save_as(path)
    assert_same_as_the_library(path)


def test_names_in_another_script_are_read(tmp_path):
    name = "Ядов^Иван"
    path = one_slice(tmp_path, SpecificCharacterSet="ISO_IR 144", PatientName=name)
    assert_same_as_the_library(path)
    with path.open("rb") as file:
        assert scan_header(file, TAGS).PatientName == name


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_big_endian_and_deflated_files_are_left_to_the_library(tmp_path, syntax):
    with one_slice(tmp_path, transfer_syntax=syntax).open("rb") as file:
        assert scan_header(file, TAGS) is None
        assert file.tell() == 0


def test_long_headers_are_left_to_the_library(tmp_path):
    path = one_slice(tmp_path, ImageComments="x" * 9000, StudyComments="y" * 9000)
    with path.open("rb") as file:
        assert scan_header(file, TAGS) is None


def test_nothing_that_is_no_dicom_file_is_taken_for_one():
    for content in (b"", b"DICM", bytes(132) + b"DICM", bytes(128) + b"DICM" + bytes(5)):
        assert scan_header(io.BytesIO(content), TAGS) is None
