"""Networks that forgot what they learned, from the top: the cascade of Adebayo et al. 2018.

arXiv:1810.03292, section 3. Forgotten layers get the weights that training would start from
(`core.models.initialisation`), from a seed: the same on every machine. Nothing is written into the
network that is given.
"""

import torch
from torch import nn

from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D

KEPT = ("conv1", "bn1", "layer1", "layer2", "layer3")
"""What the second step of the cascade leaves as it was."""


def forgetful_head(network: MortalityResNet3D, seed: int) -> MortalityResNet3D:
    """Heads with new weights, without a backbone."""
    fresh = _skeleton(network)
    fresh.backbone = nn.Identity()  # type: ignore[assignment] # only the heads are used
    return _filled(fresh, seed)


def forgetful(network: MortalityResNet3D, seed: int) -> MortalityResNet3D:
    """The same network with new weights in layer 4 and heads; the rest is shared, not copied."""
    fresh = _skeleton(network)
    for name in KEPT:
        setattr(fresh.backbone, name, nn.Identity())
    fresh = _filled(fresh, seed)
    for name in KEPT:
        setattr(fresh.backbone, name, getattr(network.backbone, name))
    return fresh


def _skeleton(network: MortalityResNet3D) -> MortalityResNet3D:
    head = network.survival_head
    intervals = 0 if head is None else _last(head).out_features
    with torch.device("meta"):
        return MortalityResNet3D(clinical_values=network.clinical_values, intervals=intervals)


def turn_around(network: MortalityResNet3D) -> None:
    """What raised the outputs now lowers them; in place."""
    network.classifier.weight.neg_()
    if network.survival_head is not None:
        _last(network.survival_head).weight.neg_()


def _last(head: nn.Sequential) -> nn.Linear:
    layer = head[-1]
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"a survival head ends in a linear layer, got {type(layer).__name__}")
    return layer


def _filled(fresh: MortalityResNet3D, seed: int) -> MortalityResNet3D:
    fresh.to_empty(device="cpu")
    initialise(fresh, seed)
    return fresh.eval().requires_grad_(requires_grad=False)
