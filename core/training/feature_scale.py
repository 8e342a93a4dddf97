"""Heads on frozen features learn in units of each feature's SD; afterwards that is folded away.

Pooled features vary far less from scan to scan than their means are large, so that a head on the
features as they are first learns nothing but their mean. With z = (x - mean) / SD a layer W z + b
is W' x + b', W' = W / SD, b' = b - W' mean: the network that is kept takes x as before.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D
from core.training.configuration import StageName
from core.training.stage_network import LEARNERS

SMALLEST_SHARE = 0.05
"""Of the mean SD: a feature that hardly varies in training must not decide on a new scan."""


@dataclass(frozen=True, eq=False)
class FeatureScale:
    """Of the training scans.

    Attributes:
        mean: (features,).
        deviation: (features,), above 0.
    """

    mean: Tensor
    deviation: Tensor

    def __call__(self, pooled: Tensor) -> Tensor:
        """(N, features) in SD from the mean."""
        return (pooled - self.mean) / self.deviation


def feature_scale(pooled: Tensor) -> FeatureScale:
    """Of pooled features (N, features)."""
    deviation = pooled.std(dim=0, correction=0)
    least = max(float(deviation.mean()) * SMALLEST_SHARE, torch.finfo(torch.float32).tiny)
    return FeatureScale(pooled.mean(dim=0), deviation.clamp(min=least))


def first_layer(network: MortalityResNet3D, stage: StageName) -> nn.Linear | None:
    """The layer of a frozen stage that takes the pooled features, None where that one is fixed."""
    if stage == "mortality":
        return network.hidden
    if stage == "survival" and network.survival_head is not None:
        layer = network.survival_head[0]
        return layer if isinstance(layer, nn.Linear) else None
    return None


def begin_anew(network: MortalityResNet3D, stage: StageName, seed: int) -> None:
    """Give the heads of a stage their weights from the seed, as they are for scaled features."""
    head = network.survival_head
    last = None if head is None else head[-1]
    intervals = last.out_features if isinstance(last, nn.Linear) else 0
    fresh = MortalityResNet3D(clinical_values=network.clinical_values, intervals=intervals)
    initialise(fresh, seed)
    heads = {
        name: each for name, each in fresh.state_dict().items() if name.startswith(LEARNERS[stage])
    }
    network.load_state_dict(heads, strict=False)


@torch.no_grad()
def fold_scale(layer: nn.Linear, scale: FeatureScale) -> None:
    """Make a layer that took scaled features take them as they are."""
    weight = layer.weight.double() / scale.deviation.double()
    bias = layer.bias.double() - weight @ scale.mean.double()
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
