"""Models D and E: the published sizes, the heads, and the way from logits to a prognosis."""

import itertools
import math

import pytest
import torch

from core.errors import ModelInputError
from core.models.architectures import architecture
from core.models.mortality_resnet3d import (
    MortalityOutput,
    MortalityResNet3D,
    clinical_tensor,
    to_prognosis,
)
from tests.core.models.values import CLINICAL

CARD_D = architecture("D").card
CARD_E = architecture("E").card


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def test_model_d_has_14372002_parameters():
    assert parameters(MortalityResNet3D()) == 14_372_002


def test_model_e_has_14372024_parameters():
    assert parameters(MortalityResNet3D(clinical_values=11)) == 14_372_024


def test_the_survival_head_stands_beside_and_leaves_the_published_part_alone():
    network = MortalityResNet3D(intervals=7)
    head = parameters(network.survival_head)
    assert head == 512 * 32 + 32 + 32 * 7 + 7
    assert parameters(network) - head == 14_372_002


def test_the_mortality_output_does_not_depend_on_the_survival_head():
    network = MortalityResNet3D(intervals=7).eval()
    features = torch.randn(1, 512, 2, 3, 3)
    before = network.heads(features).logits
    torch.nn.init.ones_(network.survival_head[0].weight)
    assert torch.equal(network.heads(features).logits, before)


def test_dropout_is_a_half_and_off_in_evaluation():
    network = MortalityResNet3D(intervals=7)
    assert network.dropout.p == 0.5
    network.eval()
    features = torch.randn(1, 512, 2, 3, 3)
    assert torch.equal(network.heads(features).logits, network.heads(features).logits)


def test_the_probability_is_the_softmax_of_the_logits():
    output = MortalityOutput(torch.tensor([[0.0, math.log(3)]]), torch.zeros(1, 7))
    prognosis = to_prognosis(CARD_D, output)
    assert prognosis.mortality_probability == pytest.approx(0.75)
    assert prognosis.risk_score == pytest.approx(math.log(3))


def test_hazards_of_a_half_halve_the_survival_in_every_interval():
    prognosis = to_prognosis(CARD_D, MortalityOutput(torch.zeros(1, 2), torch.zeros(1, 7)))
    assert prognosis.survival_curve.survival == pytest.approx([0.5**k for k in range(8)])
    risks = {risk.years: risk.probability for risk in prognosis.horizons}
    assert risks == pytest.approx({1: 0.5, 3: 1 - 0.125, 5: 1 - 0.03125})


def test_survival_never_rises_whatever_the_hazards():
    for seed in range(20):
        torch.manual_seed(seed)
        output = MortalityOutput(torch.randn(1, 2) * 5, torch.randn(1, 7) * 10)
        survival = to_prognosis(CARD_D, output).survival_curve.survival
        assert survival[0] == 1
        assert all(0 <= b <= a for a, b in itertools.pairwise(survival))


def test_without_a_survival_head_no_survival_is_invented():
    prognosis = to_prognosis(CARD_D, MortalityOutput(torch.zeros(1, 2), None))
    assert prognosis.survival_curve is None
    assert prognosis.horizons == ()


def test_an_untrained_model_says_so_beside_its_numbers():
    prognosis = to_prognosis(CARD_D, MortalityOutput(torch.zeros(1, 2), None))
    assert any("NOT been trained" in warning for warning in prognosis.warnings)


def test_clinical_values_are_scaled_between_the_cards_bounds():
    values = clinical_tensor(CARD_E, CLINICAL)
    assert values.shape == (1, 11)
    age = CARD_E.clinical[0]
    assert age.name == "age_years"
    expected = (CLINICAL["age_years"] - age.minimum) / (age.maximum - age.minimum)
    assert float(values[0, 0]) == pytest.approx(expected)


def test_model_d_takes_no_clinical_values():
    assert clinical_tensor(CARD_D, {}) is None
    with pytest.raises(ModelInputError, match="takes no clinical values; it was given 11"):
        clinical_tensor(CARD_D, CLINICAL)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age_years": None}, "missing: age_years"),
        ({"shoe_size": 43}, "unknown: shoe_size"),
        ({"age_years": 430}, r"'age_years' must lie between 40 and 90 years\."),
        ({"age_years": math.nan}, r"'age_years' must lie between 40 and 90 years\."),
        ({"stroke": 0.5}, r"'stroke' must be 0 \(no\) or 1 \(yes\)\."),
    ],
)
def test_wrong_clinical_values_are_refused_in_words(change, words):
    values = {k: v for k, v in {**CLINICAL, **change}.items() if v is not None}
    with pytest.raises(ModelInputError, match=words) as caught:
        clinical_tensor(CARD_E, values)
    told = str(caught.value)
    assert not any(value in told for value in ("430", "nan", "0.5")), "it reaches tables and logs"


def test_model_e_listens_to_its_clinical_values():
    network = MortalityResNet3D(clinical_values=11).eval()
    features = torch.randn(1, 512, 2, 2, 2)
    none, all_of_them = torch.zeros(1, 11), torch.ones(1, 11)
    assert not torch.allclose(
        network.heads(features, none).logits, network.heads(features, all_of_them).logits
    )


def test_model_e_without_clinical_values_is_an_error():
    with pytest.raises(ValueError, match="11"):
        MortalityResNet3D(clinical_values=11).heads(torch.zeros(1, 512, 2, 2, 2))
