import pytest
import torch

from core.models.initialisation import initialise, state_digest
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.saliency.forgetting import forgetful, forgetful_head, turn_around

FORGOTTEN = ("backbone.layer4", "hidden", "classifier", "survival_head")


@pytest.fixture(scope="module")
def network():
    made = MortalityResNet3D(clinical_values=11, intervals=7)
    initialise(made, 3)
    return made.eval().requires_grad_(requires_grad=False)


def test_the_top_is_forgotten_and_the_rest_is_kept_bit_for_bit(network):
    digest = state_digest(network.state_dict())
    fresh = forgetful(network, 21)
    before, after = network.state_dict(), fresh.state_dict()
    assert before.keys() == after.keys()
    for name, values in after.items():
        if not name.startswith(FORGOTTEN):
            assert torch.equal(values, before[name]), name
        elif values.dim() >= 2:
            correlation = torch.corrcoef(torch.stack([values.ravel(), before[name].ravel()]))[0, 1]
            assert abs(float(correlation)) < 0.4, name
            assert float(values.std()) == pytest.approx(float(before[name].std()), rel=0.2)
    assert state_digest(network.state_dict()) == digest  # nothing is written into the original


def test_a_seed_gives_the_same_heads_and_another_seed_gives_others(network):
    digests = [state_digest(forgetful_head(network, seed).state_dict()) for seed in (11, 11, 12)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("output", ["logits", "hazard_logits"])
def test_turned_around_heads_pull_the_features_the_other_way(network, output):
    heads = forgetful_head(network, 11)
    features = torch.rand((1, 512, 2, 3, 3), generator=torch.manual_seed(1)).requires_grad_()
    clinical = torch.full((1, 11), 0.5)

    def pull():
        value = getattr(heads.heads(features, clinical), output)[:, DEAD].sum()
        return torch.autograd.grad(value, features)[0]

    before = pull()
    turn_around(heads)
    assert before.abs().max() > 0
    assert torch.equal(pull(), -before)
