"""Grids for tests: slices to the head, rows to the back, columns to the left, round LPS 0, 0, 0."""

import numpy as np
from numpy.typing import ArrayLike

from core.geometry import VolumeGeometry

WHOLE = ((64, 96, 96), (5.0, 4.0, 4.0))
"""Shape and spacing that hold the whole thorax, coarse and quick."""


def centred(
    shape: tuple[int, int, int], spacing_mm: ArrayLike, middle_mm: ArrayLike = (0.0, 0.0, 0.0)
) -> VolumeGeometry:
    """A grid whose middle lies at `middle_mm` (LPS)."""
    half_mm = [(n - 1) / 2 * step for n, step in zip(shape, spacing_mm, strict=True)][::-1]
    head_back_left = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    return VolumeGeometry.from_axes(
        shape, np.subtract(middle_mm, half_mm), head_back_left, spacing_mm
    )
