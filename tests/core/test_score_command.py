"""A whole cohort is scored, here or on a cluster, and nothing that was computed is lost."""

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.numpy
from distributed import KilledWorker, LocalCluster

from core import score_command
from core.analyse_command import AnalyseOptions, read_request
from core.analysis import analyse, require_fit
from core.cohort_command import CohortOptions, check_cohort
from core.data.cohort import read_cohort
from core.data.folds import Folds
from core.data.nifti import write_nifti
from core.errors import CohortError, NetworkError, ResourcesError
from core.evaluate_command import evaluate_and_write
from core.models.bundle_folders import WEIGHTS_FILE, find_bundle
from core.phantom.cohort import make_cohort
from core.phantom.imaging import Form, ScanOrder
from core.phantom.protocol import Size
from core.phantom_choice import consecutive
from core.progress import Silent
from core.score_command import score_cohort, score_table
from core.scoring import Scored, ScoreTask, WorkerError, values_of
from core.training.evaluate import evaluate
from core.training.evaluation_settings import ModelEntry, read_settings
from core.training.prediction_table import read_table
from core.training.scored_parts import model_scores
from tests.core.spotlight_model import SPOTLIGHT, write_spotlight_bundle
from tests.core.training.studies import write_study

COUNT = 3
WAIT_S = 120
SLOPE = 1e-3
"""Logit for one unit of a hidden feature."""

USUAL = 158_000.0
"""Sum of the hidden features of a phantom."""


@pytest.fixture(scope="module", autouse=True)
def models_folder(tmp_path_factory):
    """The user's models folder holds a small network whose weights were set by hand."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(home))  # for the commands that are started, too
        models = home / "thoralens" / "models"
        _tell_people_apart(write_spotlight_bundle(models))
        yield models


def _tell_people_apart(folder: Path) -> None:
    """The brighter the scan, the higher the risk: the spotlight gives both classes alike."""
    weights = safetensors.numpy.load_file(folder / WEIGHTS_FILE)
    weights["backbone.bn1.bias"] = np.zeros_like(weights["backbone.bn1.bias"])
    weights["classifier.bias"] = np.array([0.0, -SLOPE * USUAL], np.float32)
    weights["classifier.weight"] = np.array([[0.0], [SLOPE]], np.float32).repeat(32, axis=1)
    content = safetensors.numpy.save(weights)
    (folder / WEIGHTS_FILE).write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["weights_sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    order = ScanOrder(write_nifti, Size.HALF, Form.PLAIN)
    return make_cohort(folder, consecutive(COUNT, seed=5), order)


@pytest.fixture(scope="module")
def scored(cohort, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("scores") / "scores.csv"
    assert score_cohort(cohort, out, model_id=SPOTLIGHT, progress=Silent()) == (COUNT, 0)
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_each_scan_gets_the_numbers_that_the_window_shows(cohort, scored):
    table, people = rows_of(scored), rows_of(cohort)
    assert [row["patient_id"] for row in table] == [row["patient_id"] for row in people]
    scan = cohort.parent / people[2]["scan"]
    request, _ = read_request(scan, AnalyseOptions(model_id=SPOTLIGHT), require_fit, Silent())
    for name, value in values_of(analyse(request).prognosis).items():
        assert float(table[2][name]) == pytest.approx(value, rel=1e-5)
    assert len({row["risk_score"] for row in table}) == COUNT


@pytest.mark.slow
def test_nothing_is_left_beside_the_table(scored):
    assert [each.name for each in scored.parent.iterdir()] == [scored.name]


@pytest.mark.slow
def test_a_scan_that_is_refused_says_why_and_the_others_are_scored(cohort, tmp_path):
    lines = cohort.read_text().splitlines()[:3]
    (tmp_path / "broken.nii").write_bytes(b"no scan")
    cells = lines[2].split(",")
    where = lines[0].split(",").index("scan")
    first = lines[1].split(",")
    first[where] = str(cohort.parent / first[where])
    cells[where] = "broken.nii"
    table = tmp_path / "cohort.csv"
    table.write_text("\n".join([lines[0], ",".join(first), ",".join(cells)]) + "\n")
    out = tmp_path / "scores.csv"
    assert score_cohort(table, out, model_id=SPOTLIGHT, progress=Silent()) == (1, 1)
    good, bad = rows_of(out)
    assert good["probability"]
    assert bad["probability"] == ""
    assert len(bad["remark"]) > 20
    assert "broken" not in bad["remark"]
    assert len(read_table(out)) == 1, "evaluate goes by the scans that were scored"


def test_a_scan_that_does_not_exist_stops_the_run_before_it_starts(cohort, tmp_path):
    table = tmp_path / "cohort.csv"
    table.write_text(cohort.read_text())  # its scans lie beside the other table
    with pytest.raises(CohortError, match="do not exist"):
        score_cohort(table, tmp_path / "scores.csv", model_id=SPOTLIGHT, progress=Silent())


def _command(cohort: Path, out: Path, *more: str) -> subprocess.Popen:
    line = [sys.executable, "-m", "core", "score", str(cohort), "--out", str(out)]
    line += ["--model", SPOTLIGHT, *more]
    return subprocess.Popen(line, stderr=subprocess.PIPE, text=True)


def _wait_for_answers(journal: Path, count: int) -> None:
    end = time.monotonic() + WAIT_S
    while not journal.exists() or len(journal.read_text().splitlines()) < 1 + count:
        assert time.monotonic() < end, "no answer in the journal"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_gives_the_same_table(cohort, scored, tmp_path):
    out = tmp_path / "scores.csv"
    journal = out.with_name(f".{out.name}.journal")
    with _command(cohort, out) as killed:
        _wait_for_answers(journal, 1)
        killed.send_signal(signal.SIGKILL)
    with journal.open("a") as stream:
        stream.write('{"number": 3, "val')  # and the last line was cut short
    with _command(cohort, out) as again:
        said = again.communicate(timeout=WAIT_S)[1]
    assert again.returncode == 0
    assert "scored before" in said
    assert rows_of(out) == rows_of(scored)
    assert not journal.exists()


def _dask(*line: str) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + line[0], *line[1:]],
        env=environment,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(cohort, scored, tmp_path):
    out, where = tmp_path / "scores.csv", tmp_path / "scheduler.json"
    scheduler = _dask("dask_scheduler", "--port", "0", "--no-dashboard",
                      "--scheduler-file", str(where))  # fmt: skip
    workers = []
    try:
        workers = [_worker(where, tmp_path / name) for name in ("one", "two")]
        address = _address(where)
        with _command(cohort, out, "--scheduler", address) as run:
            _wait_for_answers(out.with_name(f".{out.name}.journal"), 1)
            workers[0].kill()
            said = run.communicate(timeout=2 * WAIT_S)[1]
        assert run.returncode == 0, said
    finally:
        for each in (*workers, scheduler):
            each.kill()
            each.wait()
    table, here = rows_of(out), rows_of(scored)
    assert [row["patient_id"] for row in table] == [row["patient_id"] for row in here]
    for one, other in zip(table, here, strict=True):  # threads may add up in another order
        assert float(one["risk_score"]) == pytest.approx(float(other["risk_score"]), abs=0.005)


def _worker(scheduler_file: Path, own_folder: Path) -> subprocess.Popen:
    options = f"--scheduler-file {scheduler_file} --local-directory {own_folder} --nthreads 1"
    return _dask("dask_worker", *options.split(), "--no-nanny", "--no-dashboard")


def _address(where: Path) -> str:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if where.exists() and where.stat().st_size:
            return str(json.loads(where.read_text())["address"])
        time.sleep(0.1)
    raise AssertionError("the scheduler did not start")


def test_a_scan_that_kills_its_workers_is_named_by_its_row(monkeypatch, cohort, tmp_path):
    """The cluster lives in this process, which may not be killed: it raises what Dask then does."""

    def kill(task: ScoreTask) -> Scored:
        if task.number == 3:
            raise KilledWorker("a task", SimpleNamespace(address="a worker"), 3)
        return Scored(task.number, {"risk_score": 1.0}, "")

    monkeypatch.setattr(score_command, "score_scan", kill)
    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        pytest.raises(WorkerError, match="lost over one scan, row 3 of the cohort"),
    ):
        score_cohort(
            cohort,
            tmp_path / "scores.csv",
            model_id=SPOTLIGHT,
            scheduler=cluster.scheduler_address,
            progress=Silent(),
        )


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch, cohort, tmp_path):
    monkeypatch.setattr(score_command, "SCHEDULER_TIMEOUT_S", 1)
    with pytest.raises(NetworkError, match="does not answer"):
        score_cohort(
            cohort,
            tmp_path / "scores.csv",
            model_id=SPOTLIGHT,
            scheduler="tcp://127.0.0.1:9",
            progress=Silent(),
        )
    assert not list(tmp_path.iterdir()), "no journal without an answer"


def test_a_table_without_outcomes_is_scored_and_one_with_them_is_read_by_evaluate(
    cohort, scored, tmp_path
):
    people = read_cohort(cohort)
    rows = read_table(scored)
    assert [row.fold for row in rows] == ["test"] * COUNT
    assert [row.time_years for row in rows] == [row.time_years for row in people.rows]
    folds = Folds(0, (), test=tuple(people.patients))
    entry = ModelEntry(name="D", title="D", predictions=scored)
    by_patient = model_scores(entry, rows, folds, people)["test"]
    assert {name: len(some) for name, some in by_patient.items()} == dict.fromkeys(
        people.patients, 1
    )

    bare = tmp_path / "cohort.csv"
    first = people.rows[0]
    bare.write_text(f"patient_id,scan\n{first.patient_id},{first.scan}\n")
    out = tmp_path / "scores.csv"
    assert score_cohort(bare, out, model_id=SPOTLIGHT, progress=Silent()) == (1, 0)
    (row,) = rows_of(out)
    assert "event" not in row
    assert row["risk_score"] == rows_of(scored)[0]["risk_score"]


EVALUATE = """
[cohort]
csv = "cohort.csv"
folds = "folds.json"
[[model]]
name = "D"
predictions = "scores.csv"
[[model]]
name = "D, 5 years"
predictions = "scores.csv"
score = "survival_5y"
[oracle]
csv = "truth.csv"
[evaluation]
resamples = 100
"""


def test_scores_of_a_cohort_that_no_model_was_taught_on_are_evaluated_as_the_readme_says(tmp_path):
    study, dealt, hazard = write_study(tmp_path, people=200)
    answers = {}
    for row in study.rows:
        risk = 1 - np.exp(-5 * hazard[row.patient_id])
        values = {"probability": risk, "risk_score": risk, "survival_5y": 1 - risk}
        answers[row.number] = Scored(row.number, values, "")
    card = find_bundle(SPOTLIGHT).card
    (tmp_path / "scores.csv").write_text(score_table(study, card, answers))
    (tmp_path / "evaluate.toml").write_text(EVALUATE)
    settings = read_settings(tmp_path / "evaluate.toml")
    with pytest.raises(CohortError, match="may have been trained on them") as caught:
        evaluate(settings, Silent())
    assert "--fold-count 0" in caught.value.remedy

    options = CohortOptions(folds=tmp_path / "folds.json", fold_count=0)
    counts = check_cohort(tmp_path / "cohort.csv", options)["folds"]
    assert (counts["folds"], counts["validation"]) == ([], 0)
    assert counts["held_out"] == len(dealt.held_out) > 0
    evaluation, _ = evaluate_and_write(tmp_path / "evaluate.toml", Silent())
    for model in evaluation.models:
        assert model.folds is None
        assert model.test.scans == counts["test"]
        assert model.test.auc == evaluation.models[-1].test.auc, "these are the true hazards"
    text = (tmp_path / "evaluation" / "evaluation.md").read_text()
    assert "Test set: " in text
    assert "Threshold: none, there is no fold to choose it on" in text


def test_a_device_that_is_not_there_is_told_before_the_first_scan(cohort, tmp_path):
    with pytest.raises(ResourcesError):
        score_cohort(
            cohort,
            tmp_path / "scores.csv",
            model_id=SPOTLIGHT,
            device="no such device",
            progress=Silent(),
        )
    assert not list(tmp_path.iterdir())


def test_damaged_weights_stop_the_run_and_refuse_no_scan(cohort, models_folder, tmp_path):
    weights = models_folder / SPOTLIGHT / WEIGHTS_FILE
    kept = shutil.copy(weights, tmp_path / "kept")
    try:
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        out = tmp_path / "out" / "scores.csv"
        out.parent.mkdir()
        with pytest.raises(WorkerError, match="are damaged"):
            score_cohort(cohort, out, model_id=SPOTLIGHT, progress=Silent())
        assert not list(out.parent.iterdir())
    finally:
        shutil.copy(kept, weights)
