"""The state of a stage in one file that appears whole or not at all; tensors and JSON, no pickle.

Nothing else is needed to go on: every draw of chance hangs on its place in the run
(`core.training.seeds`), so a run that was killed at any moment gives the numbers of one that was
not.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from core.training.configuration import TrainingError
from core.training.input_cache import write_atomically

STATE_KEY = "state"


@dataclass
class StageState:
    """How far a stage is.

    Attributes:
        stage: Digest of all that the stage depends on.
        epoch: In work, from 0.
        step: Next one of this epoch, from 0.
        losses: Of the steps of this epoch.
        history: One record for each finished epoch.
        best_epoch: With the best score; None before the first.
        best_score: On the validation scans.
        is_finished: Nothing is left to do.
    """

    stage: str
    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int | None = None
    best_score: float | None = None
    is_finished: bool = False


def save_checkpoint(
    path: Path,
    state: StageState,
    weights: dict[str, Tensor],
    best: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
) -> None:
    """Write the state, the weights, the best ones so far and the optimiser's memory.

    Raises:
        ResourcesError: The disk is full or may not be written to.
    """
    tensors = {f"weights.{name}": each for name, each in weights.items()}
    tensors |= {f"best.{name}": each for name, each in best.items()}
    for number, memory in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": each for name, each in memory.items()}
    on_cpu = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
    document = {STATE_KEY: json.dumps(asdict(state))}
    write_atomically(path, safetensors.torch.save(_unshared(on_cpu), document))


def load_checkpoint(
    path: Path, stage: str, optimiser: torch.optim.Optimizer
) -> tuple[StageState, dict[str, Tensor], dict[str, Tensor]] | None:
    """State, weights and best weights; the optimiser remembers what it had seen.

    Returns:
        None where there is no checkpoint of this very stage.

    Raises:
        TrainingError: The file is damaged.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            document = json.loads((file.metadata() or {})[STATE_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 # no mapping
    except FileNotFoundError:
        return None
    except (safetensors.SafetensorError, KeyError, ValueError, OSError):
        raise TrainingError(
            "The checkpoint is damaged.", "Delete the folder of this part and start again."
        ) from None
    state = StageState(**{each.name: document[each.name] for each in fields(StageState)})
    if state.stage != stage:
        return None
    _remember(optimiser, _part(tensors, "optimiser."))
    return state, _part(tensors, "weights."), _part(tensors, "best.")


def save_weights(path: Path, weights: dict[str, Tensor], document: dict[str, str]) -> None:
    """Write weights, whole or not at all.

    Args:
        path: Of the safetensors file.
        weights: By name.
        document: Stands in the head of the file.

    Raises:
        ResourcesError: The disk is full or may not be written to.
    """
    on_cpu = {name: each.detach().cpu().contiguous() for name, each in weights.items()}
    write_atomically(path, safetensors.torch.save(on_cpu, document))


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """Weights and what stands in the head of the file; None where there is none.

    Raises:
        TrainingError: The file is damaged.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 # no mapping
            return weights, dict(file.metadata() or {})
    except FileNotFoundError:
        return None
    except (safetensors.SafetensorError, OSError):
        raise TrainingError(
            f"{path.name} is damaged.", "Delete the folder of this part and start again."
        ) from None


def copied(module: nn.Module, *, without: str = "") -> dict[str, Tensor]:
    """A copy of the weights of a module on the CPU.

    Args:
        module: Whose.
        without: Leave out what begins so; "" for none.
    """
    return {
        name: each.detach().cpu().clone()
        for name, each in module.state_dict().items()
        if not without or not name.startswith(without)
    }


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share no memory, as the file format demands."""
    seen: set[int] = set()
    result = {}
    for name, each in tensors.items():
        is_shared = each.untyped_storage().data_ptr() in seen
        result[name] = each.clone() if is_shared else each
        seen.add(each.untyped_storage().data_ptr())
    return result


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _remember(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser its memory back, in the memory order of its parameters: the same bits."""
    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    memory: dict[int, dict[str, Any]] = {}
    for name, stored in tensors.items():
        number, _, what = name.partition(".")
        if stored.dim():
            parameter = parameters[int(number)]
            stored = torch.empty_like(parameter, requires_grad=False).copy_(stored)
        memory.setdefault(int(number), {})[what] = stored
    optimiser.load_state_dict({**optimiser.state_dict(), "state": memory})
