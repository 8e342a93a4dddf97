"""`thoralens-core deidentify` as scripts use it: folders, list, exit status, no name anywhere."""

import json
import subprocess
import sys
from pathlib import Path

import pydicom

from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series

PLANTED = {
    "PatientName": "Zzyzx^Planted", "PatientID": "QX77PLANTED", "InstitutionName": "Zzyzx Clinic",
    "StudyDate": "20110203", "SeriesDescription": "Zzyzx, chest",
}  # fmt: skip


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", "deidentify", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def two_series(folder):
    phantom = marked_thorax(STORAGE_ORDERS["axial to the head"])
    for number, uid in enumerate(("1.2.3.77001", "1.2.3.77002")):
        write_series(
            folder / f"Zzyzx {number}",
            phantom.hu,
            phantom.geometry,
            SeriesInstanceUID=uid,
            **PLANTED,
        )
    return folder


def assert_no_name(done, out):
    everything = [done.stdout, done.stderr]
    everything += [path.read_bytes().decode("latin-1") for path in out.rglob("*.*")]
    for text in everything:
        assert not any(word in text.lower() for word in ("zzyzx", "planted", "1.2.3.7700"))


def test_every_series_gets_its_folder_and_the_list_says_what_was_removed(tmp_path):
    out = tmp_path / "out"
    done = run(two_series(tmp_path / "in"), "--out", out, "--keep-dates-shifted", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document == json.loads((out / "removed.json").read_text())
    assert [entry["folder"] for entry in document["series"]] == ["series-001", "series-002"]
    for entry in document["series"]:
        assert len(list((out / entry["folder"]).iterdir())) == entry["files"] > 30
        what = {each["keyword"]: each["action"] for each in entry["removed"]}
        assert what["PatientName"] == "Z"
        assert what["StudyDate"] == "C"
    slices = [pydicom.dcmread(path) for path in sorted(out.rglob("*.dcm"))]
    assert len({each.StudyInstanceUID for each in slices}) == 1
    assert len({each.SeriesInstanceUID for each in slices}) == 2
    assert len({(each.PatientID, each.StudyDate) for each in slices}) == 1
    assert slices[0].StudyDate not in ("", PLANTED["StudyDate"])
    assert_no_name(done, out)


def test_one_series_alone_and_the_same_secret_gives_the_same_uids(tmp_path):
    source = two_series(tmp_path / "in")
    (tmp_path / "secret").write_bytes(bytes(range(32)))
    uids = []
    for name in ("a", "b"):
        options = ("--series", "1.2.3.77002", "--secret", tmp_path / "secret")
        done = run(source, "--out", tmp_path / name, *options)
        assert done.returncode == 0, done.stderr
        assert "PatientName Z" in done.stdout
        uids.append(pydicom.dcmread(tmp_path / name / "series-001" / "00001.dcm").SOPInstanceUID)
        assert_no_name(done, tmp_path / name)
    assert uids[0] == uids[1]


def test_what_cannot_be_exported_is_refused_in_words(tmp_path):
    source = two_series(tmp_path / "in")
    into_source = run(source, "--out", source)
    assert into_source.returncode == 3
    assert "new or empty folder" in into_source.stderr.replace("\n", " ")
    unknown = run(source, "--out", tmp_path / "a", "--series", "1.2.3.77009")
    assert unknown.returncode == 3
    assert "not among the 2 found" in unknown.stderr.replace("\n", " ")
    (tmp_path / "secret").write_bytes(b"short")
    assert run(source, "--out", tmp_path / "b", "--secret", tmp_path / "secret").returncode == 3
    for path in source.rglob("file*"):
        dataset = pydicom.dcmread(path)
        dataset.BurnedInAnnotation = "YES"
        dataset.save_as(path)
    burned_in = run(source, "--out", tmp_path / "c")
    assert burned_in.returncode == 3
    assert "burned in" in burned_in.stderr.replace("\n", " ")
    assert "Traceback" not in burned_in.stderr
    accepted = run(source, "--out", tmp_path / "d", "--accept-burned-in")
    assert "Warning" in accepted.stdout
    assert_no_name(accepted, tmp_path / "d")
