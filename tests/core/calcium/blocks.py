"""Small scans of known calcium: blocks in soft tissue, worked out by hand."""

from collections.abc import Sequence

import numpy as np

from core.geometry import VolumeGeometry
from core.volume import Volume

TISSUE_HU = 40
AXIAL = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])

Block = tuple[slice, slice, slice, int]
"""Slices, rows, columns, HU."""


def scan(
    blocks: Sequence[Block],
    *,
    shape: tuple[int, int, int] = (6, 40, 40),
    spacing_mm: tuple[float, float, float] = (3.0, 1.0, 1.0),
    axes: np.ndarray = AXIAL,
) -> Volume:
    """Soft tissue with blocks of other values."""
    hu = np.full(shape, TISSUE_HU, dtype=np.int16)
    for slices, rows, columns, value in blocks:
        hu[slices, rows, columns] = value
    return Volume(hu, VolumeGeometry.from_axes(shape, (-20.0, -20.0, 5.0), axes, spacing_mm))


def at(volume: Volume, index: Sequence[float]) -> np.ndarray:
    """LPS of a voxel."""
    return volume.geometry.to_patient(index)
