"""A network with weights from a seed and batch norms that do something, and a small scan for it."""

import numpy as np
import torch

from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Cancelled

SHAPE = (16, 32, 32)


def small_network(*, clinical_values=0, intervals=7, seed=1):
    """Frozen, in evaluation mode; every batch norm shifts and scales."""
    network = MortalityResNet3D(clinical_values=clinical_values, intervals=intervals)
    initialise(network, seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm3d):
                layer.weight.uniform_(0.6, 1.4, generator=random)
                layer.bias.normal_(0, 0.1, generator=random)
                layer.running_mean.normal_(0, 0.1, generator=random)
                layer.running_var.uniform_(0.5, 2, generator=random)
    return network.eval().requires_grad_(requires_grad=False)


def scan(seed=5, shape=SHAPE):
    """Smooth and random, intensities 0..1: (D, H, W)."""
    coarse = torch.from_numpy(np.random.default_rng(seed).random([side // 4 for side in shape]))
    smooth = torch.nn.functional.interpolate(coarse[None, None], size=shape, mode="trilinear")
    return smooth[0, 0].float().numpy()


class Recording:
    """Progress that is kept, and cancels at a given step."""

    def __init__(self, cancel_at=np.inf):
        self.steps = []
        self.cancel_at = cancel_at

    def step(self, fraction, message):
        self.steps.append((fraction, message))
        if len(self.steps) >= self.cancel_at:
            raise Cancelled
