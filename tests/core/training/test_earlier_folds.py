"""Parts of one run that are trained by several commands."""

import pytest

from core.train_command import train
from core.training.configuration import TrainingError
from core.training.prediction_table import read_table, write_table
from tests.core.training.toy_cohort import toy_configuration, write_configuration

MORTALITY = {"name": "mortality", "batch": 16, "backbone_factor": 0.0, "epochs": 1}


def parts(*names):
    return {"folder": "run", "parts": list(names)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run whose folds were trained, then its final model by another command."""
    folder = tmp_path_factory.mktemp("toy")
    train(toy_configuration(folder, count=40, stage=[MORTALITY], output=parts("folds")))
    (folder / "folds.csv").write_bytes((folder / "run" / "predictions.csv").read_bytes())
    train(write_configuration(folder, "run", stage=[MORTALITY], output=parts("final")))
    return folder


def test_predictions_of_the_folds_are_kept_beside_those_of_the_final_model(folder):
    before = read_table(folder / "folds.csv")
    after = read_table(folder / "run" / "predictions.csv")
    assert {row.fold for row in before} == {0, 1}
    assert after[: len(before)] == before
    assert {row.fold for row in after[len(before) :]} == {"test"}


def test_the_final_model_is_not_written_twice(folder):
    path = folder / "run" / "predictions.csv"
    before = path.read_bytes()
    train(write_configuration(folder, "run", stage=[MORTALITY], output=parts("final")))
    assert path.read_bytes() == before


def test_a_survival_head_that_nothing_taught_predicts_nothing(folder):
    rows = read_table(folder / "run" / "predictions.csv")
    assert all(not row.survival and row.survival_risk is None for row in rows)


def test_folds_that_were_taught_otherwise_are_neither_mixed_nor_lost(folder):
    path = folder / "run" / "predictions.csv"
    before = path.read_bytes()
    stage = MORTALITY | {"epochs": 2}
    again = write_configuration(folder, "run", stage=[stage], output=parts("final"))
    with pytest.raises(TrainingError, match="do not go with this final model"):
        train(again)
    assert path.read_bytes() == before


def test_some_folds_alone_do_not_count_as_a_cross_validation(folder):
    path = folder / "run" / "predictions.csv"
    before = path.read_bytes()
    write_table(path, [row for row in read_table(path) if row.fold != 1])
    again = write_configuration(folder, "run", stage=[MORTALITY], output=parts("final"))
    with pytest.raises(TrainingError, match="some folds are missing"):
        train(again)
    path.write_bytes(before)
