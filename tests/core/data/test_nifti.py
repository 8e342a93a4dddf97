import gzip
import struct

import numpy as np
import pytest
import SimpleITK as sitk

from core.data.nifti import read_nifti, write_nifti
from core.errors import ReportError, SeriesError
from core.geometry import VolumeGeometry
from tests.phantoms import MARKER_HU, MARKER_MM, STORAGE_ORDERS, marked_thorax


def grid(axes=STORAGE_ORDERS["oblique"], shape=(3, 4, 5)):
    return VolumeGeometry.from_axes(shape, (10, -20, 30), axes, (2.5, 0.7, 0.8))


def values(kind, shape=(3, 4, 5)):
    return np.random.default_rng(2).integers(0, 200, shape).astype(kind)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii"])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_values_and_place_come_back_as_written(tmp_path, kind, name):
    path = tmp_path / name
    write_nifti(path, values(kind), grid())
    read, geometry = read_nifti(path)
    assert read.dtype == kind
    np.testing.assert_array_equal(read, values(kind))
    np.testing.assert_allclose(geometry.affine, grid().affine, atol=1e-5)


@pytest.mark.parametrize("name", STORAGE_ORDERS)
def test_another_program_finds_the_marker_at_its_place_in_the_patient(tmp_path, name):
    volume = marked_thorax(STORAGE_ORDERS[name])
    path = tmp_path / "a.nii.gz"
    write_nifti(path, volume.hu, volume.geometry)
    peer = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(peer)
    np.testing.assert_array_equal(array, volume.hu)
    k, i, j = np.argwhere(array == MARKER_HU).mean(0)
    centre = peer.TransformContinuousIndexToPhysicalPoint((j, i, k))
    np.testing.assert_allclose(centre, MARKER_MM, atol=3)
    for corner in np.ndindex(2, 2, 2):
        k, i, j = np.array(corner) * (np.array(volume.geometry.shape) - 1)
        theirs = peer.TransformIndexToPhysicalPoint((int(j), int(i), int(k)))
        np.testing.assert_allclose(theirs, volume.geometry.to_patient((k, i, j)), atol=1e-3)


@pytest.mark.parametrize("name", STORAGE_ORDERS)
def test_the_quaternion_says_the_same_as_the_affine(tmp_path, name):
    path = tmp_path / "a.nii"
    write_nifti(path, values(np.uint8), grid(STORAGE_ORDERS[name]))
    content = bytearray(path.read_bytes())
    assert struct.unpack_from("<2h", content, 252) == (1, 1)
    struct.pack_into("<h", content, 254, 0)  # without the sform
    path.write_bytes(content)
    geometry = read_nifti(path)[1]
    np.testing.assert_allclose(geometry.affine, grid(STORAGE_ORDERS[name]).affine, atol=1e-5)


def test_a_sheared_grid_has_no_quaternion_and_survives(tmp_path):
    affine = np.array(grid().affine)
    affine[1, 0] += 0.3
    path = tmp_path / "a.nii.gz"
    write_nifti(path, values(np.uint8), VolumeGeometry((3, 4, 5), affine))
    assert struct.unpack_from("<2h", gzip.decompress(path.read_bytes()), 252) == (0, 1)
    np.testing.assert_allclose(read_nifti(path)[1].affine, affine, atol=1e-5)


def test_a_name_without_gz_is_not_compressed(tmp_path):
    for name in ("a.nii", "a.nii.gz"):
        write_nifti(tmp_path / name, values(np.int16), grid())
    plain = (tmp_path / "a.nii").read_bytes()
    assert plain == gzip.decompress((tmp_path / "a.nii.gz").read_bytes())
    assert len(plain) == 352 + 2 * 3 * 4 * 5


def test_the_same_volume_gives_the_same_bytes(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, values(np.int16), grid())
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_files_of_another_program_are_read(tmp_path):
    picture = sitk.GetImageFromArray(values(np.int16))
    picture.SetSpacing((0.8, 0.7, 2.5))
    picture.SetOrigin((10, -20, 30))
    sitk.WriteImage(picture, str(tmp_path / "a.nii.gz"))
    read, geometry = read_nifti(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read, values(np.int16))
    expected = grid(STORAGE_ORDERS["axial to the head"])
    np.testing.assert_allclose(geometry.affine, expected.affine, atol=1e-5)


def test_an_unwritable_place_is_a_report_error_and_leaves_nothing(tmp_path):
    (tmp_path / "taken.nii.gz").mkdir()
    for path in (tmp_path / "missing" / "a.nii.gz", tmp_path / "taken.nii.gz"):
        with pytest.raises(ReportError) as error:
            write_nifti(path, values(np.uint8), grid())
        assert "tmp" not in str(error.value)
    assert [each.name for each in tmp_path.iterdir()] == ["taken.nii.gz"]


def test_wrong_shapes_and_types_are_refused(tmp_path):
    with pytest.raises(ValueError, match="shape"):
        write_nifti(tmp_path / "a.nii.gz", values(np.uint8, (3, 4, 6)), grid())
    with pytest.raises(ValueError, match="float64"):
        write_nifti(tmp_path / "a.nii.gz", values(np.float64), grid())


@pytest.mark.parametrize("damage", ["text", "truncated", "gzip", "placeless", "four"])
def test_damaged_files_are_refused_in_words(tmp_path, damage):
    path = tmp_path / "a.nii.gz"
    write_nifti(path, values(np.int16), grid())
    content = bytearray(gzip.decompress(path.read_bytes()))
    if damage == "placeless":
        struct.pack_into("<2h", content, 252, 0, 0)
    if damage == "four":
        struct.pack_into("<5h", content, 40, 4, 5, 4, 3, 2)
    replaced = {
        "text": b"hello", "truncated": content[:-3], "gzip": path.read_bytes()[:-20],
        "placeless": content, "four": content,
    }  # fmt: skip
    path.write_bytes(bytes(replaced[damage]))
    with pytest.raises(SeriesError, match="The NIfTI file"):
        read_nifti(path)
