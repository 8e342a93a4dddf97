"""What a trained network's heads say of scans: only what something taught them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.cohort import CohortRow
from core.errors import CohortError
from core.train_command import train
from core.training.examples import examples_of
from core.training.objectives import death_risk
from core.training.prediction_table import read_table
from core.training.predictions import Said, prediction_rows
from tests.core.training.toy_cohort import toy_configuration

YEARS = (1.0, 5.0)
TESTED = 8
"""Of 40 people of the toy cohort."""
HAZARDS = torch.tensor([[-2.0, -1.0], [0.5, 1.0]])
SAID = Said(
    probability=np.array([0.2, 0.9]),
    risk_score=np.array([-1.4, 2.2]),
    survival=np.array([[0.9, 0.6], [0.4, 0.1]]),
    hazard_logits=HAZARDS,
)
PEOPLE = [
    CohortRow("a", Path("a.nii.gz"), False, 6.0, "", {}, number=2),
    CohortRow("b", Path("b.nii.gz"), True, 0.5, "I21.9", {}, number=3),
]


def rows_of(*heads):
    examples = examples_of(PEOPLE, ["key of a", "key of b"], ())
    return prediction_rows(examples, SAID, fold=1, horizons_years=YEARS, heads=heads)


def test_with_both_heads_taught_a_row_holds_what_each_says():
    first, second = rows_of("mortality", "survival")
    assert (first.probability, first.risk_score) == (0.2, -1.4)
    assert second.survival == {1.0: 0.4, 5.0: 0.1}
    assert second.survival_risk == death_risk(HAZARDS)[1]
    assert (second.label, second.event, second.fold) == (True, True, 1)


def test_a_survival_head_that_nothing_taught_says_nothing():
    for row in rows_of("mortality"):
        assert row.survival == {}
        assert row.survival_risk is None


def test_without_a_taught_mortality_head_the_risk_is_that_of_the_survival_curve():
    for row in rows_of("survival"):
        assert row.probability is None
        assert row.risk_score == row.survival_risk


def test_of_heads_that_nothing_taught_there_is_no_row():
    assert rows_of() == []


@pytest.mark.parametrize("name", ["survival", "findings"])
def test_a_run_that_teaches_no_mortality_writes_no_probability(tmp_path, name):
    columns = {"columns": ["brightness"]} if name == "findings" else {}
    stage = {"name": name, "epochs": 1, "batch": 16, "backbone_factor": 0.0} | columns
    train(toy_configuration(tmp_path, count=40, stage=[stage]))
    path = tmp_path / "run" / "predictions.csv"
    if name == "findings":
        with pytest.raises(CohortError, match="a mortality or a survival stage"):
            read_table(path)
    else:
        rows = read_table(path)
        assert len(rows) == TESTED
        assert all(row.probability is None for row in rows)
