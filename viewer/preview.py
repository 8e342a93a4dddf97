"""The first slice of a series that is still being read: seen at once, never part of the session."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.series import SeriesRecord, SliceHeader
from core.data.slice_stack import cosines
from core.geometry import VolumeGeometry
from core.preprocessing.reorient import reorient
from core.views.planes import Plane
from core.views.window import Window
from core.volume import Volume


@dataclass(frozen=True, eq=False)
class Preview:
    """What is shown while a series is read.

    Attributes:
        record: The series.
        window: In which the slice is shown.
        words: How far reading is.
        fraction: 0..1 of the reading.
        volume: One slice, reoriented; None until it is decoded.
    """

    record: SeriesRecord
    window: Window
    words: str
    fraction: float = 0.0
    volume: Volume | None = None

    @property
    def plane(self) -> Plane | None:
        """The plane that the slice lies in; None until there is one."""
        return None if self.volume is None else stored_plane(self.volume)


def stored_plane(volume: Volume) -> Plane:
    """The plane in which the slices of a reoriented volume were stored."""
    return next(plane for plane in Plane if plane.axis == volume.missing_axis)


def slice_of_volume(geometry: VolumeGeometry, index: int, hu: NDArray[np.int16]) -> Volume:
    """Slice `index` of a volume that is being read, as a reoriented volume one voxel thick.

    Args:
        geometry: Of the whole volume, as it is stored.
        index: Which of its slices.
        hu: (rows, columns).
    """
    affine = np.array(geometry.affine)
    affine[:3, 3] = geometry.to_patient((index, 0, 0))
    shape = (1, *geometry.shape[1:])
    alone = VolumeGeometry(shape, affine, geometry.frame_of_reference_uid)
    return reorient(Volume(np.array(hu[None]), alone))


def stored_slice(record: SeriesRecord, header: SliceHeader, hu: NDArray[np.int16]) -> Volume:
    """A single slice where its own header places it, whatever the rest of its series is like.

    Args:
        record: Series of the slice.
        header: Which slice.
        hu: (rows, columns).
    """
    along_columns, along_rows = cosines(record)
    thickness_mm = header.thickness_mm or 1.0
    axes = np.array([np.cross(along_columns, along_rows), along_rows, along_columns])
    spacing_mm = (thickness_mm, *header.pixel_spacing_mm)
    geometry = VolumeGeometry.from_axes(
        (1, *hu.shape), header.position_mm, axes, spacing_mm, record.frame_of_reference_uid
    )
    return slice_of_volume(geometry, 0, hu)
