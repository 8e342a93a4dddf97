import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from core.data.hounsfield import to_hu
from core.data.pixel_encoding import PixelEncoding
from core.data.read_series import read
from core.data.series_index import index
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
HU = np.random.default_rng(1).integers(-1000, 1000, (4, 4, 5)).astype(np.int16)
GEOMETRY = VolumeGeometry.from_axes((4, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8), "1.2.9")


def converted(stored, **fields):
    encoding = {"bits_allocated": 16, "bits_stored": 16, "high_bit": 15, "is_signed": False}
    hu = np.empty(stored.shape, np.int16)
    padding = to_hu(stored, PixelEncoding(*stored.shape, **{**encoding, **fields}), hu)
    return hu, padding


def test_pixels_are_converted_in_the_memory_of_the_volume():
    hu = np.array([[0, 1024, 2048]], np.int16)
    encoding = PixelEncoding(1, 3, 16, 16, 15, is_signed=False, intercept=-1024.0)
    assert to_hu(hu.view(np.uint16), encoding, hu) is None
    np.testing.assert_array_equal(hu, [[-1024, 0, 1024]])


def test_32_bit_values_keep_what_16_bits_cannot_hold():
    stored = np.array([[100_000, 101_024, 4_000_000_000]], np.uint32)
    hu, _ = converted(stored, bits_allocated=32, bits_stored=32, high_bit=31, intercept=-101_000.0)
    np.testing.assert_array_equal(hu, [[-1000, 24, 32767]])


def test_a_value_that_is_no_number_is_padding():
    stored = np.array([[np.nan, -999.6, np.inf, 40.4]], np.float32)
    hu, padding = converted(stored, bits_allocated=32)
    np.testing.assert_array_equal(hu, [[-1024, -1000, 32767, 40]])
    np.testing.assert_array_equal(padding, [[True, False, False, False]])


def test_padding_of_half_a_stored_value_marks_nothing():
    _, padding = converted(np.array([[3, 4]], np.uint16), padding=(3.5, 3.5))
    assert padding is None


def test_the_original_value_at_the_edge_of_int16_is_not_wrapped():
    hu, _ = converted(np.array([[65535, 0]], np.uint16), intercept=-1024.0)
    np.testing.assert_array_equal(hu, [[32767, -1024]])


@pytest.mark.parametrize("is_implicit", [False, True])
def test_a_modality_lookup_table_takes_the_place_of_slope_and_intercept(tmp_path, is_implicit):
    table = np.arange(3000)[::-1]
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3000, 10, 16])
    item.ModalityLUTType = "HU"
    item.add_new("LUTData", "OW", table.astype("<u2").tobytes())
    for path in write_series(tmp_path, HU, GEOMETRY):
        dataset = pydicom.dcmread(path)
        dataset.ModalityLUTSequence = [item]
        if is_implicit:
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        dataset.save_as(path, implicit_vr=is_implicit, little_endian=True)
    expected = table[np.clip(HU.astype(int) + 1024 - 10, 0, 2999)]
    np.testing.assert_array_equal(read(index(tmp_path).series[0]).hu, expected)


def test_a_lookup_table_that_is_too_short_is_an_error(tmp_path):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3000, 0, 16])
    item.add_new("LUTData", "OW", bytes(100))
    write_series(tmp_path, HU, GEOMETRY, ModalityLUTSequence=[item])
    with pytest.raises(SeriesError, match="lookup table holds 50 values, 3,000 were expected"):
        read(index(tmp_path).series[0])


@pytest.mark.parametrize(
    ("keyword", "form", "kind"),
    [("FloatPixelData", "OF", "<f4"), ("DoubleFloatPixelData", "OD", "<f8")],
)
def test_floating_point_pixels_are_read(tmp_path, keyword, form, kind):
    paths = write_series(tmp_path, HU, GEOMETRY)
    for k, path in enumerate(paths):
        dataset = pydicom.dcmread(path)
        del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        dataset.BitsAllocated = 8 * np.dtype(kind).itemsize
        dataset.add_new(keyword, form, (HU[k] + 1024.25).astype(kind).tobytes())
        dataset.save_as(path)
    np.testing.assert_array_equal(read(index(tmp_path).series[0]).hu, HU)
