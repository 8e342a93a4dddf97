"""From a cohort to the table as scripts do it: cohort, train, evaluate."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.training.studies import write_study

TRAIN = """
[cohort]
csv = "cohort.csv"
folds = "folds.json"
[model]
id = "model-{name}"
kind = "svm"
[clinical]
{clinical}
inner_folds = 2
[output]
folder = "runs/{name}"
"""

EVALUATE = """
[cohort]
csv = "cohort.csv"
folds = "folds.json"
[[model]]
name = "A"
title = "with age"
predictions = "runs/a/predictions.csv"
[[model]]
name = "B"
title = "without age"
predictions = "runs/b/predictions.csv"
[oracle]
csv = "truth.csv"
[evaluation]
reference = "A"
resamples = 200
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.mark.slow
def test_a_cohort_is_checked_dealt_trained_on_and_evaluated(tmp_path):
    write_study(tmp_path, people=240)
    done = run(
        "cohort", tmp_path / "cohort.csv", "--folds", tmp_path / "folds.json",
        "--fold-count", "3", "--validation", "0.1", "--test", "0.25",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    without_age = 'columns = ["male", "bmi"]'
    with_age = 'time_columns = ["years_smoked", "years_quit"]\nfeatures = 3'
    for name, clinical in (("a", with_age), ("b", without_age)):
        (tmp_path / f"{name}.toml").write_text(TRAIN.format(name=name, clinical=clinical))
        done = run("train", tmp_path / f"{name}.toml")
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()) == tmp_path / "runs" / name
    (tmp_path / "evaluate.toml").write_text(EVALUATE)
    done = run("evaluate", tmp_path / "evaluate.toml", "--json")
    assert done.returncode == 0, done.stderr
    models = {model["name"]: model for model in json.loads(done.stdout)["models"]}
    assert set(models) == {"A", "B", "oracle"}
    assert models["oracle"]["test"]["auc"]["value"] > models["A"]["test"]["auc"]["value"] > 0.55
    assert models["B"]["difference_to_reference"]["auc"]["value"] < 0
    assert (tmp_path / "evaluation" / "roc.png").stat().st_size > 10_000


def test_the_table_is_printed_and_a_bad_configuration_ends_with_status_3(tmp_path):
    write_study(tmp_path, people=200)
    (tmp_path / "evaluate.toml").write_text(EVALUATE)
    done = run("evaluate", tmp_path / "evaluate.toml")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Train the model first" in done.stderr.replace("\n", " ")
    assert str(tmp_path) not in done.stderr
