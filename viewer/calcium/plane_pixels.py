"""Candidates and lesions as pixels of a shown slice, in the order of the screen."""

import numpy as np
from numpy.typing import NDArray

from core.calcium.candidates import Candidates
from core.calcium.lesion import Voxels
from core.views.planes import Plane, slice_values

Picture = NDArray[np.int32]
Segments = NDArray[np.float64]


def part_pixels(candidates: Candidates, plane: Plane, index: int) -> Picture:
    """Index of the part plus 1 at every pixel of a slice, 0 where there is none."""
    if plane is Plane.AXIAL:
        return candidates.part_image(index)
    runs, shape = candidates.runs, candidates.geometry.shape
    if plane is Plane.CORONAL:
        kept = runs.rows == index
        cut = runs.kept(kept)
        lengths = cut.lengths
        along = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        where = (np.repeat(cut.slices, lengths), np.repeat(cut.columns, lengths) + along)
        picture = np.zeros((shape[0], shape[2]), dtype=np.int32)
        picture[where] = np.repeat(candidates.parts.of_run[kept] + 1, lengths)
    else:
        kept = (runs.columns <= index) & (index < runs.columns + runs.lengths)
        cut = runs.kept(kept)
        picture = np.zeros(shape[:2], dtype=np.int32)
        picture[cut.slices, cut.rows] = candidates.parts.of_run[kept] + 1
    return np.ascontiguousarray(picture[::-1])  # the head is at the top


def lesion_pixels(
    voxels: Voxels, shape: tuple[int, int, int], plane: Plane, block: range
) -> NDArray[np.bool_]:
    """True at the pixels that a lesion holds in any of the slices that are seen together."""
    along = voxels[:, plane.axis]
    places = voxels[(along >= block.start) & (along < block.stop)].copy()
    thin = [1 if axis == plane.axis else count for axis, count in enumerate(shape)]
    mask = np.zeros(thin, dtype=np.bool_)
    places[:, plane.axis] = 0
    mask[tuple(places.T)] = True
    return np.ascontiguousarray(slice_values(mask, plane, 0))


def outline(mask: NDArray[np.bool_]) -> Segments:
    """Edges between pixels inside and outside, as (n, 4) of (column, row, column, row).

    Corners count from the upper left corner of the picture, so that pixel (0, 0) reaches from 0
    to 1. Edges in one line are joined.
    """
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(rows):
        return np.zeros((0, 4))
    top, left = int(rows[0]), int(columns[0])
    box = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    lying = _joined(box[1:] != box[:-1])
    upright = _joined((box[:, 1:] != box[:, :-1]).T)
    shift = np.array([left - 1.0, top - 1.0, left - 1.0, top - 1.0])
    lying_segments = np.stack((lying[1], lying[0] + 1, lying[2], lying[0] + 1), axis=1)
    upright_segments = np.stack((upright[0] + 1, upright[1], upright[0] + 1, upright[2]), axis=1)
    segments: Segments = np.concatenate((lying_segments, upright_segments)) + shift
    return segments


def _joined(edges: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """(line, first, stop) of every stretch of edges along the second axis."""
    framed = np.pad(edges, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(framed, axis=1)
    lines, first = np.nonzero(steps == 1)
    _, stop = np.nonzero(steps == -1)
    return lines, first, stop
