"""What is a scan's fault is an answer; what is a machine's fault is none."""

import multiprocessing
import pickle

import pytest

from core import scoring
from core.data.nifti import write_nifti
from core.errors import ResourcesError, WeightsError
from core.models.bundle_folders import find_bundle
from core.phantom.cohort import make_cohort
from core.phantom.imaging import Form, ScanOrder
from core.phantom.protocol import Size
from core.phantom_choice import consecutive
from core.scoring import Scored, ScoreTask, WorkerError, card_digest, score_scan

MODEL = "mortality-resnet3d-d"


def task(scan, **changes):
    digest = card_digest(find_bundle(MODEL))
    return ScoreTask(**{"number": 2, "scan": str(scan), "clinical": {}, "model_id": MODEL,
                        "card_sha256": digest} | changes)  # fmt: skip


def test_a_scan_that_is_none_is_refused_in_words_without_its_path(tmp_path):
    scan = tmp_path / "QX77PLANTED.nii"
    scan.write_bytes(b"no scan")
    found = score_scan(task(scan))
    assert (found.number, found.values) == (2, {})
    assert len(found.remark) > 20
    assert "PLANTED" not in found.remark


def test_another_bundle_or_none_is_told_before_the_scan_is_looked_for():
    with pytest.raises(WorkerError, match="another model under the id"):
        score_scan(task("no scan", card_sha256="0" * 64))
    with pytest.raises(WorkerError, match="no model 'lost'"):
        score_scan(task("no scan", model_id="lost"))


@pytest.mark.parametrize(
    "error",
    [
        WeightsError("The bundle is damaged.", "Copy it."),
        ResourcesError("No such device.", "Choose another."),
        MemoryError(),
    ],
)
def test_what_the_machine_lacks_is_no_answer(monkeypatch, error):
    """Which of them is raised deep within, no test can bring about on every machine."""

    def fail(_: ScoreTask) -> None:
        raise error

    monkeypatch.setattr(scoring, "_prognosis", fail)
    with pytest.raises(WorkerError, match="A machine cannot score") as caught:
        score_scan(task("a scan"))
    assert caught.value.remedy


def test_a_bug_in_one_scan_is_an_answer_that_names_its_kind_alone(monkeypatch):
    def fail(_: ScoreTask) -> None:
        raise KeyError("QX77PLANTED")

    monkeypatch.setattr(scoring, "_prognosis", fail)
    found = score_scan(task("a scan"))
    assert isinstance(found, Scored)
    assert found.values == {}
    assert "A bug in reading this scan (KeyError)" in found.remark
    assert "PLANTED" not in found.remark


def test_an_unknown_device_stops_the_worker(tmp_path):
    order = ScanOrder(write_nifti, Size.HALF, Form.PLAIN)
    table = make_cohort(tmp_path / "cohort", consecutive(1, seed=6), order)
    (scan,) = table.parent.glob("subjects/*/scan.nii")
    with pytest.raises(WorkerError, match="A machine cannot score"):
        score_scan(task(scan, device="no such device"))


def test_a_task_and_an_error_survive_the_way_to_a_worker_and_its_log_names_nobody():
    sent = task("QX77PLANTED/scan", clinical={"age_years": 61.25})
    assert pickle.loads(pickle.dumps(sent)) == sent
    assert "PLANTED" not in repr(sent)
    assert "61.25" not in repr(sent)


def test_a_worker_that_may_not_start_processes_says_how_to_start_it(monkeypatch):
    class Daemon:
        daemon = True

    monkeypatch.setattr(multiprocessing, "current_process", Daemon)
    with pytest.raises(WorkerError, match="may not start processes"):
        score_scan(task("a scan"))
