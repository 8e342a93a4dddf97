"""The head for findings: what it sends back to the backbone."""

import pytest
import torch

from core.models.mortality_resnet3d import MortalityResNet3D
from core.training.configuration import FEWEST_FINDINGS_AT_ONCE
from core.training.stage_network import StageNetwork


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(5)
    return StageNetwork(MortalityResNet3D(), findings=3, precision="fp32").train()


def gradient_of_features(model, at_once):
    """Where a batch of 16 scans moves their features, if so many pass at once."""
    torch.manual_seed(6)
    features = torch.rand(16, 512, requires_grad=True)
    wanted = torch.randn(16, 3)
    for some in torch.arange(16).split(at_once):
        _, _, said = model(features[some], None)
        ((said - wanted[some]) ** 2).sum().backward()
    return features.grad.flatten()


def test_two_scans_at_once_teach_the_backbone_nothing_of_what_enough_do(model):
    counts = (16, FEWEST_FINDINGS_AT_ONCE, 2)
    whole, enough, two = (gradient_of_features(model, count) for count in counts)
    assert torch.cosine_similarity(whole, enough, dim=0) > 0.8
    assert torch.cosine_similarity(whole, two, dim=0) < 0.2
