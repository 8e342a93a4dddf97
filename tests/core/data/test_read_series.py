from collections import Counter

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.pixels.utils import pixel_array
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from core.data.read_series import read
from core.data.series_index import index
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from core.preprocessing.reorient import reorient
from core.progress import Cancelled
from tests.phantoms import MARKER_HU, MARKER_MM, STORAGE_ORDERS, marked_thorax, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
HU = np.random.default_rng(1).integers(-1000, 1000, (6, 4, 5)).astype(np.int16)
GEOMETRY = VolumeGeometry.from_axes((6, 4, 5), (1, 2, 3), AXIAL, (2.5, 0.7, 0.8), "1.2.9")


def read_folder(folder):
    return read(index(folder).series[0])


def test_hounsfield_units_come_back_in_patient_order_from_shuffled_files(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    volume = read_folder(tmp_path)
    np.testing.assert_array_equal(volume.hu, HU)
    assert volume.geometry.agrees_with(GEOMETRY)
    assert volume.hu.dtype == np.int16
    assert not volume.hu.flags.writeable
    assert volume.padding is None


@pytest.mark.parametrize("name", STORAGE_ORDERS)
def test_the_marker_is_on_the_patients_left_front_upper_side_in_every_storage_order(tmp_path, name):
    written = marked_thorax(STORAGE_ORDERS[name])
    write_series(tmp_path, written.hu, written.geometry)
    volume = read_folder(tmp_path)
    marked = np.argwhere(volume.hu == MARKER_HU)
    centre = volume.geometry.to_patient(marked.mean(0))
    np.testing.assert_allclose(centre, MARKER_MM, atol=3)
    np.testing.assert_array_equal(reorient(volume).hu, reorient(written).hu)
    back_and_forth = volume.geometry.to_patient(marked)
    index_in_written = np.rint(written.geometry.to_index(back_and_forth)).astype(int)
    assert (written.hu[tuple(index_in_written.T)] == MARKER_HU).all()


def test_every_slice_has_its_own_slope_and_intercept(tmp_path):
    slopes, intercepts = [1, 2, 0.5, 1, 4, 1], [-1024, 0, -1000.5, -2048, -8192, 24]
    even = (HU // 4) * 4  # a whole number of every slope
    exact = even.copy()
    exact[5] = np.abs(even[5]) + 24
    write_series(tmp_path, exact, GEOMETRY, slope=slopes, intercept=intercepts, signed=True)
    expected = exact.copy().astype(float)
    expected[2] = np.rint(np.rint((exact[2] + 1000.5) / 0.5) * 0.5 - 1000.5)
    np.testing.assert_array_equal(read_folder(tmp_path).hu, expected)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("bits_stored", [12, 13, 16])
def test_bits_above_the_stored_ones_are_ignored(tmp_path, signed, bits_stored):
    intercept = 0 if signed else -1024
    paths = write_series(
        tmp_path, HU, GEOMETRY, signed=signed, bits_stored=bits_stored, intercept=intercept
    )
    if bits_stored < 16:
        for path in paths:
            dataset = pydicom.dcmread(path)
            with_overlay = np.frombuffer(dataset.PixelData, "<u2") | np.uint16(0x8000)
            dataset.PixelData = with_overlay.tobytes()
            dataset.save_as(path)
    np.testing.assert_array_equal(read_folder(tmp_path).hu, HU)


def test_stored_bits_may_lie_high_in_the_word(tmp_path):
    for path in write_series(tmp_path, HU, GEOMETRY, bits_stored=12):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = (np.frombuffer(dataset.PixelData, "<u2") << 4).tobytes()
        dataset.HighBit = 15
        dataset.save_as(path)
    np.testing.assert_array_equal(read_folder(tmp_path).hu, HU)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_byte_orders_and_encodings_give_the_same_volume(tmp_path, syntax):
    write_series(tmp_path, HU, GEOMETRY, transfer_syntax=syntax)
    np.testing.assert_array_equal(read_folder(tmp_path).hu, HU)


def test_declared_padding_is_marked_and_never_denser_than_air(tmp_path):
    hu = HU.copy()
    hu[2, 1, 3], hu[4] = 3000, 2999
    write_series(
        tmp_path, hu, GEOMETRY, PixelPaddingValue=3000 + 1024, PixelPaddingRangeLimit=2999 + 1024
    )
    volume = read_folder(tmp_path)
    np.testing.assert_array_equal(volume.padding, hu >= 2999)
    assert (volume.hu[volume.padding] == -1024).all()
    np.testing.assert_array_equal(volume.hu[~volume.padding], hu[~volume.padding])


def test_an_undeclared_fill_is_padding_and_keeps_its_value(tmp_path):
    hu = HU.copy()
    hu[:, 0, 0] = -3024
    write_series(tmp_path, hu, GEOMETRY, signed=True)
    volume = read_folder(tmp_path)
    np.testing.assert_array_equal(volume.padding, hu == -3024)
    np.testing.assert_array_equal(volume.hu, hu)


def test_values_beyond_int16_are_clipped(tmp_path):
    hu = np.full(HU.shape, 60000)
    hu[:, :, 0] = -1024
    write_series(tmp_path, hu, GEOMETRY)
    volume = read_folder(tmp_path)
    assert volume.hu.max() == 32767
    assert volume.hu.min() == -1024


def test_a_file_that_shrinks_after_indexing_is_named_by_its_slice_number(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    record = index(tmp_path).series[0]
    path = record.slices[3].path
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SeriesError, match="Slice 4: 40 bytes of pixels were expected") as error:
        read(record)
    assert path.name not in str(error.value)


def test_a_file_that_vanishes_after_indexing_is_named_by_its_slice_number(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    record = index(tmp_path).series[0]
    record.slices[1].path.unlink()
    with pytest.raises(SeriesError, match="file of slice 2 is no longer there"):
        read(record)


def test_too_few_pixels_are_an_error_not_a_volume(tmp_path):
    for path in write_series(tmp_path, HU, GEOMETRY):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = dataset.PixelData[:-8]
        dataset.save_as(path)
    with pytest.raises(SeriesError, match="its header promises 32"):
        read_folder(tmp_path)


@pytest.mark.parametrize("tags", [{"Rows": 2}, {"Columns": 3}])
def test_a_matrix_smaller_than_its_pixels_is_an_error_not_a_part_of_the_picture(tmp_path, tags):
    write_series(tmp_path, HU, GEOMETRY, **tags)
    with pytest.raises(SeriesError, match=r"Slice 1: .* a row or more too many"):
        read_folder(tmp_path)


def test_a_byte_of_padding_behind_the_pixels_is_no_fault(tmp_path):
    for path in write_series(tmp_path, HU, GEOMETRY):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = dataset.PixelData + b"\0\0"
        dataset.save_as(path)
    assert np.array_equal(read_folder(tmp_path).hu, HU)


@pytest.mark.parametrize(
    "tags", [{"RescaleSlope": 0}, {"HighBit": 16}, {"HighBit": 10}, {"BitsAllocated": 12}]
)
def test_an_encoding_that_makes_no_sense_is_an_error(tmp_path, tags):
    write_series(tmp_path, HU, GEOMETRY, **tags)
    with pytest.raises(SeriesError, match="Slice 1: its pixel encoding makes no sense"):
        read_folder(tmp_path)


def test_an_uneven_series_is_not_read(tmp_path):
    write_series(tmp_path, HU, GEOMETRY, drop=(2,))
    with pytest.raises(SeriesError, match="missing between slice 2 and 3"):
        read_folder(tmp_path)


def test_cancel_stops_within_a_slice(tmp_path):
    class CancelThird:
        calls = 0

        def step(self, fraction, message):
            self.calls += 1
            if self.calls == 3:
                raise Cancelled

    write_series(tmp_path, HU, GEOMETRY)
    record = index(tmp_path).series[0]
    with pytest.raises(Cancelled):
        read(record, CancelThird())


def read_with_simple_itk(folder):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def assert_same_as_simple_itk(volume, peer):
    np.testing.assert_array_equal(volume.hu, sitk.GetArrayFromImage(peer))
    counts = np.array(volume.geometry.shape)
    for corner in np.ndindex(2, 2, 2):
        k, i, j = np.array(corner) * (counts - 1)
        theirs = peer.TransformIndexToPhysicalPoint((int(j), int(i), int(k)))
        np.testing.assert_allclose(volume.geometry.to_patient((k, i, j)), theirs, atol=1e-4)


@pytest.mark.parametrize("scan", ["lung1-001", "cip-tiny", "lungdx-a0002"])
def test_real_scans_equal_simple_itk_voxel_by_voxel(shared_data, scan):
    folder = shared_data / scan / "dicom"
    assert_same_as_simple_itk(read_folder(folder), read_with_simple_itk(folder))


def test_a_feet_first_scan_equals_simple_itk_voxel_by_voxel(lidc_folder):
    volume = read_folder(lidc_folder)
    assert volume.hu.shape == (275, 512, 512)
    assert_same_as_simple_itk(volume, read_with_simple_itk(lidc_folder / "dicom"))


def test_jpeg_2000_equals_the_dicom_library(shared_data):
    record = index(shared_data / "edge-geometry" / "j2k-no-extension").series[0]
    volume = read(record)
    for k in (0, 19):
        stored = pixel_array(pydicom.dcmread(record.slices[k].path))
        np.testing.assert_array_equal(volume.hu[k], stored.astype(int) - 1024)


def stack_of_one(path, folder):
    """Three copies of one slice, 5 mm apart, encoded as it is."""
    folder.mkdir()
    for k in range(3):
        dataset = pydicom.dcmread(path)
        dataset.ImagePositionPatient = [-161.4, -148.8, 5.0 * k]
        dataset.SOPInstanceUID = f"1.2.3.{k + 1}"
        dataset.save_as(folder / str(k))
    return folder


# Greatest error in HU against the uncompressed slice; None where no decoder of ours reads it:
# JPEG of 12 bits (51) and of the spectral and progressive processes (53, 55).
SYNTAXES = {
    "1.2.840.10008.1.2": 0, "1.2.840.10008.1.2.1": 0, "1.2.840.10008.1.2.2": 0,
    "1.2.840.10008.1.2.1.99": 0, "1.2.840.10008.1.2.5": 0, "1.2.840.10008.1.2.4.57": 0,
    "1.2.840.10008.1.2.4.70": 0, "1.2.840.10008.1.2.4.80": 0, "1.2.840.10008.1.2.4.90": 0,
    "1.2.840.10008.1.2.4.81": 1, "1.2.840.10008.1.2.4.91": 5, "1.2.840.10008.1.2.4.50": 64,
    "1.2.840.10008.1.2.4.51": None, "1.2.840.10008.1.2.4.53": None, "1.2.840.10008.1.2.4.55": None,
}  # fmt: skip


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_slice_in_every_transfer_syntax_is_right_or_refused(shared_data, tmp_path, syntax):
    folder = shared_data / "transfer-syntaxes"
    (path,) = folder.glob(f"CTImage.dcm_*_{syntax}.dcm")
    stacked = stack_of_one(path, tmp_path / "stack")
    if SYNTAXES[syntax] is None:
        with pytest.raises(SeriesError, match="pixels of slice 1 cannot be decoded"):
            read_folder(stacked)
        return
    volume = read_folder(stacked)
    plain = read_folder(stack_of_one(folder / "CTImage.dcm", tmp_path / "plain"))
    assert plain.padding is not None
    inside = ~plain.padding
    assert Counter(plain.hu[plain.padding].tolist()).keys() == {-3024}
    error = np.abs(volume.hu.astype(int) - plain.hu)[inside].max()
    assert error <= SYNTAXES[syntax]


@pytest.mark.slow
def test_many_compressed_slices_go_through_the_pool_and_stay_in_order(shared_data, tmp_path):
    source = sorted((shared_data / "edge-geometry" / "j2k-no-extension").iterdir())
    for k in range(80):
        dataset = pydicom.dcmread(source[k % 20])
        dataset.ImagePositionPatient = [0, 0, 2.0 * k]
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k}"
        dataset.save_as(tmp_path / str(k))
    volume = read_folder(tmp_path)
    for k in (0, 41, 79):
        expected = pixel_array(pydicom.dcmread(source[k % 20])).astype(int) - 1024
        np.testing.assert_array_equal(volume.hu[k], expected)
