"""Time, memory and overlap of the lung masks, beside the published steps, for the README's table.

.venv/bin/python -m tests.benchmarks.lung_mask FOLDER [FOLDER ...]
"""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from core.preprocessing.lung_mask import Lungs, find_lungs, lung_volumes_l
from core.preprocessing.organ_regions import organ_regions
from core.volume import Mask, Volume
from tests.core.preprocessing.published_lung_mask import published_lung_mask
from tests.core.preprocessing.real_scans import dice, read_scan

Answer = TypeVar("Answer")

REPEATS = 5
SAMPLING_SECONDS = 0.005
STATUS = Path("/proc/self/statm")
PAGE_MB = 4096 / 1e6


class Cost(NamedTuple):
    """Of one call: wall and processor time, and how far memory rose above where it began."""

    wall_s: float
    processor_s: float
    memory_mb: float


def measured(work: Callable[[], Answer]) -> tuple[Answer, Cost]:
    """The answer of `work` and what it cost."""
    begun, peak, is_done = _resident_mb(), [0.0], threading.Event()

    def watch() -> None:
        while not is_done.wait(SAMPLING_SECONDS):
            peak[0] = max(peak[0], _resident_mb() - begun)

    watcher = threading.Thread(target=watch)
    watcher.start()
    wall, processor = time.perf_counter(), time.process_time()
    answer = work()
    cost = (time.perf_counter() - wall, time.process_time() - processor)
    is_done.set()
    watcher.join()
    return answer, Cost(*cost, peak[0])


def everything(volume: Volume) -> tuple[Lungs, Mask]:
    """Both masks, the airways and the organs."""
    lungs = find_lungs(volume)
    return lungs, organ_regions(volume, lungs)


def main() -> None:
    """Print one line for each folder."""
    for folder in sys.argv[1:]:
        volume = read_scan(Path(folder))
        runs = [measured(lambda volume=volume: everything(volume)) for _ in range(REPEATS)]
        lungs = runs[0][0][0]
        best = Cost(*(min(values) for values in zip(*(cost for _, cost in runs[1:]), strict=True)))
        alone = min(measured(lambda volume=volume: find_lungs(volume))[1] for _ in range(REPEATS))
        expected, published = measured(
            lambda volume=volume: published_lung_mask(volume.hu, volume.geometry.spacing_mm)
        )
        right_l, left_l = lung_volumes_l(lungs.anatomical)
        sys.stdout.write(
            f"{Path(folder).parent.name}/{Path(folder).name} {volume.geometry.shape}\n"
            f"  masks, airways and organs {_words(best)}\n"
            f"  masks and airways alone   {_words(alone)}\n"
            f"  published steps           {_words(published)}\n"
            f"  ratio {published.wall_s / best.wall_s:.0f} wall,"
            f" {published.processor_s / best.processor_s:.0f} processor;"
            f" Dice {dice(lungs.model.labels > 0, expected):.4f};"
            f" anatomical right {right_l:.2f} L, left {left_l:.2f} L,"
            f" {np.count_nonzero(lungs.anatomical.labels) / expected.sum():.3f} of the published\n"
        )


def _resident_mb() -> float:
    return int(STATUS.read_text().split()[1]) * PAGE_MB


def _words(cost: Cost) -> str:
    return f"{cost.wall_s:.2f} s wall, {cost.processor_s:.2f} s processor, {cost.memory_mb:.0f} MB"


if __name__ == "__main__":
    main()
