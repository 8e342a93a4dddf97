"""A whole cohort is scored, here or on a cluster, and nothing that was computed is lost."""

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import score_command
from core.analyse_command import AnalyseOptions, read_request
from core.analysis import analyse, require_fit
from core.data.nifti import write_nifti
from core.errors import CohortError, NetworkError
from core.phantom.cohort import make_cohort
from core.phantom.imaging import Form, ScanOrder
from core.phantom.protocol import Size
from core.phantom_choice import consecutive
from core.progress import Silent
from core.score_command import score_cohort
from core.scoring import ScoreTask, WorkerError, _require_children, values_of

MODEL = "mortality-resnet3d-d"
COUNT = 3
WAIT_S = 120


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    order = ScanOrder(write_nifti, Size.HALF, Form.PLAIN)
    return make_cohort(folder, consecutive(COUNT, seed=5), order)


@pytest.fixture(scope="module")
def scored(cohort, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("scores") / "scores.csv"
    assert score_cohort(cohort, out, model_id=MODEL, progress=Silent()) == (COUNT, 0)
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_each_scan_gets_the_numbers_that_the_window_shows(cohort, scored):
    table, people = rows_of(scored), rows_of(cohort)
    assert [row["patient_id"] for row in table] == [row["patient_id"] for row in people]
    scan = cohort.parent / people[2]["scan"]
    request, _ = read_request(scan, AnalyseOptions(model_id=MODEL), require_fit, Silent())
    for name, value in values_of(analyse(request).prognosis).items():
        assert float(table[2][name]) == pytest.approx(value, rel=1e-5)
    assert all("NOT been trained" in row["remark"] or row["probability"] for row in table)


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
    assert score_cohort(table, out, model_id=MODEL, progress=Silent()) == (1, 1)
    good, bad = rows_of(out)
    assert good["probability"]
    assert bad["probability"] == ""
    assert len(bad["remark"]) > 20
    assert "broken" not in bad["remark"]


def test_a_scan_that_does_not_exist_stops_the_run_before_it_starts(cohort, tmp_path):
    table = tmp_path / "cohort.csv"
    table.write_text(cohort.read_text())  # its scans lie beside the other table
    with pytest.raises(CohortError, match="do not exist"):
        score_cohort(table, tmp_path / "scores.csv", model_id=MODEL, progress=Silent())


def _command(cohort: Path, out: Path, *more: str) -> subprocess.Popen:
    line = [sys.executable, "-m", "core", "score", str(cohort), "--out", str(out), *more]
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
        assert float(one["risk_score"]) == pytest.approx(float(other["risk_score"]), abs=0.02)


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


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch, cohort, tmp_path):
    monkeypatch.setattr(score_command, "SCHEDULER_TIMEOUT_S", 1)
    with pytest.raises(NetworkError, match="does not answer"):
        score_cohort(
            cohort,
            tmp_path / "scores.csv",
            model_id=MODEL,
            scheduler="tcp://127.0.0.1:9",
            progress=Silent(),
        )


def test_a_worker_that_may_not_start_processes_says_how_to_start_it(monkeypatch):
    class Daemon:
        daemon = True

    monkeypatch.setattr(multiprocessing, "current_process", Daemon)
    with pytest.raises(WorkerError, match="may not start processes"):
        _require_children()


def test_answers_of_other_tasks_are_not_taken_over(tmp_path):
    def head(model_id: str) -> str:
        return score_command._digest([ScoreTask(2, "scan", {}, model_id, "digest")])

    journal = tmp_path / ".scores.csv.journal"
    journal.write_text(
        head("one") + '\n{"number": 2, "values": {"risk_score": 1.0}, "remark": ""}\n'
    )
    assert set(score_command._kept(journal, head("one"))) == {2}
    assert score_command._kept(journal, head("another")) == {}
