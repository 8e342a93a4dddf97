"""Prepared scans from the cache as batches, read ahead while the network works."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.model_input import INTENSITY_SCALE
from core.training.augmentation import Augmentation
from core.training.input_cache import InputCache, Shape
from core.training.seeds import generator

READ_AHEAD = 2
"""Batches in the making beside the one in use."""


@dataclass(frozen=True)
class Wanted:
    """One scan of a batch.

    Attributes:
        key: In the cache.
        place: In the run, for the seed of its augmentation; None for the scan as it is.
    """

    key: str
    place: tuple[int | str, ...] | None = None


@dataclass(frozen=True, eq=False)
class ScanReader:
    """Reads batches of prepared scans.

    Attributes:
        cache: Where they lie.
        shape: Of the network's input.
        augmentation: For scans that name a place.
        workers: Threads.
    """

    cache: InputCache
    shape: Shape
    augmentation: Augmentation | None
    workers: int

    def batches(self, wanted: Sequence[Sequence[Wanted]]) -> Iterator[Tensor]:
        """Batches (N, 1, D, H, W) float32 of intensities 0..1, in the order asked for."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield from read_ahead(
                [[partial(self.scan, each) for each in batch] for batch in wanted], pool
            )

    def scan(self, wanted: Wanted) -> Tensor:
        """One scan (D, H, W)."""
        stored = torch.from_numpy(self.cache.read(wanted.key, self.shape))
        image = stored.float().div_(INTENSITY_SCALE)
        if self.augmentation is None or wanted.place is None:
            return image
        return self.augmentation(image, generator(*wanted.place, "augmentation"))


Read = Callable[[], Tensor]


def read_ahead(batches: Sequence[Sequence[Read]], pool: ThreadPoolExecutor) -> Iterator[Tensor]:
    """Run the reads of each batch in the pool, some batches ahead, and stack what they give."""
    started: deque[list[Future[Tensor]]] = deque()
    try:
        for batch in batches:
            started.append([pool.submit(read) for read in batch])
            if len(started) > READ_AHEAD:
                yield _stacked(started.popleft())
        while started:
            yield _stacked(started.popleft())
    finally:
        for left_over in started:
            for future in left_over:
                future.cancel()


def _stacked(futures: list[Future[Tensor]]) -> Tensor:
    return torch.stack([future.result() for future in futures])[:, None]
