"""The heart region as a box that the reader draws, where no lungs tell where the heart is."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.geometry import VolumeGeometry
from core.progress import Progress
from core.volume import Mask
from viewer.view_state import Point

if TYPE_CHECKING:
    from core.calcium_case import CalciumCase

LEAST_PX = 1.0
"""A box is at least one pixel wide and high."""


def box_between(geometry: VolumeGeometry, first_mm: Point, second_mm: Point) -> Mask:
    """A box through all slices, as a mask of one cell.

    Args:
        geometry: Of the scan.
        first_mm: A corner in an axial slice, LPS.
        second_mm: The corner opposite.
    """
    ends = geometry.to_index((first_mm, second_mm))
    ends[:, 0] = -0.5, geometry.shape[0] - 0.5
    size = np.maximum(np.abs(ends[1] - ends[0]), LEAST_PX)
    affine = np.array(geometry.affine)
    affine[:3, :3] *= size
    affine[:3, 3] = geometry.to_patient(ends.mean(axis=0))
    cell = VolumeGeometry((1, 1, 1), affine, geometry.frame_of_reference_uid)
    return Mask(np.ones((1, 1, 1), dtype=np.uint8), cell)


def corners_mm(box: Mask) -> list[Point]:
    """The eight corners of a box."""
    places = np.stack(np.meshgrid(*[(-0.5, 0.5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return [(x, y, z) for x, y, z in box.geometry.to_patient(places).tolist()]


def with_box(case: "CalciumCase", box: Mask, progress: Progress) -> "CalciumCase":
    """The same scan with the box as its heart region."""
    from core.calcium.within import candidates_within

    progress.step(0.0, "Finding the candidates in the box")
    return replace(case, heart=box, in_heart=candidates_within(case.candidates, case.volume, box))
