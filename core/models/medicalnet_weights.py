"""Loads a user's MedicalNet checkpoint (``resnet_10_23dataset.pth``) into the backbone.

The file is read with ``weights_only``: tensors and plain containers, no code. Keys lose the
prefix ``module.``; the segmentation head ``conv_seg`` is dropped; every backbone key must then be
met, with its shape, and none may be left over.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from core.errors import WeightsError
from core.models.backbones import MedicalNetResNet10

PREFIX = "module."
DROPPED_HEAD = "conv_seg."
UNREADABLE = (
    OSError, RuntimeError, EOFError, pickle.UnpicklingError, LookupError, ValueError, TypeError,
    AttributeError, AssertionError,
)  # fmt: skip
"""What torch's restricted reader raises on files that are no checkpoint: it promises nothing."""

REMEDY = "Use resnet_10_23dataset.pth of MedicalNet, unchanged."


def load_medicalnet(path: Path, backbone: MedicalNetResNet10) -> None:
    """Fill `backbone` from a MedicalNet checkpoint; all of it or nothing.

    Raises:
        WeightsError: Not such a checkpoint; the message counts what is missing and left over.
    """
    state = _backbone_state(_read(path))
    wanted = backbone.state_dict()
    missing = sorted(set(wanted) - set(state))
    surplus = sorted(set(state) - set(wanted))
    misfit = sorted(k for k in set(wanted) & set(state) if wanted[k].shape != state[k].shape)
    if missing or surplus or misfit:
        counts = [
            f"{len(keys)} {word} (first: {keys[0]})"
            for word, keys in (("missing", missing), ("left over", surplus), ("misshapen", misfit))
            if keys
        ]
        raise WeightsError(
            f"The checkpoint does not fit ResNet-10's {len(wanted)} tensors: {', '.join(counts)}.",
            REMEDY,
        )
    backbone.load_state_dict(state)


def _read(path: Path) -> Mapping[str, object]:
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise WeightsError(
            f"The file is no checkpoint of plain tensors ({type(error).__name__}).", REMEDY
        ) from None
    if not isinstance(checkpoint, Mapping):
        raise WeightsError(
            f"A checkpoint is a dictionary, not {type(checkpoint).__name__}.", REMEDY
        )
    inner = checkpoint.get("state_dict", checkpoint)
    if not isinstance(inner, Mapping):
        raise WeightsError("The checkpoint's 'state_dict' is no dictionary of tensors.", REMEDY)
    return inner


def _backbone_state(state: Mapping[str, object]) -> dict[str, Tensor]:
    renamed = {str(key).removeprefix(PREFIX): value for key, value in state.items()}
    return {
        key: value
        for key, value in renamed.items()
        if isinstance(value, Tensor) and not key.startswith(DROPPED_HEAD)
    }
