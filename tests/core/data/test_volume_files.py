import gzip
import zipfile

import numpy as np
import pytest
import SimpleITK as sitk

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of, geometry_of
from core.data.series_index import index
from core.data.volume_files import NotVolumeError, read_values, read_volume_header
from tests.fuzz.seeds import second_nifti

DIRECTIONS = {
    "straight": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    "to the feet, rows to the front": (1, 0, 0, 0, -1, 0, 0, 0, -1),
    "coronal": (1, 0, 0, 0, 0, 1, 0, -1, 0),
    "sagittal": (0, 0, 1, 1, 0, 0, 0, -1, 0),
    "mirrored": (-1, 0, 0, 0, 1, 0, 0, 0, 1),
}
FORMATS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


def image(direction, kind=np.int16):
    values = np.random.default_rng(0).integers(-1000, 1000, (5, 6, 7)).astype(kind)
    made = sitk.GetImageFromArray(values)
    made.SetSpacing((0.7, 0.8, 2.5))
    made.SetOrigin((1.0, -2.0, 3.0))
    made.SetDirection(direction)
    return made, values


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("compressed", [False, True])
def test_every_voxel_lies_where_simpleitk_says(tmp_path, ending, direction, compressed):
    made, values = image(direction)
    sitk.WriteImage(made, str(tmp_path / f"volume{ending}"), compressed)
    found = index(tmp_path)
    (record,) = found.series
    assert found.unreadable == ()
    geometry = geometry_of(record)
    header, stored = read_values(record.slices[0])
    np.testing.assert_array_equal(stored, values)
    assert (header.slope, header.intercept) == (1, 0)
    for place, slice_ in enumerate(record.slices):
        expected = made.TransformIndexToPhysicalPoint((2, 3, slice_.frame))
        np.testing.assert_allclose(geometry.to_patient((place, 3, 2)), expected, atol=1e-4)


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_every_type_of_value_is_read(tmp_path, kind, ending):
    made, values = image(DIRECTIONS["straight"], kind)
    sitk.WriteImage(made, str(tmp_path / f"volume{ending}"))
    (record,) = index(tmp_path).series
    np.testing.assert_array_equal(read_values(record.slices[0])[1], values)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_nifti_2_file_is_the_same_volume(tmp_path, direction, packed):
    made, values = image(direction)
    sitk.WriteImage(made, str(tmp_path / "first.nii"))
    content = second_nifti((tmp_path / "first.nii").read_bytes())
    (tmp_path / "first.nii").unlink()
    path = tmp_path / f"second.nii{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    (record,) = index(tmp_path).series
    np.testing.assert_array_equal(read_values(record.slices[0])[1], values)
    geometry = geometry_of(record)
    for place, slice_ in enumerate(record.slices):
        expected = made.TransformIndexToPhysicalPoint((2, 3, slice_.frame))
        np.testing.assert_allclose(geometry.to_patient((place, 3, 2)), expected, atol=1e-4)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("ending", FORMATS)
def test_label_maps_are_not_taken_for_a_ct(tmp_path, kind, ending):
    labels = sitk.GetImageFromArray(np.ones((5, 6, 7), kind))
    sitk.WriteImage(labels, str(tmp_path / f"labels{ending}"))
    found = index(tmp_path)
    assert found.series == ()
    assert "a label map or picture" in " ".join(each.reason for each in found.unreadable)


def test_the_nrrd_of_a_real_scan_is_its_dicom_series(shared_data):
    folder = shared_data / "cip-tiny"
    dicom = index(folder / "dicom").series[0]
    volume = index(folder / "ct-64.nrrd").series[0]
    ours, theirs = geometry_of(volume), geometry_of(dicom)
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=2e-3)
    listed = [each.reason for each in index(folder).unreadable if "label map" in each.reason]
    assert len(listed) == 3


def test_a_volume_inside_a_zip_archive_is_read(tmp_path):
    made, values = image(DIRECTIONS["straight"])
    sitk.WriteImage(made, str(tmp_path / "volume.nii.gz"))
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        archive.write(tmp_path / "volume.nii.gz", "volume.nii.gz")
    (tmp_path / "volume.nii.gz").unlink()
    (record,) = index(tmp_path).series
    np.testing.assert_array_equal(read_values(record.slices[0])[1], values)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_a_truncated_volume_is_refused_when_its_values_are_read(tmp_path, ending):
    made, _ = image(DIRECTIONS["straight"])
    path = tmp_path / f"volume{ending}"
    sitk.WriteImage(made, str(path), ending == ".nii.gz")
    path.write_bytes(path.read_bytes()[:-60])
    found = index(tmp_path)
    if found.series:
        with pytest.raises(NotVolumeError, match=r"truncated|damaged"):
            read_values(found.series[0].slices[0])
    else:
        assert "truncated" in found.unreadable[0].reason


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        ("space: left-posterior-superior\n", "", "where it lies"),
        ("encoding: raw\n", "encoding: hex\n", "encoded in a way"),
        ("encoding: raw\n", "encoding: raw\ndata file: ../../elsewhere\n", "another folder"),
        ("encoding: raw\n", "encoding: raw\ndata file: LIST\n", "several files"),
        ("encoding: raw\n", "encoding: raw\ndata file: gone.raw\n", "not there"),
        ("encoding: raw\n", "encoding: raw\nline skip: 3\n", "to be skipped"),
        ("sizes: 7 6 5\n", "sizes: 70000 70000 70000\n", "size is not that"),
        ("sizes: 7 6 5\n", "sizes: 10000 10000 10000\n", "larger than"),
        ("sizes: 7 6 5\n", "sizes: 7 6 five\n", "cannot be read"),
        ("(0,0,2.5)", "(0,0,nan)", "cannot be read"),
        ("(0,0,2.5)", "(0,0,0)", "cannot be computed"),
        ("endian: little\n", "", "byte order"),
    ],
)
def test_an_odd_nrrd_header_is_refused_in_words(tmp_path, line, other, words):
    header = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 7 6 5\n"
        "space directions: (0.7,0,0) (0,0.8,0) (0,0,2.5)\nendian: little\nencoding: raw\n"
        "space origin: (1,2,3)\n\n"
    )
    assert line in header
    (tmp_path / "volume").write_bytes(header.replace(line, other).encode() + bytes(420))
    found = index(tmp_path)
    assert found.series == ()
    assert words in found.unreadable[0].reason


def test_a_nifti_file_without_orientation_is_refused(tmp_path):
    made, _ = image(DIRECTIONS["straight"])
    path = tmp_path / "volume.nii"
    sitk.WriteImage(made, str(path))
    content = bytearray(path.read_bytes())
    content[252:256] = bytes(4)  # qform_code and sform_code
    path.write_bytes(bytes(content))
    assert "where it lies" in index(tmp_path).unreadable[0].reason


def test_slope_and_intercept_of_a_nifti_file_are_told(tmp_path):
    made, _ = image(DIRECTIONS["straight"])
    path = tmp_path / "volume.nii"
    sitk.WriteImage(made, str(path))
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([2, -1024], "<f4").tobytes()
    path.write_bytes(gzip.compress(bytes(content)))
    with path.open("rb") as file:
        header = read_volume_header(file)
    assert (header.slope, header.intercept) == (2, -1024)


def test_a_volume_file_may_be_viewed_and_used_with_a_warning(tmp_path):
    made, _ = image(DIRECTIONS["straight"])
    sitk.WriteImage(made, str(tmp_path / "volume.nii.gz"))
    fitness = fitness_of(index(tmp_path).series[0])
    assert fitness.view.level == Level.WARN
    assert "hounsfield" in fitness.view.reasons[0].text


def test_random_damage_gives_a_header_or_a_reason(tmp_path):
    random = np.random.default_rng(5)
    for ending in FORMATS:
        made, _ = image(DIRECTIONS["straight"])
        path = tmp_path / f"volume{ending}"
        sitk.WriteImage(made, str(path))
        good = path.read_bytes()
        for _ in range(100):
            content = bytearray(good)
            for place in random.integers(0, min(len(content), 400), 3):
                content[place] = random.integers(256)
            path.write_bytes(bytes(content))
            for record in index(path).series:
                fitness_of(record)
                try:
                    read_values(record.slices[0])
                except (NotVolumeError, OSError):
                    continue
