"""Where voxels lie in the patient: shape and affine, apart from the values that ride on them.

Index order is (slice, row, column) everywhere: array order, and torch's (D, H, W). Patient axes are
DICOM LPS in millimetres: x to the patient's left, y to the back, z to the head.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

AGREEMENT_TOLERANCE_MM = 1e-3
"""Two geometries agree when no corner lies further apart than this: far below any voxel."""


def read_only(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """A view of `array` that refuses writing."""
    view = array.view()
    view.flags.writeable = False
    return view


class BuiltAnew:
    """Goes to another process through its constructor: its arrays are read-only there too."""

    def __reduce__(self) -> tuple[partial[Any], tuple[()]]:
        return partial(type(self), **vars(self)), ()


@dataclass(frozen=True, eq=False)
class VolumeGeometry(BuiltAnew):
    """Shape of a voxel grid and its place in the patient.

    Attributes:
        shape: Number of (slices, rows, columns).
        affine: 4 x 4, from (slice, row, column, 1) of a voxel centre to LPS mm.
        frame_of_reference_uid: Two geometries share millimetres only if this is equal; may be "".
    """

    shape: tuple[int, int, int]
    affine: Floats
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.array_equal(affine[3], (0, 0, 0, 1)):
            raise ValueError(f"affine must be 4 x 4 with last row 0 0 0 1, got {affine.tolist()}")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise ValueError(f"affine must be invertible, got {affine.tolist()}")
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @classmethod
    def from_axes(
        cls,
        shape: tuple[int, int, int],
        origin_mm: ArrayLike,
        axes: ArrayLike,
        spacing_mm: ArrayLike,
        frame_of_reference_uid: str = "",
    ) -> "VolumeGeometry":
        """Build from the centre of voxel (0, 0, 0), three unit axes (rows of `axes`) and spacing.

        Args:
            shape: (slices, rows, columns).
            origin_mm: LPS position of the centre of voxel (0, 0, 0).
            axes: 3 x 3; row k is the LPS unit vector along which index k grows.
            spacing_mm: Distance of neighbours along each index.
            frame_of_reference_uid: DICOM Frame of Reference UID.
        """
        affine = np.eye(4)
        affine[:3, :3] = (np.asarray(axes, float) * np.asarray(spacing_mm, float)[:, None]).T
        affine[:3, 3] = np.asarray(origin_mm, float)
        return cls(shape, affine, frame_of_reference_uid)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along (slice, row, column)."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(lengths[0]), float(lengths[1]), float(lengths[2])

    @property
    def axes(self) -> Floats:
        """3 x 3; row k is the LPS unit vector along which index k grows."""
        result: Floats = (self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0)).T
        return result

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def centre_mm(self) -> Floats:
        """LPS position of the middle of the grid."""
        return self.to_patient((np.array(self.shape) - 1) / 2)

    def to_patient(self, index: ArrayLike) -> Floats:
        """LPS mm of (slice, row, column) indices; shape (..., 3) in and out."""
        points: Floats = np.asarray(index, float) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return points

    def to_index(self, point_mm: ArrayLike) -> Floats:
        """Fractional (slice, row, column) of LPS points in mm; shape (..., 3) in and out."""
        inverse = np.linalg.inv(self.affine)
        indices: Floats = np.asarray(point_mm, float) @ inverse[:3, :3].T + inverse[:3, 3]
        return indices

    def contains(self, point_mm: ArrayLike) -> bool:
        """True where the point lies in some voxel of the grid."""
        index = self.to_index(point_mm)
        return bool(np.all(index >= -0.5) and np.all(index <= np.array(self.shape) - 0.5))

    def agrees_with(
        self, other: "VolumeGeometry", tolerance_mm: float = AGREEMENT_TOLERANCE_MM
    ) -> bool:
        """True if voxel (i, j, k) of both is the same place of the same patient."""
        if self.shape != other.shape:
            return False
        if self.frame_of_reference_uid != other.frame_of_reference_uid:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1).T
        apart_mm = np.abs(self.to_patient(corners) - other.to_patient(corners))
        return bool(apart_mm.max() <= tolerance_mm)
