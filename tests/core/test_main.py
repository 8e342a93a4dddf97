"""The command line as scripts use it: exit status, standard output, files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.prognosis import RESEARCH_USE_ONLY
from tests.core.models.values import CLINICAL

FILES = {
    "result.json",
    "gradient.nii.gz",
    "gradcam.nii.gz",
    "key_axial.png",
    "key_coronal.png",
    "key_sagittal.png",
    "key_volume.png",
    "report.pdf",
}


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def test_index_prints_one_json_document_with_fitness_and_nothing_else(shared_data):
    done = run("index", shared_data / "lungdx-a0002" / "dicom", "--json")
    assert done.returncode == 0
    (series,) = json.loads(done.stdout)["series"]
    assert series["slices"] == 30
    assert series["fitness"]["view"]["verdict"] != "block"
    model = series["fitness"]["model"]
    assert model["verdict"] == "block"
    assert any("over 2.5 mm axial thickness" in reason["text"] for reason in model["reasons"])


def test_index_accounts_for_every_file(tmp_path, shared_data):
    (tmp_path / "notes.txt").write_text("not a picture")
    done = run("index", tmp_path, "--json")
    document = json.loads(done.stdout)
    assert document["series"] == []
    assert [each["file"] for each in document["unreadable"]] == ["notes.txt"]
    assert document["unreadable"][0]["reason"]
    assert "No CT series was found." in run("index", tmp_path).stdout


def test_index_for_people_names_series_and_verdicts(shared_data):
    done = run("index", shared_data / "cip-tiny" / "dicom")
    assert done.returncode == 0
    assert "79" in done.stdout
    assert "warn" in done.stdout


def test_a_folder_that_is_not_there_is_refused_with_status_3(tmp_path):
    done = run("index", tmp_path / "nowhere")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_wrong_use_ends_with_status_2():
    assert run("analyse").returncode == 2
    assert run("nonsense").returncode == 2


def test_thick_slices_are_refused_by_the_model_with_status_3_in_words(shared_data, tmp_path):
    done = run("analyse", shared_data / "lungdx-a0002" / "dicom", "--out", tmp_path / "out")
    assert done.returncode == 3
    words = " ".join(done.stderr.split())
    assert "over 2.5 mm axial thickness" in words
    assert "Traceback" not in words
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_analyse_writes_every_file_with_strict_json(shared_data, tmp_path):
    clinical = tmp_path / "clinical.json"
    clinical.write_text(json.dumps(CLINICAL))
    done = run(
        "analyse", shared_data / "cip-tiny" / "dicom", "--out", tmp_path / "out",
        "--model", "mortality-resnet3d-e", "--clinical", clinical, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} >= FILES
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert {"series", "fitness", "model", "prognosis", "saliency", "calcium", "provenance"} <= set(
        document
    )
    assert document["series"]["slices"] == 79
    assert document["model"]["id"] == "mortality-resnet3d-e"
    assert document["calcium"] is None
    assert {each["method"] for each in document["saliency"]} == {"gradcam", "gradient"}
    assert sum(document["saliency"][0]["organ_share"].values()) == pytest.approx(1, abs=1e-6)
    assert 0 < document["trust"]["score"] <= 100
    assert len(document["trust"]["parts"]) == 5
    assert document["provenance"]["seconds"]["trust"] > 0
    assert "synthetic phantoms" in done.stderr
    assert "unlike" in done.stderr
    assert RESEARCH_USE_ONLY in done.stderr


def test_a_missing_clinical_value_is_refused_with_its_name(shared_data, tmp_path):
    clinical = tmp_path / "clinical.json"
    clinical.write_text(json.dumps({k: v for k, v in CLINICAL.items() if k != "stroke"}))
    done = run(
        "analyse", shared_data / "cip-tiny" / "dicom", "--out", tmp_path / "out",
        "--model", "mortality-resnet3d-e", "--clinical", clinical,
    )  # fmt: skip
    assert done.returncode == 3
    assert "missing: stroke" in " ".join(done.stderr.split())


@pytest.mark.parametrize("content", ["[1, 2]", "{", '{"age_years": "old"}', '{"male": true}'])
def test_clinical_files_that_are_no_object_of_numbers_are_refused(content, shared_data, tmp_path):
    clinical = tmp_path / "clinical.json"
    clinical.write_text(content)
    done = run("analyse", shared_data, "--out", tmp_path / "out", "--clinical", clinical)
    assert done.returncode == 3
    assert "JSON" in done.stderr


def test_models_lists_cards_with_published_parameter_counts():
    done = run("models", "--json")
    models = {each["id"]: each for each in json.loads(done.stdout)["models"]}
    assert models["mortality-resnet3d-d"]["parameters"]["published_model"] == 14_372_002
    assert models["mortality-resnet3d-e"]["parameters"]["published_model"] == 14_372_024
    assert models["mortality-resnet3d-d"]["trained"] is True
    assert models["mortality-resnet3d-d"]["demonstration"] is True
    assert models["mortality-resnet3d-d"]["weights"] == "present"
    table = run("models").stdout
    assert "demonstration" in table
    assert "mortality-resnet3d-d" in table, "what is typed after --model is not cut"


def test_doctor_says_in_words_what_is_there():
    done = run("doctor")
    assert done.returncode == 0
    for topic in ("Python", "packages", "device", "memory", "window", "mortality-resnet3d-d"):
        assert topic in done.stdout


@pytest.mark.slow
def test_phantom_sample_writes_a_series_that_the_model_accepts(tmp_path):
    done = run("phantom", "sample", "--out", tmp_path / "sample")
    assert done.returncode == 0, done.stderr
    (series,) = json.loads(run("index", done.stdout.strip(), "--json").stdout)["series"]
    assert series["slices"] >= 120
    assert series["rows"] == series["columns"] == 512
    assert series["fitness"]["model"]["verdict"] == "pass"


def test_a_bug_ends_with_status_1_and_names_no_file(tmp_path):
    secret = tmp_path / "Smith^John"
    code = (
        "import sys\n"
        "from core.__main__ import app, main\n"
        "@app.command('fall')\n"
        "def fall(path: str) -> None:\n"
        "    open(path)\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "fall", secret], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Thoralens made a mistake (FileNotFoundError)" in done.stderr
    assert "Smith" not in done.stderr


def test_a_path_that_no_disk_can_hold_is_refused_in_words():
    done = run("index", "a" * 300)
    assert done.returncode == 3
    assert "does not exist or cannot be reached" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "nobody"), "There is no model 'nobody'"),
        (("--device", "cuda"), "no CUDA GPU"),
        (("--out", "FILE"), "a file bears its name"),
        (("--out", "FILE/results"), "a file bears its name"),
        (("--clinical", "VALUES"), "takes no clinical values"),
    ],
)
def test_what_can_be_refused_is_refused_before_the_scan_is_read(
    options, words, shared_data, tmp_path
):
    if "cuda" in options and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    (tmp_path / "file").write_text("")
    (tmp_path / "values").write_text('{"age_years": 65}')
    places = {"FILE": tmp_path / "file", "FILE/results": tmp_path / "file" / "results"}
    given = [
        places.get(each, tmp_path / "values" if each == "VALUES" else each) for each in options
    ]
    scan = shared_data / "cip-tiny" / "dicom"
    done = run("analyse", scan, "--out", tmp_path / "out", *given)
    assert done.returncode == 3
    assert words in " ".join(done.stderr.split())
    assert "Reading" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_series_without_lungs_is_refused_in_words(shared_data, tmp_path):
    abdomen = shared_data / "edge-geometry" / "j2k-no-extension"
    done = run("analyse", abdomen, "--out", tmp_path / "out")
    assert done.returncode == 3
    words = " ".join(done.stderr.split())
    assert "The only series: 20 slices of 3 mm." in words
    assert "No lungs were found" in words
    assert not (tmp_path / "out").exists()
