"""Where the vertebral column runs: the densest place between the lungs, followed up and down."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter

from core.geometry import Floats
from core.preprocessing.solids import Booleans, Spacing, box_of

WINDOW_MM = (21.0, 55.0, 45.0)
"""Size along (slice, row, column) in which density is counted."""
DENSE_HU = (100, 250)
"""Counted from the first on; what is denser than the second counts no more: metal, thick cortex."""
START_ASIDE_MM, ASIDE_MM = 35.0, 70.0
"""How far from the middle between the lungs the column is sought at first, and may run."""
MOST_SLOPE = 1.0
"""The column leaves the direction of the slices by no more than 45 degrees."""
HALF_WIDTH_MM, FRONT_MM, BACK_MM = 25.0, 45.0, 70.0
"""What counts as spine, from the axis. The tips of transverse processes lie beyond, and count with
the ribs that they carry."""
BODY_DEPTH_MM, BODY_HALF_WIDTH_MM = 25.0, 8.0
FRONT_SMOOTH_MM = 40.0


def spine_axis(hu: NDArray[np.int16], lungs: Booleans, spacing_mm: Spacing) -> Floats:
    """(row, column) of the densest place of the vertebral column in every slice.

    Sought behind the middle of the lungs where it is plainest, and followed from there.

    Args:
        hu: Means of blocks (slice, row, column).
        lungs: True in the lungs; not empty.
        spacing_mm: Of the blocks.
    """
    slices, rows, columns = box_of(lungs)
    middle = (columns.start + columns.stop) // 2
    aside, start_aside = (round(mm / spacing_mm[2]) for mm in (ASIDE_MM, START_ASIDE_MM))
    first_row = (rows.start + rows.stop) // 2
    first_column = max(middle - aside, 0)
    behind = round(START_ASIDE_MM / spacing_mm[1])
    strip = hu[:, first_row : rows.stop + behind, first_column : middle + aside + 1]
    dense = (np.clip(strip, *DENSE_HU) - DENSE_HU[0]).astype(np.float32)
    size = [max(1, round(mm / step)) for mm, step in zip(WINDOW_MM, spacing_mm, strict=True)]
    density = uniform_filter(dense, size, mode="constant")
    low = max(middle - start_aside - first_column, 0)
    central = density[slices, :, low : middle + start_aside + 1 - first_column]
    start, row, column = np.unravel_index(int(central.argmax()), central.shape)
    path = _followed(density, int(start) + slices.start, (int(row), int(column) + low), spacing_mm)
    axis: Floats = path + np.array((first_row, first_column))
    return axis


def _followed(
    density: NDArray[np.float32], start: int, place: tuple[int, int], spacing_mm: Spacing
) -> Floats:
    most = [max(1, round(MOST_SLOPE * spacing_mm[0] / step)) for step in spacing_mm[1:]]
    path = np.empty((len(density), 2))
    path[start] = place
    for order in (range(start + 1, len(density)), range(start - 1, -1, -1)):
        here = place
        for index in order:
            here = _densest_near(density[index], here, most)
            path[index] = here
    return path


def _densest_near(
    density: NDArray[np.float32], here: tuple[int, int], most: list[int]
) -> tuple[int, int]:
    """The densest place within some steps; the same place where nothing is dense."""
    top, left = max(here[0] - most[0], 0), max(here[1] - most[1], 0)
    window = density[top : here[0] + most[0] + 1, left : here[1] + most[1] + 1]
    if window.max() <= 0:
        return here
    row, column = np.unravel_index(int(window.argmax()), window.shape)
    return int(row) + top, int(column) + left


def spine_zone(axis: Floats, shape: tuple[int, ...], spacing_mm: Spacing) -> Booleans:
    """Where bone is spine."""
    behind_mm = (np.arange(shape[1]) - axis[:, :1]) * spacing_mm[1]
    aside_mm = np.abs(np.arange(shape[2]) - axis[:, 1:]) * spacing_mm[2]
    along = (behind_mm > -FRONT_MM) & (behind_mm < BACK_MM)
    zone: Booleans = along[:, :, None] & (aside_mm < HALF_WIDTH_MM)[:, None]
    return zone


def spine_front(spine: Booleans, axis: Floats, spacing_mm: Spacing) -> Floats:
    """Row of the front of the vertebral bodies in every slice, smooth along the column.

    Where a slice shows none: 25 mm in front of the axis; never further than 50 mm.
    """
    half = round(BODY_HALF_WIDTH_MM / spacing_mm[2])
    depth = BODY_DEPTH_MM / spacing_mm[1]
    front = axis[:, 0] - depth
    for index, column in enumerate(axis[:, 1].astype(int)):
        middle = spine[index, :, max(column - half, 0) : column + half + 1].any(axis=1)
        if middle.any():
            front[index] = max(middle.argmax(), axis[index, 0] - 2 * depth)
    size = 2 * round(FRONT_SMOOTH_MM / 2 / spacing_mm[0]) + 1
    smooth: Floats = median_filter(front, size, mode="nearest")
    return smooth
