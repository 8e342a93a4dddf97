"""A model bundle whose answer is known: it looks at whatever is brighter than bone.

Its weights are set by hand: box filters forward, a bias that lets only bright voxels through, and a
positive head. So GradCAM and gradient must light the bright marker of the phantom and nothing else.
"""

import hashlib
import json
import shutil
from pathlib import Path

import safetensors.torch
import torch

from core.models.architectures import architecture
from core.models.bundle_folders import WEIGHTS_FILE
from core.models.cards import read_card
from core.models.mortality_resnet3d import build

SPOTLIGHT = "spotlight"
SHAPE = (32, 64, 64)
BONE = 0.95
"""Intensity (0..1) that must not pass: 510 HU, above the spine of the phantom."""


def write_spotlight_bundle(models_folder: Path) -> Path:
    """A bundle with id `SPOTLIGHT` on a small grid, in `models_folder`."""
    folder = models_folder / SPOTLIGHT
    shutil.copytree(architecture("D").folder, folder)
    network = build(read_card(folder))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(_weight(name, parameter))
    state = {key: value.contiguous() for key, value in network.state_dict().items()}
    safetensors.torch.save_file(state, folder / WEIGHTS_FILE)
    card = json.loads((folder / "card.json").read_text())
    card |= {
        "id": SPOTLIGHT,
        "trained": True,
        "demonstration": True,
        "weights_sha256": hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest(),
        "initialisation_seed": None,
        "initialisation_sha256": None,
    }
    card["input"]["shape"] = SHAPE
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def _weight(name: str, parameter: torch.Tensor) -> torch.Tensor:
    if name == "backbone.conv1.weight":  # the mean over three rows and columns of one slice
        box = torch.zeros_like(parameter)
        box[:, :, 3, 2:5, 2:5] = 1 / 9
        return box
    if name == "backbone.bn1.bias":
        return torch.full_like(parameter, -BONE)
    if name == "backbone.layer2.0.conv1.weight":  # the last stride: leaves no voxel out
        return torch.full_like(parameter, 1 / parameter[0].numel())
    if parameter.dim() == 5:
        centre = torch.zeros_like(parameter)
        middle = parameter.shape[-1] // 2
        centre[:, :, middle, middle, middle] = 1 / parameter.shape[1]
        return centre
    if parameter.dim() == 2 or "bn" in name or "downsample.1" in name:
        return torch.zeros_like(parameter) if name.endswith("bias") else torch.ones_like(parameter)
    return torch.zeros_like(parameter)
