"""Many tubes at once: thin ones as lines of points, thick ones as distances in small blocks.

A tube thinner than a pixel covers a voxel by its share of the cross-section; summing points gives
that share without evaluating a shape for each of thousands of twigs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats
from core.phantom.lung_space import LungSpace
from core.phantom.shapes import FAR_MM, Distance

THIN_PX = 0.7
"""Tubes of a radius under this are drawn as lines of points."""

STEP_PX = 0.6
"""Distance of the points of a thin tube."""

PIECE_PX = 3.0
"""A thick tube is cut into pieces no longer than this or than its radius."""

BLOCK_VOXELS = 1_500_000
"""Voxels whose distances are worked out at once."""


@dataclass(frozen=True, eq=False)
class Tubes:
    """Round tubes that taper from one radius to another.

    Attributes:
        starts_mm: LPS (n, 3).
        ends_mm: LPS (n, 3).
        radii_mm: At start and end, (n, 2).
    """

    starts_mm: Floats
    ends_mm: Floats
    radii_mm: Floats

    def only(self, chosen: NDArray[np.bool_]) -> "Tubes":
        """Those marked in `chosen`, (n,)."""
        return Tubes(self.starts_mm[chosen], self.ends_mm[chosen], self.radii_mm[chosen])

    @property
    def lengths_mm(self) -> Floats:
        """From start to end, (n,)."""
        lengths: Floats = np.linalg.norm(self.ends_mm - self.starts_mm, axis=1)
        return lengths

    def cut(self, counts: NDArray[np.intp]) -> "Tubes":
        """Each tube as so many pieces of equal length."""
        which = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        low, high = (((place + k) / counts[which])[:, None] for k in (0, 1))
        run = (self.ends_mm - self.starts_mm)[which]
        start, swell = self.starts_mm[which], (self.radii_mm[:, 1] - self.radii_mm[:, 0])[which]
        radius = self.radii_mm[which, 0]
        radii = np.concatenate([radius[:, None] + swell[:, None] * t for t in (low, high)], axis=1)
        return Tubes(start + run * low, start + run * high, radii)


def joined(*several: Tubes) -> Tubes:
    """All tubes as one."""
    return Tubes(
        np.concatenate([t.starts_mm for t in several]),
        np.concatenate([t.ends_mm for t in several]),
        np.concatenate([t.radii_mm for t in several]),
    )


def tube_cover(space: LungSpace, tubes: Tubes) -> Distance:
    """Share of every voxel that lies in some tube; float32 0..1 on the box of `space`."""
    thin = tubes.radii_mm.mean(1) < THIN_PX * space.pixel_mm
    cover = _lines(space, tubes.only(thin))
    thick = space.cover(tube_distance(space, tubes.only(~thin), space.pixel_mm))
    return np.maximum(cover, thick, out=cover)


def _lines(space: LungSpace, tubes: Tubes) -> Distance:
    """Cover by thin tubes: points weighted by cross-section, shared among eight voxels each."""
    cover = np.zeros(space.shape, np.float32)
    counts = np.maximum(np.ceil(tubes.lengths_mm / (STEP_PX * space.pixel_mm)), 1).astype(np.intp)
    pieces = tubes.cut(counts)
    area_mm2 = np.pi * pieces.radii_mm.mean(1) ** 2
    weight = area_mm2 * pieces.lengths_mm / np.prod(space.spacing_mm)
    place = space.index((pieces.starts_mm + pieces.ends_mm) / 2)
    low = np.floor(place)
    known = ((low >= 0) & (low < np.array(space.shape) - 1)).all(1)
    low, place, weight = low[known].astype(np.intp), (place - low)[known], weight[known]
    _, rows, columns = space.shape
    for corner in np.ndindex(2, 2, 2):
        share = weight * np.prod(np.where(corner, place, 1 - place), axis=1)
        k, j, i = (low + corner).T
        np.add.at(cover.ravel(), (k * rows + j) * columns + i, share.astype(np.float32))
    return np.minimum(cover, 1, out=cover)


def tube_distance(space: LungSpace, tubes: Tubes, margin_mm: float) -> Distance:
    """Distance to the nearest tube, exact up to `margin_mm` outside, far beyond; float32.

    Args:
        space: Where distances are wanted.
        tubes: Any number of them.
        margin_mm: How far outside a tube its distance is needed.
    """
    field = np.full(space.shape, FAR_MM, np.float32)
    longest = np.maximum(PIECE_PX * space.pixel_mm, tubes.radii_mm.max(1, initial=0))
    pieces = tubes.cut(np.ceil(tubes.lengths_mm / longest).astype(np.intp).clip(1))
    reach_mm = pieces.radii_mm.max(1, initial=0) + margin_mm
    boxes = np.abs(pieces.ends_mm - pieces.starts_mm)[:, ::-1] / 2 + reach_mm[:, None]
    # Pieces of about the same extent share a stencil; odd sizes keep the number of kinds low.
    half = (np.ceil(boxes / space.spacing_mm / 2 + 0.25) * 2).astype(np.intp)
    kinds, which = np.unique(half, axis=0, return_inverse=True)
    for number, extent in enumerate(kinds):
        own = np.flatnonzero(which.ravel() == number)
        stencil = np.indices(2 * extent + 1).reshape(3, -1).T - extent
        at_once = max(BLOCK_VOXELS // len(stencil), 1)
        for first in range(0, len(own), at_once):
            chosen = np.zeros(len(which), bool)
            chosen[own[first : first + at_once]] = True
            _lower(field, space, pieces.only(chosen), stencil, margin_mm)
    return field


def _lower(
    field: Distance,
    space: LungSpace,
    pieces: Tubes,
    stencil: NDArray[np.intp],
    margin_mm: float,
) -> None:
    """Bring `field` down to the distance of pieces in the voxels of a stencil round each."""
    middle = np.rint(space.index((pieces.starts_mm + pieces.ends_mm) / 2)).astype(np.intp)
    voxels = middle[:, None, :] + stencil[None]
    origin = space.index(np.zeros((1, 3)))[0]
    run = (pieces.ends_mm - pieces.starts_mm).astype(np.float32)
    length2 = np.maximum((run**2).sum(1), np.float32(1e-6))[:, None]
    off = [
        ((voxels[..., 2 - k] - origin[2 - k]) * space.spacing_mm[2 - k]).astype(np.float32)
        - pieces.starts_mm[:, k, None].astype(np.float32)
        for k in range(3)
    ]
    along = sum(off[k] * run[:, k, None] for k in range(3)) / length2
    along = np.clip(along, 0, 1)
    apart2 = sum((off[k] - along * run[:, k, None]) ** 2 for k in range(3))
    radii = pieces.radii_mm.astype(np.float32)
    distance = np.sqrt(apart2) - (radii[:, :1] + along * (radii[:, 1:] - radii[:, :1]))
    inside = ((voxels >= 0) & (voxels < np.array(space.shape))).all(2) & (distance < margin_mm)
    k, j, i = voxels[inside].T
    _, rows, columns = space.shape
    np.minimum.at(field.ravel(), (k * rows + j) * columns + i, distance[inside])
