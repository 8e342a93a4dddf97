import os
import shutil
import subprocess

import numpy as np
import pydicom
import pytest

from core.errors import ReportError
from core.geometry import VolumeGeometry
from core.phantom.acquisition import SeriesTags, scan, write_series
from core.phantom.shapes import Canvas
from core.progress import Cancelled, Silent
from core.volume import Volume

HEAD_BACK_LEFT = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
HALF = np.sqrt(0.5)


class StopAfter:
    def __init__(self, steps):
        self.left = steps

    def step(self, fraction, message):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def a_volume(axes=HEAD_BACK_LEFT):
    hu = np.random.default_rng(0).integers(-1024, 3000, (5, 12, 10)).astype(np.int16)
    return Volume(hu, VolumeGeometry.from_axes(hu.shape, (-50, -40.25, 12.5), axes, (2, 0.7, 0.7)))


def written(volume, folder, **more):
    write_series(volume, folder, **more)
    return [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]


@pytest.mark.parametrize(
    "axes",
    [HEAD_BACK_LEFT, [[0, HALF, HALF], [0, HALF, -HALF], [1, 0, 0]]],
    ids=["axial", "oblique"],
)
def test_what_is_written_is_what_was_there(tmp_path, axes):
    volume = a_volume(axes)
    slices = written(volume, tmp_path)
    hu = np.stack([one.pixel_array.astype(int) * 1 - 1024 for one in slices])
    assert np.array_equal(hu, volume.hu)
    for k, one in enumerate(slices):
        assert (one.RescaleSlope, one.RescaleIntercept) == (1, -1024)
        expected_mm = volume.geometry.to_patient((k, 0, 0))
        assert np.allclose(np.array(one.ImagePositionPatient, float), expected_mm, atol=1e-5)
        cosines = np.array(one.ImageOrientationPatient, float).reshape(2, 3)
        assert np.allclose(cosines, volume.geometry.axes[[2, 1]], atol=1e-5)


def test_gaps_are_even_and_slices_are_numbered_in_order(tmp_path):
    slices = written(a_volume(), tmp_path)
    heights_mm = [float(one.ImagePositionPatient[2]) for one in slices]
    assert np.diff(heights_mm).tolist() == [2.0] * 4
    assert [one.InstanceNumber for one in slices] == [1, 2, 3, 4, 5]
    assert {float(one.SliceThickness) for one in slices} == {2.0}


def test_the_files_say_that_nobody_was_scanned(tmp_path):
    one = written(a_volume(), tmp_path)[0]
    assert one.PatientName == "Synthetic^Phantom"
    assert one.PatientIdentityRemoved == "YES"
    assert one.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert "Not for diagnosis" in one.ImageComments
    assert one.Manufacturer == "Thoralens"


def test_uids_follow_from_the_seed_alone(tmp_path):
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    first, again = (written(a_volume(), folder) for folder in folders[:2])
    other = written(a_volume(), folders[2], tags=SeriesTags(uid_seed="another"))
    assert folders[0].joinpath("0001.dcm").read_bytes() == (folders[1] / "0001.dcm").read_bytes()
    assert [one.SOPInstanceUID for one in first] == [one.SOPInstanceUID for one in again]
    assert len({one.SOPInstanceUID for one in first + other}) == 10
    assert first[0].SeriesInstanceUID != other[0].SeriesInstanceUID
    assert len({one.FrameOfReferenceUID for one in first}) == 1


def test_values_that_cannot_be_stored_are_refused(tmp_path):
    geometry = a_volume().geometry
    with pytest.raises(ReportError, match="-1025 HU") as caught:
        write_series(Volume(np.full(geometry.shape, -1025, np.int16), geometry), tmp_path)
    assert str(tmp_path) not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_writing_stops_when_it_is_cancelled(tmp_path):
    with pytest.raises(Cancelled):
        write_series(a_volume(), tmp_path, progress=StopAfter(2))
    assert len(list(tmp_path.iterdir())) == 2


def test_the_standards_own_checker_finds_no_error(tmp_path):
    checker = shutil.which("dciodvfy")
    if checker is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("dciodvfy (dicom3tools) is missing")
    written(a_volume(), tmp_path)
    for path in sorted(tmp_path.glob("*.dcm")):
        verdict = subprocess.run([checker, str(path)], capture_output=True, text=True, check=False)
        said = verdict.stdout + verdict.stderr
        assert verdict.returncode == 0, said
        assert "Error" not in said


def a_scan(hu, seed=0):
    """A canvas of one value, imaged on a grid twice as fine."""
    coarse = VolumeGeometry.from_axes((6, 48, 48), (0.5, 0.5, 0), HEAD_BACK_LEFT, (2, 2, 2))
    fine = VolumeGeometry.from_axes((6, 96, 96), (0, 0, 0), HEAD_BACK_LEFT, (2, 1, 1))
    return scan(Canvas(coarse, hu), fine, np.random.default_rng(seed), Silent())


def test_noise_in_soft_tissue_is_that_of_a_scan_and_has_no_bias():
    hu = a_scan(40).hu[:, 32:64, 32:64]
    assert 12 < hu.std() < 20
    assert hu.mean() == pytest.approx(40, abs=2)


def test_neighbouring_pixels_share_noise_and_slices_do_not():
    hu = a_scan(40).hu.astype(float) - 40
    beside = np.corrcoef(hu[:, :, :-1].ravel(), hu[:, :, 1:].ravel())[0, 1]
    above = np.corrcoef(hu[:-1].ravel(), hu[1:].ravel())[0, 1]
    assert beside > 0.3
    assert abs(above) < 0.05


def test_no_value_lies_under_the_intercept():
    assert a_scan(-1020).hu.min() == -1024


def test_the_fine_grid_lies_where_the_canvas_lay():
    coarse = VolumeGeometry.from_axes((6, 48, 48), (0.5, 0.5, 0), HEAD_BACK_LEFT, (2, 2, 2))
    fine = VolumeGeometry.from_axes((6, 96, 96), (0, 0, 0), HEAD_BACK_LEFT, (2, 1, 1))
    canvas = Canvas(coarse, 0)
    canvas.paint_ellipsoid((30.5, 60.5, 5), (8, 8, 4), 2000)
    bright = np.argwhere(scan(canvas, fine, np.random.default_rng(0), Silent()).hu > 1000)
    assert fine.to_patient(bright.mean(0)) == pytest.approx([30.5, 60.5, 5], abs=0.3)
