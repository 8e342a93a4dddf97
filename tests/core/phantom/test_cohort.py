"""Cohorts of a few people on grids as small as the canvas allows, and one by many processes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.data.cohort import read_cohort
from core.data.nifti import read_nifti, write_nifti
from core.data.read_series import read
from core.data.series_index import index
from core.errors import CohortError, ReportError
from core.phantom import imaging
from core.phantom.cohort import make_cohort
from core.phantom.imaging import Form, ScanOrder
from core.phantom.member import draw_member
from core.phantom.protocol import Protocol, Size, draw_protocol
from core.phantom.scanner import image
from core.phantom.truth import TruthMasks
from core.progress import Cancelled, Silent

MEMBERS = tuple(draw_member(2, number) for number in range(3))
ORDER = ScanOrder(write_nifti, Size.HALF)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tiny(monkeypatch):
    """Scans of 20 slices of 32 x 32, for tests of everything but the picture."""
    protocol = Protocol(
        slices=20, increment_mm=16.0, slice_thickness_mm=16.0, matrix=32, pixel_mm=11.8
    )
    monkeypatch.setattr(imaging, "draw_protocol", lambda subject, size: protocol)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Three people at half size by one process."""
    folder = tmp_path_factory.mktemp("whole") / "cohort"
    make_cohort(folder, MEMBERS, ORDER)
    return folder


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class StopAfter:
    """Cancels once so much is done."""

    def __init__(self, fraction):
        self.limit = fraction

    def step(self, fraction, message):
        if fraction > self.limit:
            raise Cancelled


def test_every_scan_of_the_table_is_there_with_its_truth(whole):
    rows = read_cohort(whole / "cohort.csv").rows
    assert len(rows) == 3
    for row, member in zip(rows, MEMBERS, strict=True):
        hu, geometry = read_nifti(row.scan)
        expected = image(member.subject, draw_protocol(member.subject, Size.HALF), Silent())
        assert np.array_equal(hu, expected.volume.hu)
        assert np.allclose(geometry.affine, expected.volume.geometry.affine, atol=1e-3)
        labels, _ = read_nifti(row.scan.parent / "truth.nii.gz")
        document = json.loads((row.scan.parent / "truth.json").read_text())
        voxel_ml = expected.volume.geometry.voxel_volume_mm3 / 1000
        for finding, count in TruthMasks(labels).voxels().items():
            assert document["volumes_ml"][finding.value] == pytest.approx(
                count * voxel_ml, abs=1e-3
            )
        assert document["outcome"]["event"] == row.event


@pytest.mark.slow
def test_the_number_of_workers_changes_no_byte(whole, tmp_path):
    make_cohort(tmp_path / "cohort", MEMBERS, ORDER, workers=2)
    assert digests(tmp_path / "cohort") == digests(whole)


def test_a_cohort_goes_on_where_it_was(whole, tmp_path):
    folder = tmp_path / "cohort"
    with pytest.raises(Cancelled):
        make_cohort(folder, MEMBERS, ORDER, progress=StopAfter(0.5))
    (done,) = (folder / "subjects").iterdir()
    assert not (folder / "cohort.csv").exists()
    written_at = (done / "scan.nii.gz").stat().st_mtime_ns
    half_made = folder / "subjects" / f".{MEMBERS[2].patient_id}"
    half_made.mkdir()
    (half_made / "scan.nii.gz").write_bytes(b"begun by a process that was killed")
    make_cohort(folder, MEMBERS, ORDER)
    assert (done / "scan.nii.gz").stat().st_mtime_ns == written_at
    assert digests(folder) == digests(whole)


def group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def soon(condition, limit_s):
    deadline = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_cohort_loses_only_what_was_in_work_and_leaves_no_process(whole, tmp_path):
    folder = tmp_path / "cohort"
    command = [sys.executable, "-m", "core", "phantom", "cohort", "--subjects", "3", "--seed", "2"]
    command += ["--size", "half", "--workers", "2", "--out", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    assert soon(lambda: list((folder / "subjects").glob("P*")), 120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert soon(lambda: not group_lives(process.pid), 20)
    assert 1 <= len(list((folder / "subjects").glob("P*"))) < 3
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert digests(folder) == digests(whole)


@pytest.mark.usefixtures("tiny")
def test_people_or_settings_of_another_cohort_are_not_mixed_in(tmp_path):
    folder = tmp_path / "cohort"
    make_cohort(folder, MEMBERS[:1], ORDER)
    before = digests(folder)
    for members, order in (
        (MEMBERS[:2], ORDER),
        (MEMBERS[1:2], ORDER),
        (MEMBERS[:1], ScanOrder(write_nifti, Size.FULL)),
        (MEMBERS[:1], ScanOrder(write_nifti, Size.HALF, Form.PLAIN)),
    ):
        with pytest.raises(CohortError, match="other people or settings") as caught:
            make_cohort(folder, members, order)
        assert str(tmp_path) not in str(caught.value)
    assert digests(folder) == before


@pytest.mark.parametrize("name", ["mine.txt", "cohort.json"])
def test_a_folder_with_something_else_is_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(CohortError, match="Expected a new or empty folder"):
        make_cohort(tmp_path, MEMBERS, ORDER)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.usefixtures("tiny")
def test_a_place_that_cannot_be_written_is_reported_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="could not be written") as caught:
        make_cohort(tmp_path / "file" / "cohort", MEMBERS, ORDER)
    assert str(tmp_path) not in str(caught.value)


def no_space_left(path, values, geometry):
    raise ReportError("scan could not be written (No space left on device).", "Free some.")


@pytest.mark.usefixtures("tiny")
def test_a_full_disk_leaves_no_half_made_person(tmp_path):
    with pytest.raises(ReportError, match="No space left"):
        make_cohort(tmp_path / "cohort", MEMBERS, ScanOrder(no_space_left, Size.HALF))
    assert not list((tmp_path / "cohort" / "subjects").glob("P*"))
    assert not (tmp_path / "cohort" / "cohort.csv").exists()


@pytest.mark.usefixtures("tiny")
def test_scans_may_be_plain_nifti_or_dicom(tmp_path):
    stored = {}
    for form in Form:
        table = make_cohort(tmp_path / form.name, MEMBERS[:1], ScanOrder(write_nifti, form=form))
        (row,) = read_cohort(table).rows
        if form is Form.DICOM:
            (record,) = index(row.scan, Silent()).series
            stored[form] = read(record).hu
        else:
            stored[form] = read_nifti(row.scan)[0]
    assert np.array_equal(stored[Form.PLAIN], stored[Form.COMPRESSED])
    assert np.array_equal(stored[Form.PLAIN], stored[Form.DICOM])


@pytest.mark.usefixtures("tiny")
def test_progress_never_falls_and_counts_people(tmp_path):
    told = []

    class Recorder:
        def step(self, fraction, message):
            told.append((fraction, message))

    make_cohort(tmp_path / "cohort", MEMBERS, ORDER, progress=Recorder())
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert {message for _, message in told} == {f"Imaging people: {k} of 3" for k in range(3)}
