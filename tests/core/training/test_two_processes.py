"""Two processes give the losses of one that has the whole batch."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.train_command import train
from core.training.checkpoint import load_weights
from core.training.configuration import TrainingError, read_configuration
from core.training.early_checks import require_batches
from core.training.processes import Processes
from tests.core.training.joint_gradients import gradients
from tests.core.training.toy_cohort import STAGE, toy_configuration, write_configuration

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 240
STAGES = [STAGE | {"name": "mortality", "epochs": 2, "learning_rate": 1e-4}]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def history(run):
    with (run / "final" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [(float(row["loss"]), float(row["score"])) for row in rows]


def by_two(*module):
    """Run a module under torchrun in two processes."""
    run = subprocess.run(
        [sys.executable, *TORCHRUN, "-m", *map(str, module)],
        cwd=ROOT, timeout=PATIENCE_S, capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]


def test_gradients_and_running_statistics_are_those_of_the_whole_batch(tmp_path):
    """In double precision, so that nothing hides behind rounding."""
    by_two("tests.core.training.joint_gradients", tmp_path / "two.safetensors")
    together, _ = load_weights(tmp_path / "two.safetensors")
    alone = gradients(Processes())
    assert together.keys() == alone.keys()
    assert len(together) > 12
    for name, each in alone.items():
        np.testing.assert_allclose(together[name], each, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.slow
def test_two_processes_give_the_losses_and_the_weights_of_one_with_the_whole_batch(tmp_path):
    """Rounding differs, and Adam makes much of gradients near 0: three digits after six steps."""
    train(toy_configuration(tmp_path, count=40, stage=STAGES))
    by_two("core", "train", write_configuration(tmp_path, "two", stage=STAGES))
    alone, together = history(tmp_path / "run"), history(tmp_path / "two")
    np.testing.assert_allclose(together[0], alone[0], rtol=1e-4)
    np.testing.assert_allclose(together, alone, rtol=2e-3)
    one, _ = load_weights(tmp_path / "run" / "final" / "model.safetensors")
    two, _ = load_weights(tmp_path / "two" / "final" / "model.safetensors")
    for name in ("hidden.weight", "classifier.weight", "backbone.layer4.0.bn2.running_var"):
        np.testing.assert_allclose(two[name], one[name], rtol=2e-3, atol=1e-4, err_msg=name)


def test_a_batch_that_cannot_be_shared_evenly_is_refused(tmp_path):
    stages = [STAGE | {"name": "mortality", "batch": 9}]
    configuration = read_configuration(write_configuration(tmp_path, "run", stage=stages))
    require_batches(configuration, Processes(count=3))
    with pytest.raises(TrainingError, match="batch of 9 cannot be shared by 2 processes"):
        require_batches(configuration, Processes(count=2))
