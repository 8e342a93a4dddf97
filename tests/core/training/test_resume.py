"""A run that is killed goes on to the numbers of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.train_command import train
from core.training.configuration import TrainingError
from tests.core.training.toy_cohort import STAGE, toy_configuration, write_configuration

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 240
STAGES = [
    STAGE | {"name": "mortality", "epochs": 2, "schedule": "cosine"},
    {"name": "survival", "epochs": 5, "batch": 8, "backbone_factor": 0.0},
]
EVERY_STEP = {"checkpoint_s": 0}


def started(path):
    command = [sys.executable, "-m", "core", "train", str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_after_checkpoints(path, checkpoint, count):
    """Start a run and kill it with SIGKILL when the checkpoint has been written `count` times."""
    process, seen, until_s = started(path), set(), time.monotonic() + PATIENCE_S
    while len(seen) < count:
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < until_s
        if checkpoint.exists():
            seen.add(checkpoint.stat().st_mtime_ns)
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_run_that_is_killed_twice_gives_the_numbers_of_one_that_was_not(tmp_path):
    whole = toy_configuration(tmp_path, count=40, stage=STAGES)
    killed = write_configuration(tmp_path, "killed", stage=STAGES, training=EVERY_STEP)
    folder = tmp_path / "killed" / "final"
    kill_after_checkpoints(killed, folder / "checkpoint.safetensors", 2)
    kill_after_checkpoints(killed, folder / "checkpoint.safetensors", 3)
    assert not (tmp_path / "killed" / "predictions.csv").exists()
    assert started(killed).wait(PATIENCE_S) == 0
    train(whole)
    for name in ("final/model.safetensors", "final/history.csv", "predictions.csv"):
        one, other = ((tmp_path / run / name).read_bytes() for run in ("run", "killed"))
        assert one == other, name
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_with_the_run_of_another_model_is_left_alone(tmp_path):
    path = toy_configuration(tmp_path, count=40)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"model_id": "another"}')
    with pytest.raises(TrainingError, match="the run of another model"):
        train(path)
    assert (tmp_path / "run" / "run.json").read_text() == '{"model_id": "another"}'
