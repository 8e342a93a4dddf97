"""The right and the left lung of a chest CT, after Liao et al. (team grt123, DSB 2017).

Constants are the published ones. Corrected here: matrices may be rectangular, the blur and all
distances but the erosions are in mm of the scan's own geometry, and a scan without lungs gives an
error in words instead of a crash.
"""

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelInputError
from core.preprocessing.air import air_in_slices
from core.preprocessing.air_runs import Booleans
from core.preprocessing.lung_parts import lung_parts
from core.preprocessing.lung_split import filled_holes, filled_slices, two_lungs
from core.progress import Progress, Silent, Span
from core.volume import Mask, Volume

RIGHT_LUNG = 1
LEFT_LUNG = 2
MM3_PER_LITRE = 1e6
LEAST_LUNG_L = 0.68
"""A lung smaller than this is doubtful: the smallest part that the published rule accepts."""
GREATEST_LUNG_RATIO = 4.8
"""Lungs that differ by more are doubtful: the published limit for telling two lungs."""
BODY_ABOVE_HU = -500
BODY_STRIDE = 4
"""Every fourth voxel is enough to find the middle of the body."""


def find_lungs(volume: Volume, progress: Progress = Silent()) -> Mask:
    """Label the lungs: 1 right, 2 left, 0 elsewhere; airways outside the lungs are not lung.

    Where the two lungs cannot be told apart (one is missing, or much smaller), each voxel gets the
    label of its side of the body; `lung_warnings` then says what is doubtful.

    Args:
        volume: Slices towards the head, rows to the back, columns to the patient's left
            (see `core.preprocessing.reorient`).
        progress: Stepped through the work; may cancel it.

    Raises:
        ModelInputError: No part of the scan looks like a lung.
    """
    air = air_in_slices(volume, Span(progress, 0.0, 0.5))
    progress.step(0.5, "Finding the lungs")
    mask = lung_parts(air, volume.geometry)
    if not mask.any():
        raise ModelInputError(
            "No lungs were found: expected an air-filled part of 0.68 to 7.5 L near the middle of"
            f" the scan, found none in {volume.geometry.shape[0]} slices.",
            "Choose a series that shows the whole chest, in hounsfield units.",
        )
    box = _bounding_box(mask)
    progress.step(0.7, "Parting the lungs")
    labels = np.zeros(volume.geometry.shape, dtype=np.uint8)
    labels[box] = _labelled(filled_holes(mask[box]), box, volume)
    progress.step(1.0, "Lungs found")
    return Mask(labels, volume.geometry)


def lung_volumes_l(lungs: Mask) -> tuple[float, float]:
    """Volumes of the right and of the left lung in litres."""
    counts = np.bincount(lungs.labels.ravel(), minlength=3)
    litres = counts * lungs.geometry.voxel_volume_mm3 / MM3_PER_LITRE
    return float(litres[RIGHT_LUNG]), float(litres[LEFT_LUNG])


def lung_warnings(lungs: Mask) -> tuple[str, ...]:
    """What is doubtful about the lungs, in words; empty if nothing is."""
    volumes_l = lung_volumes_l(lungs)
    warnings = [
        f"{side} lung {volume_l:.1f} L, less than {LEAST_LUNG_L} L: mask may be incomplete"
        for side, volume_l in zip(("right", "left"), volumes_l, strict=True)
        if volume_l < LEAST_LUNG_L
    ]
    if max(volumes_l) > GREATEST_LUNG_RATIO * min(volumes_l):
        warnings.append(
            f"lungs of {volumes_l[0]:.1f} L (right) and {volumes_l[1]:.1f} L (left) differ by more"
            f" than {GREATEST_LUNG_RATIO} times: they may not be told apart correctly"
        )
    if np.any(lungs.labels[0]) or np.any(lungs.labels[-1]):
        warnings.append("the scan ends within the lungs: they are not shown as a whole")
    return tuple(warnings)


def _bounding_box(mask: Booleans) -> tuple[slice, slice, slice]:
    in_slices = np.flatnonzero(mask.any(axis=(1, 2)))
    projection: Booleans = np.any(mask, axis=0)
    in_rows = np.flatnonzero(projection.any(axis=1))
    in_columns = np.flatnonzero(projection.any(axis=0))
    along = [slice(int(hit[0]), int(hit[-1]) + 1) for hit in (in_slices, in_rows, in_columns)]
    return along[0], along[1], along[2]


def _labelled(mask: Booleans, box: tuple[slice, slice, slice], volume: Volume) -> NDArray[np.uint8]:
    """Labels of the mask's box."""
    labels = np.zeros(mask.shape, dtype=np.uint8)
    lungs = two_lungs(mask, volume.geometry.spacing_mm)
    if lungs is None:
        filled = filled_slices(mask)
        middle = _body_middle_column(volume, box[0]) - box[2].start
        columns = np.arange(mask.shape[2])
        side = np.where(columns < middle, RIGHT_LUNG, LEFT_LUNG).astype(np.uint8)
        return np.where(filled, side, labels)
    right, left = sorted(lungs, key=_mean_column)
    labels[left] = LEFT_LUNG
    labels[right] = RIGHT_LUNG
    return labels


def _mean_column(mask: Booleans) -> float:
    counts = mask.sum(axis=(0, 1))
    return float(np.average(np.arange(len(counts)), weights=counts))


def _body_middle_column(volume: Volume, slices: slice) -> float:
    sample = volume.hu[slices, ::BODY_STRIDE] > BODY_ABOVE_HU
    return _mean_column(sample)
