"""A volume while its slices come in, in any order; what does not come in is missing, and said."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.decoding_pool import Shape, SharedSlices
from core.data.geometry_gate import MINIMUM_SLICES
from core.data.hounsfield import AIR_HU, Padding
from core.data.series import SeriesRecord, UnreadableFile
from core.data.slice_pixels import PlacedSlice
from core.data.slice_stack import MOST_MISSING_SHARE
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from core.volume import Volume


@dataclass(frozen=True, eq=False)
class ReadSeries:
    """What came of reading a series.

    Attributes:
        volume: Slices that could not be decoded are among its missing ones.
        quarantined: Files of those, with the reasons; the reasons name the slices, not the files.
    """

    volume: Volume
    quarantined: tuple[UnreadableFile, ...] = ()


class SliceFilling:
    """A volume that is being filled slice by slice.

    Args:
        shape: (slices, rows, columns).
        is_shared: In memory that decoding processes share.

    Attributes:
        hu: To be filled from outside.
        shared: The shared memory, if any.
        done: Slices kept or failed so far.
    """

    def __init__(self, shape: Shape, *, is_shared: bool) -> None:
        self.shared = SharedSlices(shape) if is_shared else None
        self.hu = np.empty(shape, np.int16) if self.shared is None else self.shared.hu
        self.done = 0
        self._padding: Padding = None
        self._decoded: set[int] = set()
        self._failures: dict[int, tuple[PlacedSlice, SeriesError]] = {}

    def keep(self, placed: PlacedSlice, padding: Padding) -> None:
        """Note that the HU of a slice are in place."""
        self.done += 1
        self._decoded.add(placed.place)
        if padding is not None:
            self._all_padding()[placed.place] = padding

    def preview(self, placed: PlacedSlice) -> NDArray[np.int16]:
        """One slice that is in place, read-only."""
        hu: NDArray[np.int16] = self.hu[placed.place]
        hu.flags.writeable = False
        return hu

    def fail(self, placed: PlacedSlice, error: SeriesError) -> None:
        """Note that a slice cannot be decoded."""
        self.done += 1
        self._failures[placed.place] = placed, error

    def result(self, record: SeriesRecord, geometry: VolumeGeometry) -> ReadSeries:
        """The volume, with what no file gave as missing slices, and the files that failed.

        Raises:
            SeriesError: Too little was decoded.
        """
        missing = tuple(k for k in range(geometry.shape[0]) if k not in self._decoded)
        failures = sorted(self._failures.values(), key=lambda failure: failure[0].number)
        too_many = len(missing) > MOST_MISSING_SHARE * geometry.shape[0]
        if failures and (too_many or len(self._decoded) < MINIMUM_SLICES):
            raise failures[0][1]
        for k in missing:
            self.hu[k] = AIR_HU
            self._all_padding()[k] = True
        quarantined = tuple(
            UnreadableFile(
                placed.header.path,
                error.message,
                member=placed.header.member,
                series_uid=record.uid,
            )
            for placed, error in failures
        )
        volume = Volume(self.hu, geometry, record.uid, self._padding, missing)
        return ReadSeries(volume, quarantined)

    def _all_padding(self) -> NDArray[np.bool_]:
        if self._padding is None:
            self._padding = np.zeros(self.hu.shape, np.bool_)
        return self._padding
