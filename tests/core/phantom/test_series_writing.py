import os
import shutil
import subprocess

import numpy as np
import pydicom
import pytest

from core.data.gating import is_gated
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ReportError
from core.geometry import VolumeGeometry
from core.phantom.kernels import Kernel
from core.phantom.protocol import Protocol
from core.phantom.series_writing import SeriesTags, tags_of, write_series
from core.phantom.subject import Sex, Subject
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


def test_a_fill_under_the_intercept_is_declared_as_padding_and_read_back(tmp_path):
    volume = a_volume()
    hu = volume.hu.copy()
    hu[:, :3] = -2000
    written(Volume(hu, volume.geometry), tmp_path, tags=SeriesTags(is_padded=True))
    one = pydicom.dcmread(tmp_path / "0001.dcm")
    assert one.PixelRepresentation == 1
    assert one.PixelPaddingValue + one.RescaleIntercept == -2000
    (record,) = index(tmp_path, Silent()).series
    back = read(record)
    assert np.array_equal(back.hu, hu)
    assert np.array_equal(back.padding, hu == -2000)


def test_a_series_says_how_it_was_scanned_and_who_was_made_up(tmp_path):
    subject = Subject(1, age_years=67.8, sex=Sex.FEMALE)
    protocol = Protocol(
        Kernel.LUNG, kvp=100.0, slice_thickness_mm=2.5, gated=True, padding_hu=-2000
    )
    tags = tags_of(subject, protocol, patient_id="P1", uid_seed="a")
    one = written(a_volume(), tmp_path, tags=tags)[0]
    assert (one.PatientID, one.PatientSex, one.PatientAge) == ("P1", "F", "067Y")
    assert (one.ConvolutionKernel, one.KVP) == ("B60f", 100)
    assert (one.SliceThickness, one.SpacingBetweenSlices) == (2.5, 2.0)
    assert one.ReconstructionDiameter == pytest.approx(7.0)
    (record,) = index(tmp_path, Silent()).series
    assert is_gated(record) is True


def dciodvfy(path):
    checker = shutil.which("dciodvfy")
    if checker is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("dciodvfy (dicom3tools) is missing")
    verdict = subprocess.run([checker, str(path)], capture_output=True, text=True, check=False)
    return verdict.returncode, verdict.stdout + verdict.stderr


@pytest.mark.parametrize("padding_hu", [None, -1024, -2000])
@pytest.mark.parametrize("gated", [False, True])
def test_the_standards_own_checker_finds_no_error(tmp_path, padding_hu, gated):
    protocol = Protocol(padding_hu=padding_hu, gated=gated)
    tags = tags_of(Subject(2), protocol, patient_id="P2", uid_seed="b")
    written(a_volume(), tmp_path, tags=tags)
    for path in sorted(tmp_path.glob("*.dcm"))[:2]:
        status, said = dciodvfy(path)
        assert status == 0, said
        assert "Error" not in said
