import gzip
import struct
import zipfile

import numpy as np
import pytest
import SimpleITK as sitk

from core.data.read_series import read
from core.data.series_index import index
from core.errors import SeriesError

HU = np.random.default_rng(3).integers(-1000, 1500, (6, 7, 8)).astype(np.int16)


def image_of(hu, *, downwards=False):
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-100.0, 20.0, 30.0))
    if downwards:
        image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, -1))
    return image


def assert_same_place_and_value(volume, image):
    """Whatever order our slices are in: the value at each of their places."""
    hu = sitk.GetArrayFromImage(image)
    for k, row, column in np.ndindex(hu.shape):
        point = image.TransformIndexToPhysicalPoint((column, row, k))
        ours = tuple(np.rint(volume.geometry.to_index(point)).astype(int))
        assert volume.hu[ours] == np.rint(hu[k, row, column])


@pytest.mark.parametrize("downwards", [False, True])
@pytest.mark.parametrize("kind", ["int16", "int32", "float32"])
@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha", "ct.mhd"])
def test_volume_files_hold_what_simple_itk_wrote(tmp_path, name, kind, downwards):
    image = image_of(HU.astype(kind), downwards=downwards)
    sitk.WriteImage(image, str(tmp_path / name))
    assert_same_place_and_value(read(index(tmp_path).series[0]), image)


def test_slope_and_intercept_of_a_nifti_file_are_applied(tmp_path):
    path = tmp_path / "ct.nii"
    sitk.WriteImage(image_of((HU // 2).astype(np.int16)), str(path))
    content = bytearray(path.read_bytes())
    struct.pack_into("<2f", content, 112, 2.0, -24.0)
    path.write_bytes(content)
    expected = 2 * (HU // 2) - 24
    assert_same_place_and_value(read(index(tmp_path).series[0]), image_of(expected))


def test_a_volume_inside_a_zip_archive_is_read(tmp_path):
    image = image_of(HU)
    sitk.WriteImage(image, str(tmp_path / "ct.nii"))
    with zipfile.ZipFile(tmp_path / "ct.zip", "w") as archive:
        archive.write(tmp_path / "ct.nii", "study/ct.nii")
    (tmp_path / "ct.nii").unlink()
    assert_same_place_and_value(read(index(tmp_path).series[0]), image)


def test_a_volume_file_that_shrinks_after_indexing_is_an_error(tmp_path):
    path = tmp_path / "ct.nii.gz"
    sitk.WriteImage(image_of(HU), str(path))
    record = index(tmp_path).series[0]
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-10]))
    with pytest.raises(SeriesError, match="The volume cannot be read: truncated"):
        read(record)
