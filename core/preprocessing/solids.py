"""Solids of voxels: gaps and necks, parts, holes, boxes, their skin in a slice."""

import cc3d
import numpy as np
from numpy.typing import NDArray

from core.preprocessing import balls

Booleans = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Box = tuple[slice, slice, slice]

opened = balls.opened


def closed(solid: Booleans, radius_mm: float, spacing_mm: Spacing) -> Booleans:
    """The solid with every gap that a ball of the radius cannot enter."""
    wide = balls.grown(solid, radius_mm, spacing_mm)
    return solid | balls.shrunk(wide, radius_mm, spacing_mm)


def largest_part(solid: Booleans) -> Booleans:
    """Its largest part whose voxels share faces; empty if it is."""
    labels = cc3d.connected_components(solid, connectivity=6)
    sizes = np.bincount(labels.ravel())
    if len(sizes) == 1:
        return np.zeros_like(solid)
    largest: Booleans = labels == np.argmax(sizes[1:]) + 1
    return largest


def without_holes(solid: Booleans, largest_hole: int | None = None) -> Booleans:
    """The solid with the holes of each slice filled, up to a number of voxels if one is given."""
    gaps = ~np.pad(solid, ((0, 0), (1, 1), (1, 1)))
    sheet = gaps.reshape(-1, gaps.shape[2])
    labels = cc3d.connected_components(sheet, connectivity=4).reshape(gaps.shape)
    sizes = np.bincount(labels.ravel())
    is_filled = sizes <= (solid.size if largest_hole is None else largest_hole)
    is_filled[labels[0, 0, 0]] = False  # beyond the border
    is_filled[0] = True  # the solid itself
    filled: Booleans = is_filled[labels][:, 1:-1, 1:-1]
    return filled


def box_of(solid: Booleans) -> Box:
    """The smallest box that holds the solid, which must not be empty."""
    hits = [np.flatnonzero(solid.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    first, second, third = (slice(int(hit[0]), int(hit[-1]) + 1) for hit in hits)
    return first, second, third


def widened(box: Box, margin_mm: float, spacing_mm: Spacing, shape: tuple[int, ...]) -> Box:
    """The box with a margin, inside an array of this shape."""
    reach = [int(np.ceil(margin_mm / step)) for step in spacing_mm]
    first, second, third = (
        slice(max(side.start - n, 0), min(side.stop + n, size))
        for side, n, size in zip(box, reach, shape, strict=True)
    )
    return first, second, third


def shrunk_in_plane(solid: Booleans) -> Booleans:
    """Without the voxels that have a neighbour outside in their slice; beyond the border counts."""
    framed = np.pad(solid, ((0, 0), (1, 1), (1, 1)), mode="edge")
    inner = framed[:, 1:-1, 1:-1] & framed[:, :-2, 1:-1] & framed[:, 2:, 1:-1]
    result: Booleans = inner & framed[:, 1:-1, :-2] & framed[:, 1:-1, 2:]
    return result


def grown_in_plane(solid: Booleans) -> Booleans:
    """With the four neighbours in its slice of every voxel."""
    return ~shrunk_in_plane(~solid)
