"""How well a saliency map points at a place that is known to be the cause.

Only a phantom knows: there the disease that raised the risk lies under a mask. Everything is
measured in the space of that mask, in millimetres, within the region that the model is shown: a map
cannot be asked for what lies outside.

Pointing game and its tolerance: Zhang et al. 2018 (arXiv:1608.00507; 15 pixels of a photograph,
here 10 mm, about a cell of GradCAM). Energy inside: Wang et al. 2020 (Score-CAM, arXiv:1910.01279).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from core.geometry import Floats, VolumeGeometry
from core.metrics.classification import average_precision
from core.volume import Mask, SaliencyMap

TOLERANCE_MM = 10.0


@dataclass(frozen=True)
class TruthScores:
    """Agreement of one map with one truth.

    Attributes:
        hit: The map's highest place lies in the truth or within the tolerance of it; of several
            equally high places, the share that does.
        hit_by_chance: The share of the region that would be a hit.
        energy_inside: Share of the map's sum that lies in the truth; of a signed map, of what
            raises the target.
        truth_share: Share of the region that is truth: what a map without any idea gets as energy.
        overlap: Intersection over union of the thresholded map and the truth.
        average_precision: Area under precision and recall of the map's values, voxel by voxel; a
            map without any idea gets `truth_share`.
    """

    hit: float
    hit_by_chance: float
    energy_inside: float
    truth_share: float
    overlap: float
    average_precision: float


def truth_scores(
    saliency: SaliencyMap, truth: Mask, region: Mask, *, tolerance_mm: float = TOLERANCE_MM
) -> TruthScores:
    """Measure a map against a truth.

    Args:
        saliency: Up to 1 on its own grid, not thresholded.
        truth: Labels > 0 are the cause.
        region: On the grid of `truth`; labels > 0 are what the model is shown.
        tolerance_mm: How far from the truth the highest place still counts.

    Raises:
        ValueError: Truth and region lie on different grids, or nothing of the truth is shown.
    """
    if not truth.geometry.agrees_with(region.geometry):
        raise ValueError("truth and region must lie on one grid")
    shown = region.labels > 0
    wanted = (truth.labels > 0) & shown
    if not wanted.any():
        raise ValueError("nothing of the truth lies in the region that the model is shown")
    values = np.maximum(_sampled(saliency, truth.geometry)[shown], 0)
    near = (_distance_mm(wanted, truth.geometry) <= tolerance_mm)[shown]
    inside = wanted[shown]
    highest = values == values.max()
    total = float(values.sum(dtype=np.float64))
    marked = values >= saliency.threshold if values.max() > 0 else np.zeros_like(inside)
    either = int((marked | inside).sum())
    return TruthScores(
        hit=float(near[highest].mean()),
        hit_by_chance=float(near.mean()),
        energy_inside=float(values[inside].sum(dtype=np.float64)) / total if total else 0.0,
        truth_share=float(inside.mean()),
        overlap=int((marked & inside).sum()) / either,
        average_precision=average_precision(inside, values),
    )


def highest_place(saliency: SaliencyMap, region: Mask) -> tuple[int, int, int] | None:
    """The voxel of the region, on its grid, nearest to the centre of the map's highest cell there.

    None where the map is empty within the region: there is no highest place then.

    Args:
        saliency: 0..1 on its own grid, not thresholded.
        region: Labels > 0 are what the model is shown.

    Raises:
        ValueError: The region is empty.
    """
    shown = np.argwhere(region.labels > 0)
    if not len(shown):
        raise ValueError("the region is empty: the model is shown nothing")
    values = _sampled(saliency, region.geometry)[tuple(shown.T)]
    if values.max() <= 0:
        return None
    highest = region.geometry.to_patient(shown[values.argmax()])
    cell = saliency.geometry.to_index(highest).round()
    centre = region.geometry.to_index(saliency.geometry.to_patient(cell))
    nearest = ((shown - centre) * region.geometry.spacing_mm) ** 2
    k, row, column = shown[nearest.sum(axis=1).argmin()].tolist()
    return k, row, column


def _sampled(saliency: SaliencyMap, grid: VolumeGeometry) -> NDArray[np.float32]:
    """The map at the grid's voxel centres, the nearest cell as it stands; 0 outside of it."""
    to_map: Floats = np.linalg.inv(saliency.geometry.affine) @ grid.affine
    cells = saliency.values.shape
    sampled = np.zeros(grid.shape, np.float32)
    plane = np.indices(grid.shape[1:], dtype=np.float64)
    for k in range(grid.shape[0]):
        index = [
            np.rint(row[0] * k + row[1] * plane[0] + row[2] * plane[1] + row[3]).astype(np.intp)
            for row in to_map[:3]
        ]
        within = np.ones(grid.shape[1:], np.bool_)
        for axis, count in zip(index, cells, strict=True):
            within &= (axis >= 0) & (axis < count)
            np.clip(axis, 0, count - 1, out=axis)
        sampled[k] = np.where(within, saliency.values[index[0], index[1], index[2]], 0)
    return sampled


def _distance_mm(inside: NDArray[np.bool_], grid: VolumeGeometry) -> NDArray[np.floating]:
    distance: NDArray[np.floating] = distance_transform_edt(~inside, sampling=grid.spacing_mm)
    return distance
