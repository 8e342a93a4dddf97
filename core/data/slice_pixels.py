"""One slice from its file into the volume. No DICOM library: decoding processes start with this."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.data.deflated import DEFLATED, inflated
from core.data.fragments import joined
from core.data.frame_codecs import decode_frame
from core.data.hounsfield import Padding, Stored, to_hu
from core.data.opened import open_source
from core.data.pixel_encoding import PixelEncoding, SliceSource
from core.data.series import SliceHeader
from core.data.shear import moved
from core.errors import SeriesError

DECODING_FAULTS = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RecursionError,
    RuntimeError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
"""What the decoding libraries raise on damaged files. Everything else is a bug of ours."""

NO_SHIFT = (0.0, 0.0)

Decode = Callable[[bytes | bytearray, str, PixelEncoding], NDArray[np.integer]]
"""`frame_codecs.decode_frame`, or the same behind a guard."""


@dataclass(frozen=True)
class PlacedSlice:
    """A stored slice and where it goes.

    Attributes:
        number: As the views count slices (`Stack.numbers`); what errors name.
        place: Slice of the volume's grid, counted from 0.
        header: Which slice.
        shift: By how many (rows, columns) it is moved to undo a tilt.
    """

    number: int
    place: int
    header: SliceHeader
    shift: tuple[float, float] = NO_SHIFT


class OpenFiles:
    """The file read last stays open, so that its other frames need not open it again."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._key: tuple[object, ...] = ()

    def open(self, header: SliceHeader) -> BinaryIO:
        """The file of a slice at its beginning, unpacked; the one before is closed.

        Raises:
            OSError: The file is gone or cannot be read.
            DECODING_FAULTS: The archive around it or its compression is damaged.
        """
        key = (header.path, header.member)
        if self._file is None or header.frame is None or key != self._key:
            self.close()
            file = open_source(header)
            if header.transfer_syntax_uid == DEFLATED:
                with file:
                    file = inflated(file)
            self._file, self._key = file, key
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            self._file.close()
        self._file, self._key = None, ()


def read_pixels(
    file: BinaryIO,
    source: SliceSource,
    placed: PlacedSlice,
    hu: NDArray[np.int16],
    *,
    decode: Decode = decode_frame,
) -> Padding:
    """Read one slice into its place.

    Args:
        file: Open.
        source: Where the pixels lie in it.
        placed: Which slice, and how it is moved.
        hu: Slice of the volume, (rows, columns); receives the hounsfield units.
        decode: What reads compressed frames.

    Returns:
        As `to_hu`.

    Raises:
        SeriesError: The pixels are not those that the header promises.
        DECODING_FAULTS: They are damaged.
    """
    is_tilted = placed.shift != NO_SHIFT
    tilted = np.empty_like(hu) if is_tilted else hu
    if source.is_compressed:
        content = joined(file, source.pieces)
        syntax = placed.header.transfer_syntax_uid
        stored: Stored = decode(content, syntax, source.encoding)
    else:
        stored = _stored(file, source, tilted)
    padding = to_hu(stored, source.encoding, tilted)
    if not is_tilted:
        return padding
    straight, padding = moved(tilted, padding, placed.shift)
    hu[...] = straight
    return padding


def _stored(file: BinaryIO, source: SliceSource, hu: NDArray[np.int16]) -> Stored:
    """Stored values, which lie in `hu` itself where they are as wide."""
    ((offset, length),) = source.pieces
    order = "<" if source.is_little_endian else ">"
    kind = np.dtype(order + (source.float_kind or source.encoding.integer_kind.str[1:]))
    values = hu.view(kind) if kind.itemsize == hu.itemsize else np.empty(hu.shape, kind)
    file.seek(offset)
    found = file.readinto(values.reshape(-1).view(np.uint8).data)  # type: ignore[attr-defined]
    if found < length:
        raise SeriesError(
            f"{length:,} bytes of pixels were expected, the file ends after {found:,}.",
            "The file is truncated: copy or export the series again.",
        )
    return values if kind.isnative else values.astype(kind.newbyteorder("="))


@contextmanager
def naming(placed: PlacedSlice, faults: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn whatever a damaged file causes into an error that names the slice, never the file."""
    number = placed.number
    try:
        yield
    except FileNotFoundError:
        raise SeriesError(
            f"The file of slice {number} is no longer there.",
            "Check that the disk or network drive is connected, then open the folder again.",
        ) from None
    except SeriesError as error:
        raise SeriesError(f"Slice {number}: {error.message}", error.remedy) from None
    except faults:
        from pydicom.uid import UID

        name = UID(placed.header.transfer_syntax_uid).name
        raise SeriesError(
            f"The pixels of slice {number} cannot be decoded ({name}).",
            "Export the series again, uncompressed if possible.",
        ) from None
