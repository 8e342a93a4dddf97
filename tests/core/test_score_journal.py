"""Answers are kept for the very same work, and for nothing else."""

import os

import pytest

from core.score_journal import Journal, head_of, kept_answers
from core.scoring import Scored, ScoreTask


def task(scan, **changes):
    return ScoreTask(**{"number": 2, "scan": str(scan), "clinical": {}, "model_id": "one",
                        "card_sha256": "digest"} | changes)  # fmt: skip


@pytest.fixture
def scan(tmp_path):
    folder = tmp_path / "dicom" / "deep"
    folder.mkdir(parents=True)
    (folder / "1.dcm").write_bytes(b"slice")
    return tmp_path / "dicom"


@pytest.mark.parametrize(
    "changes", [{"model_id": "another"}, {"card_sha256": "other"}, {"clinical": {"age_years": 60}}]
)
def test_other_tasks_have_another_head(scan, changes):
    assert head_of([task(scan)]) == head_of([task(scan)])
    assert head_of([task(scan)]) != head_of([task(scan, **changes)])


def test_a_scan_that_was_replaced_or_grew_has_another_head(scan):
    file = scan / "deep" / "1.dcm"
    before = head_of([task(scan)])
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    later = head_of([task(scan)])
    (scan / "deep" / "2.dcm").write_bytes(b"slice")
    assert len({before, later, head_of([task(scan)])}) == 3
    assert head_of([task(scan / "lost")]) not in (before, later)


def test_answers_are_taken_over_up_to_the_line_that_was_cut_short(scan, tmp_path):
    out, tasks = tmp_path / "scores.csv", [task(scan)]
    with Journal.opened(out, tasks) as journal:
        journal.add(Scored(2, {"risk_score": 1.5}, "a remark"))
        journal.add(Scored(3, {}, "refused"))
    path = tmp_path / ".scores.csv.journal"
    path.write_bytes(path.read_bytes()[:-5])
    assert kept_answers(path, head_of(tasks)) == {2: Scored(2, {"risk_score": 1.5}, "a remark")}
    assert kept_answers(path, "another head") == {}
    with Journal.opened(out, tasks) as again:
        assert set(again.done) == {2}
        again.finish()
    assert not path.exists()


def test_a_journal_without_an_answer_is_not_left_behind(scan, tmp_path):
    with pytest.raises(KeyError), Journal.opened(tmp_path / "scores.csv", [task(scan)]):
        raise KeyError
    assert not (tmp_path / ".scores.csv.journal").exists()
