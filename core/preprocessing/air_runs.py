"""Air of a CT as runs of neighbouring columns, and which runs hang together.

A run is a stretch of air within one row. A chest holds tens of millions of air voxels but only
some hundred thousand runs, so that areas, shapes and connected parts are found from the runs.

Positions count along a frame that is one row and one column larger than a slice; these stay
empty, so that no run touches the next row or the next slice by accident.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs in rising order of their position.

    Attributes:
        start: Frame position of the first voxel of each run.
        stop: Frame position after the last voxel of each run.
        shape: (slices, rows, columns) of the volume.
    """

    start: Integers
    stop: Integers
    shape: tuple[int, int, int]

    @property
    def row_step(self) -> int:
        """Frame positions from a voxel to its neighbour in the next row."""
        return self.shape[2] + 1

    @property
    def slice_step(self) -> int:
        """Frame positions from a voxel to its neighbour in the next slice."""
        return (self.shape[1] + 1) * self.row_step

    @cached_property
    def slices(self) -> Integers:
        """Slice of each run."""
        return self.start // self.slice_step

    @cached_property
    def rows(self) -> Integers:
        """Row of each run."""
        return self.start % self.slice_step // self.row_step

    @cached_property
    def columns(self) -> Integers:
        """First column of each run."""
        return self.start % self.row_step

    @property
    def lengths(self) -> Integers:
        """Voxels of each run."""
        return self.stop - self.start

    def kept(self, chosen: Booleans) -> "Runs":
        """The chosen runs only."""
        return Runs(self.start[chosen], self.stop[chosen], self.shape)

    def holding(self, voxel: tuple[int, int, int]) -> Integers:
        """The run that holds the voxel (slice, row, column): one index, or none."""
        position = voxel[0] * self.slice_step + voxel[1] * self.row_step + voxel[2]
        candidate = np.searchsorted(self.start, position, side="right") - 1
        is_held = candidate >= 0 and self.stop[candidate] > position
        return np.array([candidate] if is_held else [], dtype=np.int64)

    def links(self, step: int, *, diagonal: bool = False) -> tuple[Integers, Integers]:
        """Pairs of runs that are neighbours `step` frame positions apart.

        Args:
            step: `row_step` or `slice_step`.
            diagonal: Count runs that touch only at a corner too.

        Returns:
            Indices of the earlier and of the later run of each pair.
        """
        reach = 1 if diagonal else 0
        first = np.searchsorted(self.stop, self.start + step - reach, side="right")
        end = np.searchsorted(self.start, self.stop + step + reach, side="left")
        counts = np.maximum(end - first, 0)
        earlier = np.repeat(np.arange(len(self.start)), counts)
        offsets = np.arange(len(earlier)) - np.repeat(np.cumsum(counts) - counts, counts)
        return earlier, np.repeat(first, counts) + offsets

    def painted(self) -> Booleans:
        """Mask of the volume's shape, True in every run."""
        frame = np.zeros(self.shape[0] * self.slice_step, dtype=np.int8)
        frame[self.start] = 1
        frame[self.stop] = -1
        flat = np.cumsum(frame, dtype=np.int8, out=frame).view(np.bool_)
        framed = flat.reshape(self.shape[0], self.shape[1] + 1, self.row_step)
        return framed[:, : self.shape[1], : self.shape[2]]


def find_runs(mask: Booleans, slice_start: int, slice_count: int) -> Runs:
    """Runs of a slab.

    Args:
        mask: (slice, row, column), a slab of the volume.
        slice_start: Slice of the volume with which the slab begins.
        slice_count: Slices of the volume.
    """
    framed = np.pad(mask, ((0, 0), (0, 1), (0, 1))).ravel()
    changes = np.flatnonzero(framed[1:] != framed[:-1]) + 1
    if framed[0]:
        changes = np.concatenate(([0], changes))
    shape = (slice_count, mask.shape[1], mask.shape[2])
    offset = slice_start * (shape[1] + 1) * (shape[2] + 1)
    return Runs(changes[::2] + offset, changes[1::2] + offset, shape)


def joined(slabs: list[Runs]) -> Runs:
    """All runs of slabs that follow each other."""
    start = np.concatenate([slab.start for slab in slabs])
    return Runs(start, np.concatenate([slab.stop for slab in slabs]), slabs[0].shape)


def parts(count: int, links: tuple[Integers, Integers]) -> tuple[int, Integers]:
    """Number of connected parts among `count` nodes, and the part of each node."""
    ones = np.ones(len(links[0]), dtype=np.bool_)
    graph = coo_array((ones, links), shape=(count, count))
    part_count, labels = connected_components(graph, directed=False)
    return int(part_count), labels.astype(np.int64)
