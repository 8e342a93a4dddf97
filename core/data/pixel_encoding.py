"""How the stored bits of one slice become hounsfield units, as a value; no DICOM library.

`pixel_header` reads it. Decoding processes start in half the time without that library.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.series import SliceHeader
from core.errors import SeriesError


@dataclass(frozen=True, eq=False)
class ModalityTable:
    """Modality LUT: hounsfield units by stored value.

    Attributes:
        first: Stored value of the first entry; smaller ones take the first, larger ones the last.
        values: float64.
    """

    first: int
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PixelEncoding:
    """How stored bits become hounsfield units in one slice.

    Attributes:
        rows: Height of the matrix.
        columns: Width of the matrix.
        bits_allocated: 8, 16 or 32; 64 of floating point values.
        bits_stored: Of those, how many hold the value.
        high_bit: The highest of those, counted from 0.
        is_signed: Two's complement.
        slope: Rescale Slope, 1 where it is not stated.
        intercept: Rescale Intercept, 0 where it is not stated.
        padding: Least and greatest stored value that marks "no measurement".
        table: Modality LUT, used instead of slope and intercept.
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    slope: float = 1.0
    intercept: float = 0.0
    padding: tuple[float, float] | None = None
    table: ModalityTable | None = None

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one slice as stored without compression."""
        return self.rows * self.columns * self.bits_allocated // 8

    @property
    def integer_kind(self) -> np.dtype[np.integer]:
        """Type of the stored values in native byte order, if they are integers."""
        kind = "i" if self.is_signed else "u"
        return np.dtype(f"{kind}{self.bits_allocated // 8}")

    def require_integers(self) -> None:
        """Check that the bits make sense as integers.

        Raises:
            SeriesError: They do not.
        """
        fits = 1 <= self.bits_stored <= self.high_bit + 1 <= self.bits_allocated
        if self.bits_allocated not in (8, 16, 32) or not fits:
            raise self.senseless()

    def senseless(self) -> SeriesError:
        """The error that says so."""
        return SeriesError(
            f"its pixel encoding makes no sense ({self.bits_allocated} bits allocated, "
            f"{self.bits_stored} stored, high bit {self.high_bit}, slope {self.slope}).",
            "Export the series again.",
        )

    def require_matrix(self, header: SliceHeader) -> None:
        """Check that this is still the slice that was indexed.

        Raises:
            SeriesError: Its matrix is another one.
        """
        if (self.rows, self.columns) != (header.rows, header.columns):
            raise SeriesError(
                "its header is not the one that was indexed.", "Open the folder again."
            )


@dataclass(frozen=True, eq=False)
class SliceSource:
    """Where the pixels of one slice lie in its file.

    Attributes:
        encoding: Of the slice.
        pieces: Offset and length of its bytes; several for a compressed frame in fragments.
        is_little_endian: Byte order of pixels that are not compressed.
        float_kind: "f4" or "f8" of floating point pixels, else "".
        is_compressed: The bytes are a compressed frame.
    """

    encoding: PixelEncoding
    pieces: tuple[tuple[int, int], ...]
    is_little_endian: bool = True
    float_kind: str = ""
    is_compressed: bool = False
