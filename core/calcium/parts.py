"""2D parts: what touches within one slice. The unit that the Agatston rule weighs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from core.calcium.rule import NORMAL_INCREMENT_MM, Rule
from core.voxel_runs import Runs, parts

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

AREA_TOLERANCE_MM2 = 1e-6
"""Two pixels of 0.5 mm2 are 1 mm2, whatever the last bit of the spacing says."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of a scan or of a set of voxels; one entry of each array a part.

    Attributes:
        slices: Slice index.
        voxels: Number of voxels.
        area_mm2: Within the slice.
        max_hu: Its own maximum, which decides its weight.
        sum_hu: Of its voxels.
        centre_index: (parts, 3) mean (slice, row, column).
        of_run: Part of each run, in the order of the runs.
    """

    slices: Integers
    voxels: Integers
    area_mm2: Floats
    max_hu: Integers
    sum_hu: Integers
    centre_index: Floats
    of_run: Integers

    def __len__(self) -> int:
        return len(self.slices)

    def chosen(self, which: NDArray[np.bool_], of_run: Integers) -> "Parts":
        """Some of the parts; `of_run` numbers them anew."""
        return Parts(
            self.slices[which],
            self.voxels[which],
            self.area_mm2[which],
            self.max_hu[which],
            self.sum_hu[which],
            self.centre_index[which],
            of_run,
        )

    def agatston(self, rule: Rule, increment_mm: float) -> Floats:
        """Area times weight, times increment / 3 mm, of each part."""
        points: Floats = self.area_mm2 * rule.weights(self.max_hu)
        return points * (increment_mm / NORMAL_INCREMENT_MM)


def find_parts(
    runs: Runs, hu: NDArray[np.int16], pixel_area_mm2: float, *, diagonal: bool
) -> Parts:
    """Parts of runs whose voxels have these values.

    Args:
        runs: Of voxels at or above the threshold.
        hu: Values of those voxels in the order of the runs.
        pixel_area_mm2: Area of one pixel.
        diagonal: True for 8 neighbours, False for 4.
    """
    count, of_run = parts(len(runs.start), runs.links(runs.row_step, diagonal=diagonal))
    lengths = runs.lengths
    voxels = _sums(of_run, lengths, count)
    slices = np.zeros(count, dtype=np.int64)
    slices[of_run] = runs.slices
    max_hu = np.full(count, np.iinfo(np.int16).min, dtype=np.int64)
    sum_hu = np.zeros(count, dtype=np.int64)
    if count:
        first = np.cumsum(lengths) - lengths
        np.maximum.at(max_hu, of_run, np.maximum.reduceat(hu, first))
        sum_hu = _sums(of_run, np.add.reduceat(hu, first, dtype=np.int64), count)
    middle_columns = runs.columns + (lengths - 1) / 2
    centre: Floats = np.stack(
        (
            slices.astype(np.float64),
            np.bincount(of_run, runs.rows * lengths, count) / np.maximum(voxels, 1),
            np.bincount(of_run, middle_columns * lengths, count) / np.maximum(voxels, 1),
        ),
        axis=1,
    )
    return Parts(
        slices,
        voxels,
        np.multiply(voxels, pixel_area_mm2, dtype=np.float64),
        max_hu,
        sum_hu,
        centre,
        of_run,
    )


def joined_parts(slabs: Sequence[Parts]) -> Parts:
    """The parts of slabs that follow each other; runs keep their order too."""
    before = np.cumsum([0, *(len(each) for each in slabs)])
    return Parts(
        np.concatenate([each.slices for each in slabs]),
        np.concatenate([each.voxels for each in slabs]),
        np.concatenate([each.area_mm2 for each in slabs]),
        np.concatenate([each.max_hu for each in slabs]),
        np.concatenate([each.sum_hu for each in slabs]),
        np.concatenate([each.centre_index for each in slabs]),
        np.concatenate([each.of_run + n for each, n in zip(slabs, before[:-1], strict=True)]),
    )


def counts(parts_found: Parts, rule: Rule) -> NDArray[np.bool_]:
    """True for the parts that are large enough: exactly the least area is."""
    large: NDArray[np.bool_] = parts_found.area_mm2 >= rule.least_area_mm2 - AREA_TOLERANCE_MM2
    return large


def least_pixels(rule: Rule, pixel_area_mm2: float) -> int:
    """How many pixels a part must have to count, at least one."""
    return max(ceil((rule.least_area_mm2 - AREA_TOLERANCE_MM2) / pixel_area_mm2), 1)


def _sums(of_run: Integers, values: Integers, count: int) -> Integers:
    # Exact: float64 holds every whole number that a scan can add up to.
    return np.bincount(of_run, values, count).astype(np.int64)
