"""Masks on every n-th voxel and back: for steps that need no finer grid than 2 mm.

A coarse voxel is a block of voxels; on the way back values are interpolated between the middles of
the blocks, so that a border does not show the blocks.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Counts = NDArray[np.unsignedinteger[Any]]
Shape = tuple[int, int, int]

COARSE_MM = 2.0
"""Blocks are as large as they may be without exceeding this."""
GREATEST_BLOCK = 8
"""Voxels a side: sums of a block stay small integers."""


def block_shape(spacing_mm: tuple[float, float, float]) -> Shape:
    """Voxels of a block along (slice, row, column)."""
    sizes = [min(max(int(COARSE_MM / mm + 1e-6), 1), GREATEST_BLOCK) for mm in spacing_mm]
    return sizes[0], sizes[1], sizes[2]


def in_blocks(mask: Booleans, block: Shape) -> Booleans:
    """True for the blocks of which at least half is in the mask; the last ones may be partial."""
    counts: Counts = mask.view(np.uint8)
    for axis, size in enumerate(block):
        if size == 1:
            continue
        length = counts.shape[axis]
        missing = -length % size
        if missing:
            counts = np.pad(counts, [(0, missing if k == axis else 0) for k in range(3)], "edge")
        along = np.moveaxis(counts, axis, 0)
        total: Counts = along[0::size].astype(np.uint16)
        for offset in range(1, size):
            total += along[offset::size]
        counts = np.moveaxis(total, 0, axis)
    half: Booleans = counts * 2 >= np.prod(block)
    return half


def from_blocks(coarse: Booleans, block: Shape, shape: Shape) -> Booleans:
    """True where the blocks, interpolated linearly, are more than half in the mask."""
    whole = int(np.prod([2 * size for size in block if size > 1], initial=1))
    values: Counts = coarse.astype(np.uint8 if 2 * whole <= np.iinfo(np.uint8).max else np.uint16)
    for axis, size in enumerate(block):
        if size > 1:
            values = _interpolated(values, axis, size, shape[axis])
    inside: Booleans = values > whole // 2
    return inside


def repeated(coarse: Booleans, block: Shape, shape: Shape) -> Booleans:
    """The value of every voxel's block: quick, for borders that something else decides."""
    for axis, size in enumerate(block):
        coarse = coarse.repeat(size, axis=axis) if size > 1 else coarse
    return coarse[: shape[0], : shape[1], : shape[2]]


def _interpolated(values: Counts, axis: int, size: int, length: int) -> Counts:
    """Values at `length` voxels from those at the middles of blocks, 2 x `size` times as large."""
    along = np.moveaxis(values, axis, 0)
    framed = np.concatenate((along[:1], along, along[-1:]))
    result = np.empty((length, *along.shape[1:]), dtype=values.dtype)
    for offset in range(size):
        # Twice the distance of this voxel from the middle of its block, in voxels.
        distance = 2 * offset + 1 - size
        here = result[offset::size]
        np.multiply(framed[1 : 1 + len(here)], 2 * size - abs(distance), out=here)
        if distance:
            first = 2 if distance > 0 else 0
            here += framed[first : first + len(here)] * values.dtype.type(abs(distance))
    return np.moveaxis(result, 0, axis)
