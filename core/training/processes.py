"""One process or many, started by torchrun, on one machine or several: the same numbers.

Every process holds the whole network and a share of every batch. Gradients are averaged by torch's
DistributedDataParallel; batch norm takes its means over the whole batch (`core.training.joint`).
The first prepares scans for all: cache and output folder must be one folder that all of them see.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as torch_distributed

from core.errors import ResourcesError

PATIENCE = timedelta(days=3)
"""Others wait this long for the first one, which alone prepares scans and writes bundles."""


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: Number of this one, from 0; the first writes files and shows progress.
        count: Of all.
        device: Where this one computes.
    """

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Writes and shows."""
        return self.rank == 0

    def share(self, indices: Tensor) -> Tensor:
        """This process's part of a batch, whose length is a multiple of the count."""
        size = len(indices) // self.count
        return indices[self.rank * size : (self.rank + 1) * size]

    def total(self, values: Tensor) -> Tensor:
        """Sum over all processes."""
        if self.count > 1:
            torch_distributed.all_reduce(values)
        return values

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            self.total(torch.zeros(1, device=self.device))

    def wrapped(self, module: torch.nn.Module) -> torch.nn.Module:
        """Averages the gradients of its parameters over the processes."""
        if self.count == 1:
            return module
        devices = [self.device] if self.device.type == "cuda" else None
        return torch.nn.parallel.DistributedDataParallel(
            module, device_ids=devices, broadcast_buffers=False
        )


@contextmanager
def joined_processes(device: str, threads: int | None = None) -> Iterator[Processes]:
    """Join the processes that torchrun started, or be alone.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: Of torch; None for its own choice.

    Raises:
        ResourcesError: A GPU was asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ResourcesError(
            "A GPU was asked for, but this machine shows none to PyTorch.",
            "Set device = 'auto' or install a GPU driver and a CUDA build of PyTorch.",
        )
    if threads:
        torch.set_num_threads(threads)
    on_gpu = device != "cpu" and torch.cuda.is_available()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    place = torch.device(f"cuda:{local}") if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(place)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes(device=place)
        return
    torch_distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    joined = Processes(torch_distributed.get_rank(), torch_distributed.get_world_size(), place)
    try:
        yield joined
        joined.wait()  # nobody leaves while another one still speaks
    finally:
        gc.collect()  # DistributedDataParallel holds on to the group in a cycle
        torch_distributed.destroy_process_group()
