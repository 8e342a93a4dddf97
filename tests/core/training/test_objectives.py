"""Losses and scores by hand arithmetic."""

import math

import numpy as np
import pytest
import torch

from core.training.configuration import StageSettings
from core.training.objectives import Objective, Targets, death_risk, findings_loss, r_squared
from core.training.stage_network import Outputs

NAN = math.nan
BREAKS = torch.tensor([0.0, 1.0, 2.0])


def known(labels=(0, 1), findings=((), ())):
    return Targets(
        torch.tensor(labels),
        torch.tensor(labels).bool(),
        torch.tensor([2.0, 0.5])[: len(labels)],
        torch.tensor(findings),
        None,
    )


def said(logits=((0.0, 0.0), (0.0, 0.0)), hazards=None, findings=None):
    return Outputs(torch.tensor(logits), hazards, findings)


def test_even_odds_cost_log_2():
    objective = Objective(StageSettings(name="mortality", epochs=1), BREAKS)
    assert float(objective.loss(said(), known())) == pytest.approx(math.log(2))


def test_even_hazards_cost_log_2_for_each_known_interval():
    """One survived both intervals, one died in the first: three known answers over two scans."""
    objective = Objective(StageSettings(name="survival", epochs=1), BREAKS)
    loss = objective.loss(said(hazards=torch.zeros(2, 2)), known())
    assert float(loss) == pytest.approx(3 * math.log(2) / 2)


def test_a_missing_finding_counts_neither_in_the_loss_nor_in_the_mean():
    truth = torch.tensor([[1.0, NAN], [NAN, NAN], [2.0, 0.0]])
    guess = torch.tensor([[3.0, 9.0], [5.0, 5.0], [2.0, 1.0]], requires_grad=True)
    loss = findings_loss(guess, truth)
    assert loss.item() == pytest.approx((4 + 0 + 0.5) / 3)
    loss.backward()
    assert torch.isfinite(guess.grad).all()
    assert not guess.grad[1].any()


def test_findings_beside_mortality_add_their_share():
    settings = StageSettings(name="mortality", epochs=1, columns=("a",), findings_weight=0.25)
    both = said(findings=torch.tensor([[1.0], [1.0]])), known(findings=[[0.0], [3.0]])
    expected = math.log(2) + 0.25 * (1 + 4) / 2
    assert float(Objective(settings, BREAKS).loss(*both)) == pytest.approx(expected)


def test_r_squared_is_1_for_the_truth_and_0_for_its_mean():
    truth = torch.tensor([[1.0], [2.0], [6.0], [NAN]])
    assert r_squared(torch.nan_to_num(truth), truth) == pytest.approx(1)
    assert r_squared(torch.full((4, 1), 3.0), truth) == pytest.approx(0)


def test_an_earlier_death_is_a_higher_risk():
    risk = death_risk(torch.tensor([[3.0, 0.0], [0.0, 3.0], [-3.0, -3.0]]))
    assert list(np.argsort(-risk)) == [0, 1, 2]


def test_scores_are_auc_and_harrells_c():
    logits = ((0.0, -1.0), (0.0, 1.0))
    objective = Objective(StageSettings(name="mortality", epochs=1), BREAKS)
    assert objective.score(said(logits), known()) == 1
    objective = Objective(StageSettings(name="survival", epochs=1), BREAKS)
    hazards = torch.tensor([[2.0, 0.0], [-2.0, 0.0]])  # the one who lives is given the risk
    assert objective.score(said(hazards=hazards), known()) == 0
