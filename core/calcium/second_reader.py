"""What was left unclicked in the heart, the largest first. Never adds anything by itself."""

from dataclasses import dataclass

import numpy as np

from core.calcium.candidates import Candidates
from core.calcium.marking import Marks
from core.voxel_runs import voxels_of


@dataclass(frozen=True)
class LeftOver:
    """A candidate that nobody marked.

    Attributes:
        point_mm: A voxel of it, LPS: where to look and to click.
        agatston: Its points.
        area_mm2: Its largest part.
        max_hu: Its maximum.
    """

    point_mm: tuple[float, float, float]
    agatston: float
    area_mm2: float
    max_hu: int


def left_over(in_heart: Candidates, marks: Marks) -> tuple[LeftOver, ...]:
    """Candidates of the heart with no voxel in any marked lesion, most points first.

    Args:
        in_heart: `core.calcium.within.candidates_within` of the heart region.
        marks: What was marked, "other" too: seen and judged not coronary.
    """
    shape = in_heart.geometry.shape
    voxels = voxels_of(in_heart.runs)
    part = np.repeat(in_heart.parts.of_run, in_heart.runs.lengths)
    lesion = in_heart.lesion_of_part[part]
    flat = np.ravel_multi_index(tuple(voxels.T), shape)
    taken = [np.ravel_multi_index(tuple(each.voxels.T), shape) for each in marks.lesions]
    is_taken = np.isin(flat, np.concatenate(taken)) if taken else np.zeros(len(flat), np.bool_)
    met = np.zeros(in_heart.lesion_count, dtype=np.bool_)
    met[lesion[is_taken]] = True
    rest = np.flatnonzero(~met)
    order = rest[np.argsort(-in_heart.agatston[rest], kind="stable")]
    first_voxel = np.full(in_heart.lesion_count, -1)
    first_voxel[lesion[::-1]] = np.arange(len(voxels))[::-1]
    largest = np.zeros(in_heart.lesion_count)
    np.maximum.at(largest, in_heart.lesion_of_part, in_heart.parts.area_mm2)
    found = []
    for number in order:
        x, y, z = in_heart.geometry.to_patient(voxels[first_voxel[number]])
        found.append(
            LeftOver(
                (float(x), float(y), float(z)),
                float(in_heart.agatston[number]),
                float(largest[number]),
                int(in_heart.max_hu[number]),
            )
        )
    return tuple(found)
