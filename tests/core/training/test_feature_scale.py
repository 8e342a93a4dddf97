"""Heads that learned on scaled features give the same answers on the features as they are."""

import torch

from core.models.mortality_resnet3d import MortalityResNet3D
from core.training.feature_scale import begin_anew, feature_scale, first_layer, fold_scale


def features():
    torch.manual_seed(1)
    return 1.5 + torch.randn(40, 512) * torch.linspace(0, 0.2, 512)


def test_scaled_features_have_mean_0_and_sd_1_where_they_vary():
    pooled = features()
    scaled = feature_scale(pooled)(pooled)
    assert scaled.mean(0).abs().max() < 1e-4
    torch.testing.assert_close(scaled[:, 100:].std(0, correction=0), torch.ones(412))
    assert scaled[:, 0].std() < 0.1, "a feature that hardly varies is not blown up"


def test_a_folded_layer_gives_the_same_answers():
    pooled, network = features(), MortalityResNet3D(intervals=7).eval()
    scale = feature_scale(pooled)
    for stage in ("mortality", "survival"):
        layer = first_layer(network, stage)
        before = layer(scale(pooled))
        fold_scale(layer, scale)
        torch.testing.assert_close(layer(pooled), before, rtol=1e-3, atol=1e-3)


def test_layers_that_stay_fixed_are_not_folded():
    network = MortalityResNet3D()
    assert first_layer(network, "hybrid") is None
    assert first_layer(network, "findings") is None
    assert first_layer(network, "survival") is None


def test_only_the_heads_of_the_stage_begin_anew():
    network = MortalityResNet3D(intervals=7)
    before = {name: each.clone() for name, each in network.state_dict().items()}
    begin_anew(network, "survival", 5)
    changed = {n for n, each in network.state_dict().items() if not torch.equal(each, before[n])}
    assert changed
    assert all(name.startswith("survival_head.") for name in changed)
