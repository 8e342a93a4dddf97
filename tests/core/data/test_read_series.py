from collections import Counter

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
)

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of
from core.data.read_series import fitness_after_reading, read, read_with_report
from core.data.series_index import index
from core.data.slice_pixels import PlacedSlice
from core.data.slice_reader import SliceReader
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


def test_a_slice_that_shrinks_after_indexing_is_quarantined_by_its_number(tmp_path):
    """The fourth of six from the feet is the third from the head, as the views count."""
    write_series(tmp_path, HU, GEOMETRY)
    record = index(tmp_path).series[0]
    path = record.slices[3].path
    path.write_bytes(path.read_bytes()[:-10])
    found = read_with_report(record)
    (quarantined,) = found.quarantined
    assert quarantined.reason.startswith("Slice 3: 40 bytes of pixels were expected")
    assert (quarantined.path, quarantined.series_uid) == (path, record.uid)
    assert path.name not in quarantined.reason
    volume = found.volume
    assert volume.missing_slices == (3,)
    assert (volume.hu[3] == -1024).all()
    np.testing.assert_array_equal(volume.padding.any((1, 2)), np.arange(6) == 3)
    kept = np.delete(np.arange(6), 3)
    np.testing.assert_array_equal(volume.hu[kept], HU[kept])


def test_what_could_not_be_read_keeps_the_model_and_calcium_away(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    record = index(tmp_path).series[0]
    before = fitness_of(record)
    assert fitness_after_reading(record, before, read_with_report(record)) == before
    record.slices[1].path.unlink()
    found = read_with_report(record)
    assert "file of slice 5 is no longer there" in found.quarantined[0].reason
    after = fitness_after_reading(record, before, found)
    assert before.view.level < Level.BLOCK
    assert after.view.level is Level.WARN
    assert after.model.level is after.calcium.level is Level.BLOCK
    assert "file of slice 5 is no longer there" in after.model.reasons[-1].text


def test_too_many_damaged_slices_are_an_error_that_names_the_first(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    record = index(tmp_path).series[0]
    for k in (1, 3, 4):
        record.slices[k].path.write_bytes(record.slices[k].path.read_bytes()[:-10])
    with pytest.raises(SeriesError, match="Slice 2: 40 bytes"):
        read(record)


def test_a_middle_slice_is_shown_before_the_others_are_read(tmp_path):
    write_series(tmp_path, HU, GEOMETRY)
    heard = []
    progress = Recording()
    read_with_report(
        index(tmp_path).series[0],
        progress,
        lambda place, hu: heard.append((place, hu.copy(), len(progress.fractions))),
    )
    ((place, hu, steps),) = heard
    assert place == 3
    np.testing.assert_array_equal(hu, HU[3])
    assert steps < 4 < len(progress.fractions)
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0


class Recording:
    def __init__(self):
        self.fractions = []

    def step(self, fraction, message):
        self.fractions.append(fraction)


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


def test_missing_slices_keep_their_places(tmp_path):
    write_series(tmp_path, HU, GEOMETRY, drop=(2,))
    volume = read_folder(tmp_path)
    assert volume.missing_slices == (2,)
    assert volume.geometry.agrees_with(GEOMETRY)
    assert (volume.hu[2] == -1024).all()
    assert volume.padding[2].all()
    kept = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(volume.hu[kept], HU[kept])
    assert not volume.padding[kept].any()


def test_an_uneven_series_is_not_read(tmp_path):
    paths = write_series(tmp_path, HU, GEOMETRY)
    dataset = pydicom.dcmread(paths[2])
    dataset.ImagePositionPatient[2] += 0.9
    dataset.save_as(paths[2])
    with pytest.raises(SeriesError, match="unevenly spaced"):
        read_folder(tmp_path)


def test_a_tilted_series_comes_back_straight(tmp_path):
    """A ramp along the rows, seen from shifted slices, is the ramp again once they are moved."""
    tilt_degrees, rows = 20.0, 40
    geometry = VolumeGeometry.from_axes((7, rows, 5), (1, 2, 3), AXIAL, (2.0, 0.5, 0.8), "1.2.9")
    shift_mm = 2.0 * np.tan(np.radians(tilt_degrees)) * np.arange(7)
    y_mm = 2 + shift_mm[:, None] + 0.5 * np.arange(rows)
    hu = np.broadcast_to(np.rint(20 * y_mm)[:, :, None], geometry.shape).astype(np.int16)
    write_series(tmp_path, hu, geometry, tilt_degrees=tilt_degrees)
    volume = read_folder(tmp_path)
    measured = ~volume.padding
    assert measured.mean() > 0.6
    places = np.argwhere(measured)
    y_of_voxel = volume.geometry.to_patient(places)[:, 1]
    np.testing.assert_allclose(volume.hu[measured], 20 * y_of_voxel, atol=1.1)
    np.testing.assert_allclose(volume.geometry.axes[0], (0, 0, 1), atol=1e-6)
    assert (volume.hu[volume.padding] == -1024).all()


def test_the_real_tilted_series_is_straightened(shared_data):
    record = index(shared_data / "edge-geometry" / "gantry-tilt").series[0]
    volume = read(record)
    axes = volume.geometry.axes
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    middle = record.slice_count // 2
    stored = pydicom.dcmread(record.slices[middle].path)
    expected = pixel_array(stored) * float(stored.RescaleSlope) + float(stored.RescaleIntercept)
    inside = ~volume.padding[middle]
    np.testing.assert_array_equal(volume.hu[middle][inside], expected[inside])


def test_the_real_missing_slice_is_kept_open(shared_data):
    volume = read(index(shared_data / "edge-geometry" / "missing-slice").series[0])
    assert volume.hu.shape[0] == 5
    assert len(volume.missing_slices) == 1
    assert volume.geometry.spacing_mm[0] == pytest.approx(5.0, abs=0.01)


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


# Greatest error in HU against the uncompressed slice; None where it is refused: the spectral and
# progressive processes of JPEG, retired from DICOM.
SYNTAXES = {
    "1.2.840.10008.1.2": 0, "1.2.840.10008.1.2.1": 0, "1.2.840.10008.1.2.2": 0,
    "1.2.840.10008.1.2.1.99": 0, "1.2.840.10008.1.2.5": 0, "1.2.840.10008.1.2.4.57": 0,
    "1.2.840.10008.1.2.4.70": 0, "1.2.840.10008.1.2.4.80": 0, "1.2.840.10008.1.2.4.90": 0,
    "1.2.840.10008.1.2.4.81": 1, "1.2.840.10008.1.2.4.91": 5, "1.2.840.10008.1.2.4.51": 36,
    "1.2.840.10008.1.2.4.50": 64, "1.2.840.10008.1.2.4.53": None, "1.2.840.10008.1.2.4.55": None,
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


def test_the_enhanced_ct_of_two_frames_opens(shared_data, tmp_path):
    """Its two slices are too few for a volume: the frames are read as the pool reads them."""
    source = shared_data / "transfer-syntaxes" / "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm"
    record = index(source).series[0]
    peer = sitk.GetArrayFromImage(sitk.ReadImage(str(source)))
    with SliceReader() as reader:
        for number, header in enumerate(record.slices, start=1):
            hu = np.empty((header.rows, header.columns), np.int16)
            reader.read(PlacedSlice(number, number - 1, header), hu)
            np.testing.assert_array_equal(hu, peer[header.frame])


def read_with_highdicom(paths):
    datasets = [pydicom.dcmread(path) for path in paths]
    for dataset in datasets:  # one scan states another one for every slice, which it refuses
        dataset.FrameOfReferenceUID = datasets[0].FrameOfReferenceUID
    volume = highdicom.get_volume_from_series(datasets)
    return volume.array, volume.affine


@pytest.mark.slow
@pytest.mark.parametrize("scan", ["lung1-001", "cip-tiny", "lungdx-a0002", "lidc-0314"])
def test_real_scans_equal_highdicom_voxel_by_voxel(shared_data, lidc_folder, scan):
    folder = lidc_folder / "dicom" if scan == "lidc-0314" else shared_data / scan / "dicom"
    record = index(folder).series[0]
    volume = read(record)
    theirs, affine = read_with_highdicom([header.path for header in record.slices])
    counts = np.array(volume.geometry.shape)
    first = np.linalg.inv(affine) @ [*volume.geometry.to_patient((0, 0, 0)), 1]
    if first[0] > 0.5:  # they stack the other way
        theirs = theirs[::-1]
    np.testing.assert_array_equal(volume.hu, np.rint(theirs))
    for corner in np.ndindex(2, 2, 2):
        place = np.array(corner) * (counts - 1)
        other = place.copy()
        if first[0] > 0.5:
            other[0] = counts[0] - 1 - place[0]
        expected = (affine @ [*other, 1])[:3]
        np.testing.assert_allclose(volume.geometry.to_patient(place), expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_many_compressed_slices_go_through_the_pool_and_stay_in_order(
    shared_data, tmp_path, syntax
):
    """Three of them damaged: those alone are missing."""
    hu = write_compressed(shared_data, tmp_path, syntax)
    record = index(tmp_path).series[0]
    for k in (10, 40, 41):
        path = record.slices[k].path
        path.write_bytes(path.read_bytes()[:-4000])
    heard = []
    found = read_with_report(record, on_preview=lambda place, _: heard.append(place))
    assert found.volume.missing_slices == (10, 40, 41)
    for each, number in zip(found.quarantined, (39, 40, 70), strict=True):  # from the head
        assert f"lice {number}" in each.reason
    kept = np.delete(np.arange(80), (10, 40, 41))
    np.testing.assert_array_equal(found.volume.hu[kept], hu[kept])
    assert len(heard) == 1
    assert 20 < heard[0] < 60


@pytest.mark.slow
def test_cancel_ends_the_pool_at_once(shared_data, tmp_path):
    write_compressed(shared_data, tmp_path, JPEG2000Lossless)
    record = index(tmp_path).series[0]

    class CancelLate:
        calls = 0

        def step(self, fraction, message):
            self.calls += 1
            if self.calls == 100:
                raise Cancelled

    with pytest.raises(Cancelled):
        read(record, CancelLate())


def write_compressed(shared_data, folder, syntax):
    source = sorted((shared_data / "edge-geometry" / "j2k-no-extension").iterdir())
    hu = []
    for k in range(80):
        dataset = pydicom.dcmread(source[k % 20])
        dataset.ImagePositionPatient = [0, 0, 2.0 * k]
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k}"
        hu.append(pixel_array(dataset).astype(int) - 1024)
        if syntax != JPEG2000Lossless:
            dataset.decompress(generate_instance_uid=False)
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(folder / str(k))
    return np.array(hu)
