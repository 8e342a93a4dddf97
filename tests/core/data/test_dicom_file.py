import pydicom
import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

from core.data.dicom_file import number, numbers, text, texts, whole_number
from core.data.series_header import INDEX_TAGS, shown_code
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
SCANS = ("lung1-001/dicom", "cip-tiny/dicom", "lungdx-a0002/dicom", "transfer-syntaxes",
         "edge-geometry/j2k-no-extension", "edge-geometry/gantry-tilt")  # fmt: skip


@pytest.mark.parametrize("scan", SCANS)
def test_values_straight_from_the_bytes_are_those_of_the_library(shared_data, scan):
    paths = [path for path in sorted((shared_data / scan).iterdir()) if path.suffix != ".txt"]
    for path in paths[:: max(len(paths) // 4, 1)]:
        if path.name == "LICENSE":
            continue
        raw, converted = (pydicom.dcmread(path, stop_before_pixels=True) for _ in range(2))
        for element in converted:
            element.value  # noqa: B018  # converts it, so that the second header is not plain
        for keyword in INDEX_TAGS:
            form = dictionary_VR(keyword)
            count = converted[keyword].VM if keyword in converted else 1
            if form != "PN":
                assert texts(raw, keyword) == texts(converted, keyword), keyword
            if form in ("DS", "IS", "US"):
                values = numbers(converted, keyword, count)
                assert numbers(raw, keyword, count) == values, keyword
            if count == 1:
                assert text(raw, keyword) == text(converted, keyword), keyword


@pytest.mark.parametrize(
    ("written", "read"),
    [("1.5 ", 1.5), ("", None), ("1\\2", None), ("nan", None), ("1e400", None), ("one", None)],
)
def test_only_one_finite_number_is_a_number(tmp_path, written, read):
    volume = marked_thorax(AXIAL, (80.0, 60.0, 60.0))
    geometry = VolumeGeometry(volume.hu.shape, volume.geometry.affine)
    path = write_series(tmp_path, volume.hu, geometry, SpacingBetweenSlices="9.25")[0]
    content = path.read_bytes()
    value = written.encode().ljust(4)
    assert content.count(b"9.25") == 1
    path.write_bytes(content.replace(b"9.25", value[:4]) if len(value) == 4 else
                     content.replace(b"\x04\x009.25", bytes([len(value) + len(value) % 2, 0])
                                     + value.ljust(len(value) + len(value) % 2)))  # fmt: skip
    header = pydicom.dcmread(path, stop_before_pixels=True)
    assert number(header, "SpacingBetweenSlices") == read


def test_missing_elements_are_empty():
    header = Dataset()
    assert text(header, "PatientName") == ""
    assert texts(header, "ImageType") == ()
    assert number(header, "KVP") is None
    assert whole_number(header, "Rows") is None


def test_a_keyword_that_does_not_exist_is_a_bug():
    with pytest.raises(ValueError, match="PatientsName"):
        text(Dataset(), "PatientsName")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("MR", "MR"), ("", "not stated"), ("Doe^Jane", "unknown"), ("X" * 40, "unknown")],
)
def test_only_codes_are_shown_in_messages(value, shown):
    assert shown_code(value) == shown
