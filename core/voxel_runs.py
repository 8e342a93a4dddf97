"""Voxels of a CT as runs of neighbouring columns, and which runs hang together.

A run is a stretch of chosen voxels within one row. A chest holds tens of millions of voxels of air
but only some hundred thousand runs of it, so that areas, shapes and connected parts are found from
the runs.

Positions count along a frame that is one row and one column larger than a slice; these stay
empty, so that no run touches the next row or the next slice by accident.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Box = tuple[slice, slice, slice]


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

    def body_links(self, *, corners: bool) -> tuple[Integers, Integers]:
        """Pairs of runs that are neighbours in 3D.

        Args:
            corners: Also where only the corners of two voxels touch (26 neighbours, else 18).
        """
        found = [
            self.links(self.row_step, diagonal=True),
            self.links(self.slice_step, diagonal=True),
            self.links(self.slice_step - self.row_step, diagonal=corners),
            self.links(self.slice_step + self.row_step, diagonal=corners),
        ]
        earlier, later = zip(*found, strict=True)
        return np.concatenate(earlier), np.concatenate(later)

    def box(self) -> Box:
        """The smallest box that holds all runs, of which there must be one."""
        rows, columns = self.rows, self.columns
        return (
            slice(int(self.slices[0]), int(self.slices[-1]) + 1),
            slice(int(rows.min()), int(rows.max()) + 1),
            slice(int(columns.min()), int((columns + self.lengths).max())),
        )

    def painted(self) -> Booleans:
        """Mask of the volume's shape, True in every run."""
        mask = np.zeros(self.shape, dtype=np.bool_)
        if len(self.start):
            box = self.box()
            mask[box] = self.painted_in(box)
        return mask

    def painted_in(self, box: Box) -> Booleans:
        """Mask of the box, True in every run; all runs must lie within it."""
        slices, rows, columns = box
        row_step = columns.stop - columns.start + 1
        row_count = rows.stop - rows.start
        slice_count = slices.stop - slices.start
        first = ((self.slices - slices.start) * row_count + self.rows - rows.start) * row_step
        first += self.columns - columns.start
        frame = np.zeros(slice_count * row_count * row_step, dtype=np.int8)
        frame[first] = 1
        frame[first + self.lengths] = -1
        flat = np.cumsum(frame, dtype=np.int8, out=frame).view(np.bool_)
        return flat.reshape(slice_count, row_count, row_step)[..., :-1]

    def in_blocks(self, block: tuple[int, int, int]) -> Booleans:
        """True for the blocks of voxels, counted from the volume's first, that a run touches."""
        slices, rows, columns = (-(-n // side) for n, side in zip(self.shape, block, strict=True))
        row = (self.slices // block[0] * rows + self.rows // block[1]) * (columns + 1)
        changes = np.zeros(slices * rows * (columns + 1), dtype=np.int32)
        np.add.at(changes, row + self.columns // block[2], 1)
        np.add.at(changes, row + (self.columns + self.lengths - 1) // block[2] + 1, -1)
        touched = np.cumsum(changes, out=changes) > 0
        mask: Booleans = touched.reshape(slices, rows, columns + 1)[..., :-1]
        return mask


def filled(runs: Runs) -> Runs:
    """The runs with everything that they enclose within a slice (gaps meet at corners too)."""
    stops = np.concatenate(([0], runs.stop))
    starts = np.concatenate((runs.start, [runs.shape[0] * runs.slice_step]))
    gaps = Runs(stops, starts, runs.shape)
    gaps = gaps.kept(gaps.lengths > 0)
    # A gap that reaches the frame, or lies in the first row, hangs together with the outside.
    is_open = (gaps.columns + gaps.lengths >= runs.row_step) | (gaps.rows == 0)
    count, part = parts(len(gaps.start), gaps.links(gaps.row_step, diagonal=True))
    is_outside = np.zeros(count, dtype=np.bool_)
    is_outside[part[is_open]] = True
    holes = gaps.kept(~is_outside[part])
    return united(runs, holes)


def without(runs: Runs, others: Runs) -> Runs:
    """The runs that share no voxel with any of the others."""
    last = np.searchsorted(others.start, runs.stop, side="left") - 1
    reached = np.where(last >= 0, np.append(others.stop, 0)[last], 0)
    return runs.kept(reached <= runs.start)


def united(first: Runs, second: Runs) -> Runs:
    """Runs of two sets that do not overlap; those that touch become one."""
    start = np.concatenate((first.start, second.start))
    order = np.argsort(start, kind="stable")
    start, stop = start[order], np.concatenate((first.stop, second.stop))[order]
    begins = np.concatenate(([True], start[1:] != stop[:-1]))[: len(start)]
    ends = np.concatenate((begins[1:], [True]))[: len(start)]
    return Runs(start[begins], stop[ends], first.shape)


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


def find_runs_in(mask: Booleans, box: Box, shape: tuple[int, int, int]) -> Runs:
    """Runs of a box of the volume.

    Args:
        mask: (slice, row, column) of the box.
        box: Where it lies in the volume.
        shape: (slices, rows, columns) of the volume.
    """
    inner = find_runs(mask, 0, mask.shape[0])
    whole = Runs(inner.start, inner.stop, shape)
    start = (inner.slices + box[0].start) * whole.slice_step
    start += (inner.rows + box[1].start) * whole.row_step + inner.columns + box[2].start
    return Runs(start, start + inner.lengths, shape)


def joined(slabs: list[Runs]) -> Runs:
    """All runs of slabs that follow each other."""
    start = np.concatenate([slab.start for slab in slabs])
    return Runs(start, np.concatenate([slab.stop for slab in slabs]), slabs[0].shape)


def parts(count: int, links: tuple[Integers, Integers]) -> tuple[int, Integers]:
    """Number of connected parts among `count` nodes, and the part of each node."""
    from scipy.sparse import coo_array  # slow to import: the window must not wait for it
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(links[0]), dtype=np.bool_)
    graph = coo_array((ones, links), shape=(count, count))
    part_count, labels = connected_components(graph, directed=False)
    return int(part_count), labels.astype(np.int64)


def runs_of_voxels(voxels: NDArray[np.integer], shape: tuple[int, int, int]) -> Runs:
    """Runs of single voxels.

    Args:
        voxels: (n, 3) of (slice, row, column), in rising order, each once.
        shape: (slices, rows, columns) of the volume.
    """
    empty = Runs(np.zeros(0, np.int64), np.zeros(0, np.int64), shape)
    steps = np.array([empty.slice_step, empty.row_step, 1])
    positions = voxels.astype(np.int64) @ steps
    if not len(positions):
        return empty
    begins = np.concatenate(([True], np.diff(positions) > 1))
    ends = np.concatenate((begins[1:], [True]))
    return Runs(positions[begins], positions[ends] + 1, shape)


def voxels_of(runs: Runs) -> NDArray[np.int32]:
    """(n, 3) of (slice, row, column) of every voxel of the runs, in rising order."""
    lengths = runs.lengths
    begin = np.cumsum(lengths) - lengths
    along = np.arange(lengths.sum()) - np.repeat(begin, lengths)
    columns = np.repeat(runs.columns, lengths) + along
    voxels = (np.repeat(runs.slices, lengths), np.repeat(runs.rows, lengths), columns)
    return np.stack(voxels, axis=1).astype(np.int32)
