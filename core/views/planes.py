"""Axial, coronal and sagittal slices of a reoriented volume, in radiological convention.

Axial: seen from the feet, patient's left on the right of the screen, front at the top.
Coronal: seen from the front, head at the top. Sagittal: front on the left, head at the top.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from core.geometry import Floats, VolumeGeometry
from core.volume import SaliencyMap, Volume

Scalar = TypeVar("Scalar", bound=np.generic)

LETTER_MINIMUM_COSINE = 0.2
"""An edge names a patient direction if it points that way by more than about 12 degrees' worth."""

PARALLEL_TOLERANCE = 1e-6
"""Off-axis cosine below which two grids count as parallel and the fast reslice is exact."""


class Plane(StrEnum):
    """The three orthogonal planes."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"

    @property
    def axis(self) -> int:
        """Index of the reoriented volume that is constant within the plane."""
        return {"axial": 0, "coronal": 1, "sagittal": 2}[self.value]


# Plane -> (index shown downwards, its sign; index shown rightwards, its sign).
_SCREEN = {
    Plane.AXIAL: ((1, 1), (2, 1)),
    Plane.CORONAL: ((0, -1), (2, 1)),
    Plane.SAGITTAL: ((0, -1), (1, 1)),
}


@dataclass(frozen=True, eq=False)
class SliceGeometry:
    """Where the pixels of one shown slice lie.

    Attributes:
        plane: Which of the three planes.
        index: Slice number along the plane's axis, from 0.
        shape: (rows, columns) of the shown picture.
        affine: 4 x 3, from (row, column, 1) of a pixel centre to LPS mm, last row 0 0 1.
    """

    plane: Plane
    index: int
    shape: tuple[int, int]
    affine: Floats

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Distance of neighbouring pixels (down, right)."""
        lengths = np.linalg.norm(self.affine[:3, :2], axis=0)
        return float(lengths[0]), float(lengths[1])

    def to_patient(self, pixel: ArrayLike) -> Floats:
        """LPS mm of fractional (row, column) pixels; (..., 2) to (..., 3)."""
        points: Floats = np.asarray(pixel, float) @ self.affine[:3, :2].T + self.affine[:3, 2]
        return points

    def to_pixel(self, point_mm: ArrayLike) -> Floats:
        """Fractional (row, column) of the foot of a patient point; (..., 3) to (..., 2)."""
        offset = np.asarray(point_mm, float) - self.affine[:3, 2]
        pixels: Floats = offset @ np.linalg.pinv(self.affine[:3, :2]).T
        return pixels

    def edge_letters(self) -> dict[str, str]:
        """Patient direction at "left", "right", "top" and "bottom", such as "L" or "LPF"."""
        down, right = (self.affine[:3, k] / np.linalg.norm(self.affine[:3, k]) for k in (0, 1))
        return {
            "left": direction_letters(-right),
            "right": direction_letters(right),
            "top": direction_letters(-down),
            "bottom": direction_letters(down),
        }


def direction_letters(direction: Floats) -> str:
    """Letters of an LPS direction, the strongest first: L R, P A, H F."""
    pairs = (("L", "R"), ("P", "A"), ("H", "F"))
    strongest_first = sorted(range(3), key=lambda k: -abs(direction[k]))
    return "".join(
        pairs[k][0] if direction[k] > 0 else pairs[k][1]
        for k in strongest_first
        if abs(direction[k]) > LETTER_MINIMUM_COSINE
    )


def slice_geometry(geometry: VolumeGeometry, plane: Plane, index: int) -> SliceGeometry:
    """Place of slice `index` of a reoriented geometry as it is shown on the screen."""
    down_axis, right_axis = (axis for axis, _ in _SCREEN[plane])
    shape = (geometry.shape[down_axis], geometry.shape[right_axis])
    origin = np.zeros(3)
    origin[plane.axis] = index
    affine = np.zeros((4, 3))
    for k, (axis, sign) in enumerate(_SCREEN[plane]):
        affine[:3, k] = sign * geometry.affine[:3, axis]
        if sign < 0:
            origin[axis] = geometry.shape[axis] - 1
    affine[:3, 2] = geometry.to_patient(origin)
    affine[3, 2] = 1
    return SliceGeometry(plane, index, shape, affine)


def slice_values(values: NDArray[Scalar], plane: Plane, index: int) -> NDArray[Scalar]:
    """Pixels of slice `index` in screen order; a view, for any array of a reoriented geometry."""
    picture = np.moveaxis(values, plane.axis, 0)[index]
    down, right = (sign for _, sign in _SCREEN[plane])
    shown: NDArray[Scalar] = picture[::down, ::right]
    return shown


def slice_number(plane: Plane, index: int, count: int) -> int:
    """Number of a slice as readers count: from the head down, from front to back, right to left."""
    return count - index if plane is Plane.AXIAL else index + 1


def nearest_slice(volume: Volume, plane: Plane, point_mm: ArrayLike) -> int:
    """Number of the slice of `plane` that holds the point, clipped to the volume."""
    index = volume.geometry.to_index(point_mm)[plane.axis]
    return int(np.clip(np.rint(index), 0, volume.geometry.shape[plane.axis] - 1))


def reslice(saliency: SaliencyMap, place: SliceGeometry) -> NDArray[np.float32]:
    """Saliency at every pixel of a slice, linear between cells; 0 outside the map's grid.

    The map is taken as it is: threshold it first (`SaliencyMap.thresholded`).

    Returns:
        float32 of shape `place.shape`.
    """
    corner, down, right = _steps_in_map(saliency.geometry, place)
    down_axis, right_axis = int(np.argmax(np.abs(down))), int(np.argmax(np.abs(right)))
    off_axis = np.abs(np.delete(down, down_axis)).sum() + np.abs(np.delete(right, right_axis)).sum()
    if off_axis < PARALLEL_TOLERANCE and down_axis != right_axis:
        return _reslice_parallel(saliency.values, place.shape, corner, (down, right))
    rows, columns = np.indices(place.shape)
    where = corner[:, None, None] + down[:, None, None] * rows + right[:, None, None] * columns
    resliced: NDArray[np.float32] = map_coordinates(
        saliency.values, where, order=1, mode="grid-constant", cval=0.0
    )
    return resliced


def _steps_in_map(geometry: VolumeGeometry, place: SliceGeometry) -> tuple[Floats, Floats, Floats]:
    """Index in the map of pixel (0, 0), and its change for one pixel down and one right."""
    corners = geometry.to_index(place.to_patient([(0, 0), (1, 0), (0, 1)]))
    return corners[0], corners[1] - corners[0], corners[2] - corners[0]


def _reslice_parallel(
    values: NDArray[np.float32],
    shape: tuple[int, int],
    corner: Floats,
    steps: tuple[Floats, Floats],
) -> NDArray[np.float32]:
    """Reslice one axis after the other: the grids are parallel, so interpolation is separable.

    No matrix product: BLAS threads would wait for cores that a running model keeps busy.
    """
    axes = [int(np.argmax(np.abs(step))) for step in steps]
    through = 3 - sum(axes)
    resliced = _interpolated(values, through, corner[through : through + 1])
    for axis, step, count in zip(axes, steps, shape, strict=True):
        resliced = _interpolated(resliced, axis, corner[axis] + step[axis] * np.arange(count))
    picture = resliced.squeeze(through)
    return picture.T if axes[0] > axes[1] else picture


def _interpolated(values: NDArray[np.float32], axis: int, positions: Floats) -> NDArray[np.float32]:
    """Linear interpolation along one axis, fading to 0 over one cell outside the grid."""
    count = values.shape[axis]
    below = np.floor(positions).astype(np.intp)
    above_share = positions - below
    parts = []
    for index, share in ((below, 1 - above_share), (below + 1, above_share)):
        weight = np.where((index >= 0) & (index < count), share, 0).astype(np.float32)
        weight = weight.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
        parts.append(np.take(values, index.clip(0, count - 1), axis) * weight)
    resliced: NDArray[np.float32] = parts[0] + parts[1]
    return resliced
