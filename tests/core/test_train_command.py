"""`thoralens-core train`: progress for people, refusals in words."""

import subprocess
import sys
from pathlib import Path

from core.train_command import LINE_EVERY_S, training_progress

ROOT = Path(__file__).resolve().parents[2]


def test_where_nobody_watches_a_line_is_printed_now_and_then(capsys, monkeypatch):
    clock = iter([1000.0, 1000.1, 1000.0 + LINE_EVERY_S, 1000.0 + LINE_EVERY_S + 1])
    monkeypatch.setattr("core.train_command.time.monotonic", lambda: next(clock))
    with training_progress() as progress:
        for step, fraction in enumerate((0.1, 0.2, 0.3, 1.0)):
            progress.step(fraction, f"step {step}")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [" 10.0%  step 0", " 30.0%  step 2", "100.0%  step 3"]


def test_of_several_processes_only_the_first_shows_progress(capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with training_progress() as progress:
        progress.step(0.5, "half")
    assert capsys.readouterr().err == ""


def test_a_faulty_configuration_ends_with_status_3_and_its_name(tmp_path):
    (tmp_path / "c.toml").write_text("[cohort]\ncsv = 'cohort.csv'\n")
    run = subprocess.run(
        [sys.executable, "-m", "core", "train", str(tmp_path / "c.toml")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 3
    assert "cohort.folds: Field required" in run.stderr
    assert run.stdout == ""
