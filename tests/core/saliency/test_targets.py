"""Targets: their value by hand, by the prognosis, and their slope by finite differences."""

import json
from math import log

import pytest
import torch

from core.errors import ModelInputError
from core.models import mortality_resnet3d
from core.models.architectures import architecture
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import MortalityOutput, to_prognosis
from core.saliency.targets import (
    DEAD,
    MORTALITY,
    RISK_SCORE,
    Target,
    parse_target,
    require_target,
    target_in_words,
    targets_of,
)

BREAKS = (0.0, 1.0, 3.0, 4.0)
HAZARDS = (0.1, 0.2, 0.5)
CARD = architecture("D").card


def output(logits=((0.5, 2.0),), hazards=(HAZARDS,)):
    return MortalityOutput(torch.tensor(logits), torch.logit(torch.tensor(hazards)))


def test_death_is_the_class_that_the_network_calls_dead():
    assert DEAD == mortality_resnet3d.DEAD


def test_mortality_is_the_logit_of_death_and_the_score_the_difference():
    assert float(MORTALITY.value(output())) == pytest.approx(2.0)
    assert float(RISK_SCORE.value(output())) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("years", "survival"), [(1, 0.9), (0.5, 0.95), (2, (0.9 + 0.72) / 2), (3, 0.72), (4, 0.36)]
)
def test_a_horizon_is_the_log_odds_of_death_by_then(years, survival):
    value = float(Target("horizon", years).value(output(), BREAKS))
    assert value == pytest.approx(log((1 - survival) / survival), rel=1e-6)


def test_a_batch_is_summed():
    batch = output(((0.5, 2.0), (1.0, -3.0)), (HAZARDS, HAZARDS))
    assert float(MORTALITY.value(batch)) == pytest.approx(-1.0)
    once = float(Target("horizon", 2).value(output(), BREAKS))
    assert float(Target("horizon", 2).value(batch, BREAKS)) == pytest.approx(2 * once)


def test_every_target_of_a_card_says_what_the_prognosis_says():
    hazards = torch.linspace(-4, 1, 7)[None]
    made = MortalityOutput(torch.tensor([[0.3, -0.2]]), hazards)
    prognosis = to_prognosis(CARD, made)
    targets = targets_of(CARD)
    assert [each.kind for each in targets] == ["mortality", "risk_score"] + ["horizon"] * 3
    assert float(RISK_SCORE.value(made)) == pytest.approx(prognosis.risk_score)
    for target, risk in zip(targets[2:], prognosis.horizons, strict=True):
        value = target.value(made, CARD.survival.breaks_years)
        assert target.years == risk.years
        assert float(torch.sigmoid(value)) == pytest.approx(risk.probability, rel=1e-6)
        probability = target.probabilities(made, CARD.survival.breaks_years)
        assert float(probability) == pytest.approx(risk.probability, rel=1e-6)
    for target in targets[:2]:
        probability = float(target.probabilities(made))
        assert probability == pytest.approx(prognosis.mortality_probability, rel=1e-6)


@pytest.mark.parametrize("years", [0.5, 1, 2.5, 4])
def test_the_slope_of_a_horizon_is_that_of_finite_differences(years):
    target = Target("horizon", years)

    def value(hazards):
        return target.value(MortalityOutput(torch.zeros(1, 2), hazards), BREAKS)

    hazards = torch.tensor([[-2.0, 0.5, 1.5]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(value, (hazards,))


@pytest.mark.parametrize("hazard_logit", [-60.0, 60.0])
def test_risks_near_nothing_and_near_certain_keep_a_finite_value_and_slope(hazard_logit):
    hazards = torch.full((1, 3), hazard_logit, requires_grad=True)
    value = Target("horizon", 4).value(MortalityOutput(torch.zeros(1, 2), hazards), BREAKS)
    (slope,) = torch.autograd.grad(value, hazards)
    assert torch.isfinite(value)
    assert torch.isfinite(slope).all()
    assert float(value.detach()) * hazard_logit > 0


def test_what_the_model_does_not_give_is_refused_with_a_remedy():
    without = MortalityOutput(torch.zeros(1, 2), None)
    with pytest.raises(ModelInputError, match="no survival head"):
        Target("horizon", 1).value(without)
    with pytest.raises(ModelInputError, match="ends at 4 years") as caught:
        Target("horizon", 4.5).value(output(), BREAKS)
    assert caught.value.remedy == "Choose a horizon of at most 4 years."


def test_a_card_refuses_the_same_horizons_before_any_computing():
    require_target(Target("horizon", 6.5), CARD)  # not listed, but within the breaks
    with pytest.raises(ModelInputError, match="ends at 7 years"):
        require_target(Target("horizon", 8), CARD)
    bare = ModelCard.model_validate(json.loads(CARD.model_dump_json()) | {"survival": None})
    require_target(MORTALITY, bare)
    assert targets_of(bare) == (MORTALITY, RISK_SCORE)
    with pytest.raises(ModelInputError, match="no survival head"):
        require_target(Target("horizon", 1), bare)


@pytest.mark.parametrize(("kind", "years"), [("horizon", None), ("horizon", 0), ("mortality", 3)])
def test_years_belong_to_a_horizon_and_to_it_alone(kind, years):
    with pytest.raises(ValueError, match="years above 0"):
        Target(kind, years)


@pytest.mark.parametrize(
    ("text", "target"),
    [("mortality", MORTALITY), ("risk_score", RISK_SCORE), ("horizon:2.5", Target("horizon", 2.5))],
)
def test_the_command_line_names_targets(text, target):
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "horizon", "horizon:0", "horizon:x", "horizon:nan", "death"])
def test_words_that_name_no_target_are_refused(text):
    with pytest.raises(ModelInputError, match="no target"):
        parse_target(text)


def test_every_target_has_words_of_its_own():
    words = {each.words for each in (*targets_of(CARD), Target("horizon", 2.5))}
    assert len(words) == 6
    assert "log odds of death within 2.5 years" in words


@pytest.mark.parametrize(
    ("target", "file_word"),
    [
        (MORTALITY, "mortality"),
        (RISK_SCORE, "risk_score"),
        (Target("horizon", 1), "horizon-1"),
        (Target("horizon", 2.5), "horizon-2.5"),
    ],
)
def test_a_target_is_found_again_from_its_words_and_has_a_word_for_files(target, file_word):
    assert target_in_words(target.words) == target
    assert target.file_word == file_word


@pytest.mark.parametrize("words", ["", "mortality", "log odds of death within e years"])
def test_words_of_no_target_are_refused(words):
    with pytest.raises(ValueError, match=r"no target|could not convert"):
        target_in_words(words)
