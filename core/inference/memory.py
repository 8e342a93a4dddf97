"""When memory does not suffice: another engine on a GPU, words for the user on the CPU."""

from collections.abc import Callable
from typing import TypeVar

import torch

from core.errors import ResourcesError
from core.inference.engine import Engine
from core.inference.ready import ReadyNetwork, forget, ready, settled
from core.models.mortality_resnet3d import MortalityResNet3D

T = TypeVar("T")

MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate")
"""Of torch's RuntimeErrors, where it has no class for them."""


def within_memory(
    network: MortalityResNet3D, engine: Engine, work: Callable[[ReadyNetwork, Engine], T]
) -> T:
    """Do the work with the engine, or with the next one that memory allows.

    Args:
        network: That is made ready for the engine.
        engine: To begin with; settled first.
        work: Told the network to run and the engine that it is ready for, whose note says what was
            changed and why.

    Raises:
        ResourcesError: The CPU's memory does not suffice either.
    """
    while True:
        try:
            engine = settled(network, engine)
            return work(ready(network, engine), engine)
        except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
            if not _is_out_of_memory(error):
                raise
            weaker = engine.when_memory_is_short()
            if weaker is None:
                raise _out_of_memory(engine) from error
        _give_back(network, engine)
        engine = weaker


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(words in str(error) for words in MEMORY_WORDS)


def _give_back(network: MortalityResNet3D, engine: Engine) -> None:
    forget(network, engine)
    if engine.device.type == "cuda":
        torch.cuda.empty_cache()


def _out_of_memory(engine: Engine) -> ResourcesError:
    return ResourcesError(
        f"The memory of {engine.device_name} does not suffice for the model "
        "(about 3 GB are needed with the maps).",
        "Close other programs.",
    )
