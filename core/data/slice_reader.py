"""Reads slices one after the other, in this process."""

from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from core.data.dicom_file import DAMAGED, without_warnings
from core.data.frame_guard import FrameGuard
from core.data.hounsfield import Padding
from core.data.pixel_encoding import SliceSource
from core.data.slice_pixels import OpenFiles, PlacedSlice, naming, read_pixels
from core.data.stored_pixels import SliceLocator

FAULTS = (*DAMAGED, RuntimeError)


class SliceReader:
    """Reads slices; a context manager that closes what it opened."""

    def __init__(self) -> None:
        self._files = OpenFiles()
        self._locator = SliceLocator()
        self._guard = FrameGuard()

    def __enter__(self) -> "SliceReader":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._files.close()
        self._guard.close()

    def locate(self, placed: PlacedSlice) -> SliceSource:
        """Where the pixels of a slice lie in its file.

        Raises:
            SeriesError: Nowhere; the message names the slice.
        """
        with naming(placed, FAULTS), without_warnings():
            return self._locator.locate(self._files.open(placed.header), placed.header)

    def read(self, placed: PlacedSlice, hu: NDArray[np.int16]) -> Padding:
        """Read one slice into `hu`, (rows, columns).

        Returns:
            As `to_hu`.

        Raises:
            SeriesError: It cannot be decoded; the message names the slice.
        """
        with naming(placed, FAULTS), without_warnings():
            file = self._files.open(placed.header)
            source = self._locator.locate(file, placed.header)
            return read_pixels(file, source, placed, hu, decode=self._guard.decode)
