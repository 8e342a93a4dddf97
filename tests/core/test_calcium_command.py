"""`thoralens-core calcium` as scripts use it: exit status, one JSON document, four files."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from core.calcium.edit_documents import edits_of
from core.calcium_case import open_case
from core.calcium_command import calcium_document, rule_named
from core.data.nifti import read_nifti
from core.errors import SeriesError
from core.prognosis import RESEARCH_USE_ONLY
from core.progress import Silent
from tests.core.calcium_scans import (
    LUNG1_LAD,
    LUNG1_RCA,
    MARKS,
    calcified_thorax,
    chosen,
    lung1,
    mark,
)
from tests.phantoms import write_series

FILES = {"calcium.json", "calcium-lesions.csv", "calcium.nii.gz", "calcium.pdf"}
PATCHES = {f"patch-0{number}.nii.gz" for number in (1, 2, 3)}


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", "calcium", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.fixture(scope="module")
def thorax(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calcium")
    volume = calcified_thorax()
    write_series(folder / "series", volume.hu, volume.geometry, KVP=120)
    (folder / "marks.json").write_text(json.dumps(MARKS))
    return folder


def test_marks_give_one_json_document_four_files_and_a_patch_a_click(thorax, tmp_path):
    out = tmp_path / "new" / "folder"
    done = run(thorax / "series", "--marks", thorax / "marks.json", "--json", "--out", out)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["research_use_only"] == RESEARCH_USE_ONLY
    assert [lesion["vessel"] for lesion in document["lesions"]] == ["LAD", "LCX", "RCA"]
    assert document["edits_that_met_nothing"] == []
    assert {path.name for path in out.iterdir()} == FILES | PATCHES
    assert json.loads((out / "calcium.json").read_text()) == document
    record, stored = chosen(thorax / "series")
    reading, _ = open_case(record, stored).reading().with_edits(edits_of(MARKS))
    assert document["total"]["agatston"] == reading.score().total.agatston


def test_the_patches_hold_the_scan_s_own_hu_round_each_click_that_lies_in_the_scan(
    thorax, tmp_path
):
    nothing, outside = mark("LM", (0.0, 0.0, 0.0)), mark("LM", (900.0, 0.0, 0.0))
    (tmp_path / "marks.json").write_text(json.dumps([*MARKS, nothing, outside]))
    document = calcium_document(
        thorax / "series",
        progress=Silent(),
        marks=tmp_path / "marks.json",
        out=tmp_path / "out",
    )
    assert json.loads((tmp_path / "out" / "calcium.json").read_text()) == document
    patches = document["network_patches"]
    assert [each["lesions"] for each in patches] == [[1], [2], [3], []]
    assert [each["clicked_mm"] for each in patches] == [
        each["point_mm"] for each in (*MARKS, nothing)
    ]
    _, stored = chosen(thorax / "series")
    for patch in patches:
        path = tmp_path / "out" / patch["file"]
        assert sha256(path.read_bytes()).hexdigest() == patch["sha256"]
        hu, geometry = read_nifti(path)
        assert hu.shape == tuple(patch["shape"]) == (3, 161, 161)
        assert geometry.to_patient((1, 80, 80)) == pytest.approx(patch["centre_mm"], abs=1e-3)
        index = np.rint(stored.geometry.to_index(patch["centre_mm"])).astype(int)
        assert np.abs(np.subtract(patch["centre_mm"], patch["clicked_mm"])).max() <= 1.5
        assert hu[1, 80, 80] == stored.hu[tuple(index)]
    for lesion, patch in zip(document["lesions"], patches, strict=False):
        assert lesion["patch_at_click"] == patch["patch_score"]


def test_candidates_are_listed_with_the_keys_of_the_interface(thorax):
    done = run(thorax / "series", "--candidates", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["candidates"]
    keys = {"point_mm", "centre_mm", "slices", "max_hu", "agatston", "volume_mm3", "heart_share"}
    assert all(set(row) == keys for row in rows)
    for each in MARKS:
        distances = [
            np.linalg.norm(np.subtract(row["centre_mm"], each["point_mm"])) for row in rows
        ]
        assert min(distances) < 2


def test_for_people_it_prints_a_table_category_and_why(thorax):
    done = run(thorax / "series", "--marks", thorax / "marks.json")
    assert done.returncode == 0
    assert "LAD" in done.stdout
    assert "Category" in done.stdout
    assert "Motion blurs calcium" in done.stdout.replace("\n", " ")
    assert "Research use only" in done.stderr
    listed = run(thorax / "series", "--candidates")
    assert "candidates, bones among them" in listed.stdout


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--candidates", "--marks", "marks.json"),
        ("--candidates", "--out", "out"),
        ("--candidates", "--connectivity", "6"),
        ("--candidates", "--calibration", "0"),
    ],
)
def test_wrong_use_ends_with_status_2(thorax, options):
    done = run(thorax / "series", *options)
    assert done.returncode == 2
    assert not done.stdout


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("not json", "no readable JSON"),
        ("[" * 100_000, "no readable JSON"),
        ("{}", "one JSON list"),
        ('[{"kind": ["cut"]}]', "kind must be one of"),
        ('[{"vessel": "LAD", "point_mm": [1, 2, 1e300]}]', "three numbers"),
        ('[{"vessel": "LAD"}]', "Mark 1 cannot be understood"),
        ('[{"vessel": "LAD", "point_mm": [1, 2, NaN]}]', "three numbers"),
        ('[{"vessel": "D1", "point_mm": [1, 2, 3]}]', "vessel must be one of"),
    ],
)
def test_marks_that_cannot_be_understood_are_refused_with_status_3(tmp_path, content, expected):
    """Before any scan is read: the folder is empty."""
    (tmp_path / "marks.json").write_text(content)
    done = run(tmp_path, "--marks", tmp_path / "marks.json", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert expected in done.stderr.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_a_stated_contrast_agent_is_refused_with_status_3(tmp_path, thorax):
    volume = calcified_thorax()
    write_series(tmp_path, volume.hu, volume.geometry, KVP=120, ContrastBolusAgent="Iohexol")
    done = run(tmp_path, "--marks", thorax / "marks.json")
    assert done.returncode == 3
    assert "ontrast" in done.stderr


def test_slices_of_8_mm_are_refused_with_status_3(shared_data):
    done = run(shared_data / "lungdx-a0002", "--candidates", "--json")
    assert done.returncode == 3
    assert "over 5 mm" in done.stderr.replace("\n", " ")
    assert not done.stdout


def test_a_rule_is_named_by_the_begin_of_its_name():
    assert rule_named("", 4).connectivity == 4
    assert rule_named("100", 8).cut_points_hu == (145, 222, 334, 446)
    with pytest.raises(SeriesError, match="2 rules begin with '80'"):
        rule_named("80", 8)
    with pytest.raises(SeriesError, match="0 rules begin with 'x'"):
        rule_named("x", 8)


def test_a_rule_for_another_voltage_is_flagged(thorax):
    document = calcium_document(
        thorax / "series",
        progress=Silent(),
        marks=thorax / "marks.json",
        rule=rule_named("100", 8),
    )
    assert document["modified"] is True
    assert any("Modified" in warning for warning in document["warnings"])


def test_recorded_clicks_on_a_real_scan_give_the_recorded_score(shared_data, tmp_path):
    marks = [mark("RCA", LUNG1_RCA), mark("LAD", LUNG1_LAD), mark("LM", (0.0, 0.0, 0.0))]
    (tmp_path / "marks.json").write_text(json.dumps(marks))
    folder = shared_data / "lung1-001"
    document = calcium_document(folder, progress=Silent(), marks=tmp_path / "marks.json")
    assert document["total"]["agatston"] == pytest.approx(557.8994750976562 + 74.3865966796875)
    assert document["total"]["cac_drs"] == "A3/N2"
    assert [edit["vessel"] for edit in document["edits_that_met_nothing"]] == ["LM"]
    _, _, case = lung1(folder)
    reading, _ = case.reading().with_edits(edits_of(marks))
    assert document["total"]["agatston"] == reading.score().total.agatston
