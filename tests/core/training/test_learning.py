"""The whole way on a signal that is easy to see: losses fall, unseen scans are told apart."""

import csv

import numpy as np
import pytest

from core.metrics.classification import auc
from core.metrics.concordance import harrell_c
from core.train_command import train
from core.training.checkpoint import load_weights
from core.training.prediction_table import read_table
from tests.core.training.toy_cohort import CLINICAL, STAGE, toy_configuration, write_configuration

FROZEN = {"batch": 16, "backbone_factor": 0.0, "epochs": 60, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def run_d(tmp_path_factory):
    """Model D: mortality on images, then the survival head on frozen features."""
    folder = tmp_path_factory.mktemp("toy")
    stages = [STAGE | {"name": "mortality", "epochs": 3}, FROZEN | {"name": "survival"}]
    return train(toy_configuration(folder, count=64, stage=stages))


def history(run, stage):
    with (run / "final" / "history.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["stage"] == stage]


def test_the_loss_falls_and_unseen_scans_are_told_apart(run_d):
    losses = [float(row["loss"]) for row in history(run_d, "mortality")]
    assert losses[-1] < 0.8 * losses[0]
    rows = [row for row in read_table(run_d / "predictions.csv") if row.label is not None]
    assert {row.fold for row in rows} == {"test"}
    assert auc([row.label for row in rows], [row.risk_score for row in rows]) > 0.9


def test_the_survival_head_ranks_unseen_scans_by_their_time(run_d):
    rows = read_table(run_d / "predictions.csv")
    assert set(rows[0].survival) == {1, 3, 5}
    risk = [-sum(row.survival.values()) for row in rows]
    assert harrell_c([row.event for row in rows], [row.time_years for row in rows], risk) > 0.75


def test_the_survival_stage_leaves_the_mortality_model_alone(run_d):
    before, _ = load_weights(run_d / "final" / "stage-1-mortality.safetensors")
    after, _ = load_weights(run_d / "final" / "model.safetensors")
    changed = {name for name, each in after.items() if not np.array_equal(each, before[name])}
    assert changed
    assert all(name.startswith("survival_head.") for name in changed)


def test_model_e_starts_as_model_d_and_trains_its_last_layer_alone(run_d):
    folder = run_d.parent
    path = write_configuration(
        folder,
        "run-e",
        model={"id": "toy-e", "variant": "E", "initial": "run:run", "clinical": CLINICAL},
        stage=[FROZEN | {"name": "hybrid"}],
    )
    run_e = train(path)
    own, _ = load_weights(run_e / "final" / "model.safetensors")
    ofd, _ = load_weights(run_d / "final" / "model.safetensors")
    same = {name for name in ofd if own[name].shape == ofd[name].shape}
    different = {name for name in same if not np.array_equal(own[name], ofd[name])}
    assert different == {"classifier.bias"}
    assert own["classifier.weight"].shape == (2, 32 + len(CLINICAL))
    rows = [row for row in read_table(run_e / "predictions.csv") if row.label is not None]
    assert auc([row.label for row in rows], [row.risk_score for row in rows]) > 0.9


def test_a_finding_is_learned_and_its_head_thrown_away(run_d):
    stages = [FROZEN | {"name": "findings", "columns": ["brightness"]}]
    path = write_configuration(run_d.parent, "run-f", stage=stages)
    run = train(path)
    scores = [float(row["score"]) for row in history(run, "findings")]
    assert max(scores) > 0.5, "R2"
    weights, _ = load_weights(run / "final" / "model.safetensors")
    assert not any("findings" in name for name in weights)


def test_curves_are_drawn_where_tensorboard_is_installed(run_d):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = events.EventAccumulator(str(run_d / "final" / "tensorboard" / "1-mortality"))
    found.Reload()
    losses = [each.value for each in found.Scalars("loss")]
    expected = [float(row["loss"]) for row in history(run_d, "mortality")]
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_a_run_that_is_done_is_not_done_again(run_d):
    before = {path: path.read_bytes() for path in run_d.rglob("*.csv")}
    model = run_d / "final" / "stage-1-mortality.safetensors"
    changed_ns = model.stat().st_mtime_ns
    train(run_d.parent / "run.toml")
    assert model.stat().st_mtime_ns == changed_ns
    assert {path: path.read_bytes() for path in run_d.rglob("*.csv")} == before
