"""The same untrained weights on every machine, from a seed.

torch's own initialisers promise no equal bits between versions or platforms. These use 53-bit
integers of PCG64 and one multiplication, so the digest of the result can stand in the card.
"""

import hashlib
from collections.abc import Mapping
from math import sqrt

import numpy as np
import torch
from torch import Tensor, nn

OUTPUT_LAYERS = ("classifier.weight", "survival_head.3.weight")
"""Layers that give logits: a sixth of He's variance, so that training starts near even odds."""


def initialise(network: nn.Module, seed: int) -> None:
    """Set every parameter and buffer from `seed`.

    Weights of convolutions and linear layers: He's uniform distribution for ReLU, bound
    sqrt(6 / fan in) (He et al. 2015); sqrt(1 / fan in) for `OUTPUT_LAYERS`. Batch norm: identity.
    Other biases: 0. Each tensor draws from a generator of its own, keyed by its name, so that
    adding a layer changes no other.
    """
    state = network.state_dict()
    for name, tensor in state.items():
        state[name] = _initial(name, tensor, seed)
    network.load_state_dict(state)


def state_digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and little-endian values, in order of the names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        values = state[name].detach().cpu().numpy()
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _initial(name: str, tensor: Tensor, seed: int) -> Tensor:
    if tensor.dim() >= 2:
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
        uniform = np.random.Generator(np.random.PCG64([seed, key])).random(tuple(tensor.shape))
        fan_in = tensor[0].numel()
        bound = sqrt((1 if name in OUTPUT_LAYERS else 6) / fan_in)
        return torch.from_numpy(((2 * uniform - 1) * bound).astype(np.float32))
    is_scale = name.endswith("running_var") or (".bn" in f".{name}" and name.endswith("weight"))
    is_scale = is_scale or name.endswith("downsample.1.weight")
    return torch.ones_like(tensor) if is_scale else torch.zeros_like(tensor)
