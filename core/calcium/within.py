"""Which candidates lie in a region, such as the heart."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.calcium.candidates import Candidates, grouped
from core.calcium.lesion import Voxels
from core.geometry import VolumeGeometry
from core.volume import Mask, Volume
from core.voxel_runs import Runs, runs_of_voxels, voxels_of

CHUNK_RUNS = 4096
"""Runs looked at together: the places of every bright voxel of a chest would fill memory."""


def is_inside(voxels: Voxels, geometry: VolumeGeometry, mask: Mask) -> NDArray[np.bool_]:
    """True for the voxels whose centre lies in a labelled voxel of the mask.

    Args:
        voxels: (n, 3) indices of `geometry`.
        geometry: Of the scan.
        mask: Labels > 0, on a grid of its own.
    """
    index = np.rint(mask.geometry.to_index(geometry.to_patient(voxels))).astype(np.int64)
    held = np.all((index >= 0) & (index < mask.geometry.shape), axis=1)
    inside = np.zeros(len(voxels), dtype=np.bool_)
    inside[held] = mask.labels[tuple(index[held].T)] > 0
    return inside


def candidates_within(candidates: Candidates, volume: Volume, mask: Mask) -> Candidates:
    """The candidates of a region alone: what reaches beyond it is cut off at its border.

    Args:
        candidates: Of the whole scan.
        volume: The scan.
        mask: Labels > 0 are the region.
    """
    voxels = np.concatenate(list(_inside(candidates.runs, volume.geometry, mask)))
    runs = runs_of_voxels(voxels, volume.geometry.shape)
    return grouped(runs, volume.hu[tuple(voxels.T)], volume.geometry, candidates.rule)


def _inside(runs: Runs, geometry: VolumeGeometry, mask: Mask) -> Iterator[Voxels]:
    """The voxels of the runs that lie in the mask, some at a time."""
    for first in range(0, max(len(runs.start), 1), CHUNK_RUNS):
        chunk = slice(first, first + CHUNK_RUNS)
        voxels = voxels_of(Runs(runs.start[chunk], runs.stop[chunk], runs.shape))
        yield voxels[is_inside(voxels, geometry, mask)]
