"""The lungs that the models were made with: the rule of Liao et al. (team grt123, DSB 2017).

Constants are the published ones. Corrected here: matrices may be rectangular, the blur and all
distances are in mm of the scan's own geometry, and a scan without lungs gives an error in words
instead of a crash.
"""

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelInputError
from core.preprocessing.lung_parts import lung_parts
from core.preprocessing.lung_split import two_lungs
from core.volume import Volume
from core.voxel_runs import Runs, filled

BODY_ABOVE_HU = -500
BODY_STRIDE = 4
"""Every fourth voxel is enough to find the middle of the body."""


def model_lungs(air: Runs, volume: Volume) -> tuple[Runs, Runs]:
    """The right and the left lung by the published rule; vessels at the hilum are not in them.

    Where the two lungs cannot be told apart (one is missing, or much smaller), each voxel goes to
    its side of the body.

    Args:
        air: Plausible air of every slice.
        volume: Slices towards the head, rows to the back, columns to the patient's left.

    Raises:
        ModelInputError: No part of the scan looks like a lung.
    """
    both = lung_parts(air, volume.geometry)
    if not len(both.start):
        raise ModelInputError(
            "No lungs were found: expected an air-filled part of 0.68 to 7.5 L near the middle of"
            f" the scan, found none in {volume.geometry.shape[0]} slices.",
            "Choose a series that shows the whole chest, in hounsfield units.",
        )
    lungs = two_lungs(both, volume.geometry.spacing_mm)
    if lungs is None:
        return _sides(filled(both), _body_middle_column(volume, both.box()[0]))
    first, second = lungs
    if _mean_column(first) > _mean_column(second):
        first, second = second, first
    return first, second


def _mean_column(runs: Runs) -> float:
    return float(np.average(runs.columns + (runs.lengths - 1) / 2, weights=runs.lengths))


def _sides(runs: Runs, middle_column: float) -> tuple[Runs, Runs]:
    """What lies right and left of a column: runs that cross it are cut."""
    first_left = int(np.ceil(middle_column))
    cut = runs.start - runs.columns + first_left
    right = Runs(runs.start, np.minimum(runs.stop, cut), runs.shape)
    left = Runs(np.maximum(runs.start, cut), runs.stop, runs.shape)
    return right.kept(right.lengths > 0), left.kept(left.lengths > 0)


def _body_middle_column(volume: Volume, slices: slice) -> float:
    sample: NDArray[np.bool_] = volume.hu[slices, ::BODY_STRIDE] > BODY_ABOVE_HU
    counts = sample.sum(axis=(0, 1))
    return float(np.average(np.arange(len(counts)), weights=counts))
