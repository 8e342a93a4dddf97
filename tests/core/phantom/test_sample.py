from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.errors import ReportError
from core.phantom import sample
from core.phantom.sample import (
    SAMPLE_SUBJECT,
    make_sample,
    make_volume,
    sample_folder,
    sample_scan,
)
from core.phantom.subject import Finding
from core.progress import Cancelled
from tests.core.phantom.conftest import SMALL_SHAPE, SMALL_SPACING_MM

SICK = SAMPLE_SUBJECT.diseases


@pytest.fixture
def small(monkeypatch):
    """The same sample with fewer and larger voxels."""
    monkeypatch.setattr(sample, "SAMPLE_SHAPE", (20, 64, 64))
    monkeypatch.setattr(sample, "SAMPLE_SPACING_MM", (16.0, 5.92, 5.92))


@pytest.fixture(scope="module")
def small_scan():
    return sample_scan((20, 64, 64), (16.0, 5.92, 5.92))


@pytest.fixture
def scanned(small, small_scan, monkeypatch):
    """The small sample, painted once for all tests of what becomes of its folder."""
    monkeypatch.setattr(sample, "image", lambda subject, protocol, progress: small_scan)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("THORALENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class StopAt:
    """Cancels once the work has come so far."""

    def __init__(self, fraction):
        self.limit = fraction

    def step(self, fraction, message):
        if fraction >= self.limit:
            raise Cancelled


class Recorder:
    def __init__(self):
        self.fractions = []

    def step(self, fraction, message):
        self.fractions.append(fraction)


def test_the_same_seed_gives_the_same_volume_bit_for_bit(thorax):
    again = make_volume(SMALL_SHAPE, SMALL_SPACING_MM)
    assert np.array_equal(again.hu, thorax.hu)
    assert again.geometry.agrees_with(thorax.geometry)


def test_another_seed_gives_another_volume_of_the_same_body(thorax):
    other = make_volume(SMALL_SHAPE, SMALL_SPACING_MM, seed=5).hu
    assert not np.array_equal(other, thorax.hu)
    assert ((other > -500) == (thorax.hu > -500)).mean() > 0.97


def test_the_grid_is_centred_with_slices_to_the_head(thorax):
    assert thorax.geometry.centre_mm == pytest.approx([0, 0, 0])
    assert thorax.geometry.axes.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert thorax.geometry.spacing_mm == SMALL_SPACING_MM


def test_the_sample_has_some_of_each_kind_worth_showing():
    scan = sample_scan(SMALL_SHAPE, SMALL_SPACING_MM)
    volumes_ml = scan.volumes_ml()
    assert volumes_ml[Finding.NODULE] == pytest.approx(4 / 3 * np.pi * 0.45**3, rel=0.2)
    assert 80 < volumes_ml[Finding.EMPHYSEMA] < 400
    assert 300 < volumes_ml[Finding.HEART] < 900
    assert volumes_ml[Finding.EFFUSION] == volumes_ml[Finding.FIBROSIS] == 0
    assert {plaque.vessel for plaque in scan.plaques} == {None, *SICK.coronary_agatston}
    assert 100 < SICK.total_agatston < 400  # moderate


@pytest.mark.usefixtures("scanned")
def test_the_series_says_what_it_is(tmp_path):
    one = pydicom.dcmread(make_sample(tmp_path / "made") / "0001.dcm")
    assert (one.PatientID, one.PatientSex, one.PatientAge) == ("THORALENS-SAMPLE", "M", "066Y")
    assert one.ConvolutionKernel == "B30f"
    assert "Synthetic" in one.SeriesDescription
    assert "Not for diagnosis" in one.ImageComments


@pytest.mark.usefixtures("small")
def test_progress_never_falls_and_ends_at_one(tmp_path):
    recorder = Recorder()
    make_sample(tmp_path / "made", recorder)
    assert recorder.fractions == sorted(recorder.fractions)
    assert recorder.fractions[-1] == pytest.approx(1)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.6, 0.9])
def test_a_cancelled_sample_leaves_nothing_behind(tmp_path, fraction):
    with pytest.raises(Cancelled):
        make_sample(tmp_path / "made", StopAt(fraction))
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("scanned")
def test_the_folder_one_stands_in_will_do(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    make_sample(Path())
    assert len(list((tmp_path / "here").glob("*.dcm"))) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


@pytest.mark.usefixtures("scanned")
def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ReportError, match="holds files") as caught:
        make_sample(tmp_path)
    assert tmp_path.name not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.usefixtures("scanned")
def test_an_empty_folder_is_filled(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    assert make_sample(folder) == folder
    assert len(list(folder.iterdir())) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@pytest.mark.usefixtures("scanned")
def test_a_place_that_cannot_be_written_is_reported_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="could not be written") as caught:
        make_sample(tmp_path / "file" / "made")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.usefixtures("scanned")
def test_the_cached_sample_is_made_once_and_used_again(cache):
    folder = sample_folder()
    first = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert folder.parent == cache
    assert sample_folder() == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == first


@pytest.mark.usefixtures("scanned")
def test_a_cached_sample_that_lost_files_is_made_anew(cache):
    folder = sample_folder()
    (folder / "0003.dcm").unlink()
    assert sample_folder() == folder
    assert len(list(folder.glob("*.dcm"))) == 20
    assert list(cache.iterdir()) == [folder]


@pytest.mark.usefixtures("scanned")
def test_a_newer_sample_replaces_an_older(cache, monkeypatch):
    older = sample_folder()
    uid = pydicom.dcmread(older / "0001.dcm").SeriesInstanceUID
    monkeypatch.setattr(sample, "SAMPLE_VERSION", sample.SAMPLE_VERSION + 1)
    newer = sample_folder()
    assert newer != older
    assert list(cache.iterdir()) == [newer]
    assert pydicom.dcmread(newer / "0001.dcm").SeriesInstanceUID != uid


@pytest.mark.slow
def test_the_full_sample_has_the_size_that_was_promised(tmp_path):
    files = sorted(make_sample(tmp_path / "made").iterdir())
    slices = [pydicom.dcmread(path) for path in files]
    hu = np.stack([one.pixel_array.astype(np.int16) - 1024 for one in slices])
    heights_mm = [float(one.ImagePositionPatient[2]) for one in slices]
    assert hu.shape == (160, 512, 512)
    assert np.diff(heights_mm) == pytest.approx([2.0] * 159)
    assert [float(v) for v in slices[0].PixelSpacing] == [0.74, 0.74]
    assert hu.max() > 600
    assert hu.min() >= -1024
    assert np.median(hu[:, ::8, ::8][hu[:, ::8, ::8] < -300]) < -850
