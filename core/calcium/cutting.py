"""Parting a lesion that crosses from one vessel into another."""

import numpy as np
from numpy.typing import NDArray

from core.calcium.edits import Cut
from core.calcium.lesion import Voxels
from core.volume import Volume


def crosses(voxels: Voxels, volume: Volume, cut: Cut) -> bool:
    """True if the line, moved along the slices, has voxels of the lesion on both its sides."""
    along, aside = _along_and_aside(voxels, volume, cut)
    beside = (along >= 0) & (along <= 1)
    return bool((aside[beside] > 0).any() and (aside[beside] <= 0).any())


def parted(voxels: Voxels, volume: Volume, cut: Cut) -> tuple[Voxels, Voxels]:
    """The voxels on the one and on the other side of the line, none lost."""
    _, aside = _along_and_aside(voxels, volume, cut)
    return voxels[aside <= 0], voxels[aside > 0]


def _along_and_aside(
    voxels: Voxels, volume: Volume, cut: Cut
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place along the line (0 at its start, 1 at its end), and mm beside it within the slice."""
    geometry = volume.geometry
    scale = np.array(geometry.spacing_mm)[1:]
    start, end = (geometry.to_index(point)[1:] * scale for point in (cut.start_mm, cut.end_mm))
    line = end - start
    length_mm = max(float(np.hypot(*line)), 1e-9)
    away = voxels[:, 1:] * scale - start
    along = away @ line / length_mm**2
    aside = (line[0] * away[:, 1] - line[1] * away[:, 0]) / length_mm
    return along, aside
