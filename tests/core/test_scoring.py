"""What is a scan's fault is an answer; what is a machine's fault is none."""

import errno
import gzip
import multiprocessing
import pickle
from types import SimpleNamespace

import pytest

from core import analysis, inference, scoring
from core.data.nifti import write_nifti
from core.errors import ResourcesError, SeriesError, WeightsError
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
    with pytest.raises(WorkerError, match="A machine cannot score row 17 of") as caught:
        score_scan(task("QX77PLANTED/scan", number=17))
    assert caught.value.remedy
    assert "PLANTED" not in str(caught.value)


def test_a_worker_that_does_not_see_the_scan_refuses_none(tmp_path):
    with pytest.raises(
        WorkerError, match=r"cannot score row 2 of .* does not see the scan"
    ) as caught:
        score_scan(task(tmp_path / "QX77PLANTED"))
    assert "PLANTED" not in str(caught.value)


def test_a_share_that_is_lost_while_a_scan_is_read_refuses_none(tmp_path, monkeypatch):
    """Whether it shows as a fault of the system or as a scan that suddenly lacks slices."""
    scan = tmp_path / "QX77PLANTED"
    scan.mkdir()

    def fail(_: ScoreTask) -> None:
        raise OSError(errno.ESTALE, "Stale file handle", str(scan))

    monkeypatch.setattr(scoring, "_prognosis", fail)
    with pytest.raises(WorkerError, match=r"row 2 of .*Stale file handle") as caught:
        score_scan(task(scan))
    assert "PLANTED" not in str(caught.value)

    def vanish(_: ScoreTask) -> None:
        scan.rmdir()
        raise SeriesError("Slices are missing.", "Export it again.")

    monkeypatch.setattr(scoring, "_prognosis", vanish)
    with pytest.raises(WorkerError, match="does not see the scan"):
        score_scan(task(scan))


@pytest.mark.parametrize("is_on_cpu", [True, False])
def test_a_gpu_that_fails_is_the_machines_fault_and_never_a_scans(tmp_path, monkeypatch, is_on_cpu):
    """No GPU is here: what its driver raises is stood in for. A failed one fails ever after."""
    kind = "cpu" if is_on_cpu else "cuda"
    engine = SimpleNamespace(device=SimpleNamespace(type=kind))

    def fail(_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(scoring, "read_request", lambda *_: (None, ""))
    monkeypatch.setattr(inference, "choose_engine", lambda *_: engine)
    monkeypatch.setattr(analysis, "analyse", fail)
    if is_on_cpu:
        assert "A bug in reading this scan" in score_scan(task(tmp_path)).remark
        return
    with pytest.raises(WorkerError, match=r"row 2 of .* GPU failed") as caught:
        score_scan(task(tmp_path))
    assert "Restart" in caught.value.remedy


@pytest.mark.parametrize("error", [KeyError("QX77PLANTED"), gzip.BadGzipFile("QX77PLANTED")])
def test_a_bug_in_one_scan_is_an_answer_that_names_its_kind_alone(tmp_path, monkeypatch, error):
    """A damaged file may raise an OSError that no system call failed with."""

    def fail(_: ScoreTask) -> None:
        raise error

    monkeypatch.setattr(scoring, "_prognosis", fail)
    found = score_scan(task(tmp_path))
    assert isinstance(found, Scored)
    assert found.values == {}
    assert f"A bug in reading this scan ({type(error).__name__})" in found.remark
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
