"""The part of a scan round a click, and what lies in it at or above the threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.calcium.lesion import Voxels
from core.volume import Volume

Integers = NDArray[np.int64]

INDEX_TOLERANCE = 1e-6
"""A voxel just at the reach is held, whatever the last bit of its place says."""


@dataclass(frozen=True, eq=False)
class Box:
    """Voxels from `low` up to but not including `stop`, within a scan.

    Attributes:
        low: First (slice, row, column).
        stop: The one after the last; no voxel is held where it is not above `low`.
        shape: Of the scan.
    """

    low: Integers
    stop: Integers
    shape: tuple[int, int, int]

    @classmethod
    def round_point(
        cls, volume: Volume, point_mm: ArrayLike, reach_mm: float, *, only_slice: bool = False
    ) -> "Box":
        """Everything no further from a point than this along each axis of the scan.

        Args:
            volume: The scan.
            point_mm: LPS.
            reach_mm: Along each axis.
            only_slice: The slice nearest to the point alone.
        """
        index = volume.geometry.to_index(point_mm)
        reach = reach_mm / np.array(volume.geometry.spacing_mm) + INDEX_TOLERANCE
        low, stop = np.ceil(index - reach), np.floor(index + reach) + 1
        if only_slice:
            low[0] = np.rint(index[0])
            stop[0] = low[0] + 1
        shape = volume.geometry.shape
        first, after = (np.clip(each, 0, shape).astype(np.int64) for each in (low, stop))
        return cls(first, after, shape)

    @classmethod
    def of_voxels(cls, voxels: Voxels, shape: tuple[int, int, int]) -> "Box":
        """The smallest one that holds voxels, of which there must be one."""
        low, high = voxels.min(axis=0), voxels.max(axis=0)
        return cls(low.astype(np.int64), high.astype(np.int64) + 1, shape)

    @classmethod
    def whole(cls, shape: tuple[int, int, int]) -> "Box":
        """All of a scan."""
        return cls(np.zeros(3, dtype=np.int64), np.array(shape, dtype=np.int64), shape)

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """To cut it out of an array."""
        (a, b, c), (d, e, f) = self.low.tolist(), self.stop.tolist()
        return slice(a, d), slice(b, e), slice(c, f)

    def wider(self, by: tuple[int, int, int]) -> "Box":
        """The box with this many (slices, rows, columns) more on each side, within the scan."""
        low, stop = np.maximum(self.low - by, 0), np.minimum(self.stop + by, self.shape)
        return Box(low, stop, self.shape)

    def holds(self, voxels: Voxels) -> NDArray[np.bool_]:
        """True for the voxels in the box."""
        inside: NDArray[np.bool_] = np.all((voxels >= self.low) & (voxels < self.stop), axis=1)
        return inside

    def may_cut(self, voxels: Voxels) -> bool:
        """True if a voxel lies at a border of rows or columns beyond which the scan goes on."""
        at_low = (voxels == self.low) & (self.low > 0)
        at_stop = (voxels == self.stop - 1) & (self.stop < self.shape)
        return bool((at_low | at_stop)[:, 1:].any())

    def bright_voxels(self, volume: Volume, threshold_hu: int) -> Voxels:
        """What is measured there at or above the threshold."""
        bright = volume.hu[self.slices] >= threshold_hu
        if volume.padding is not None:
            bright &= ~volume.padding[self.slices]
        return (np.argwhere(bright) + self.low).astype(np.int32)
