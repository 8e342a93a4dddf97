"""Compressed frames, each by the library that reads it best and fastest.

The libraries are imported where they are used: a decoding process starts sooner with one of them.
Before anything is unpacked the compressed stream's own header must promise the matrix of the slice,
so that a damaged one cannot ask for memory without end.
"""

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.pixel_encoding import PixelEncoding
from core.data.run_lengths import decode_run_lengths
from core.errors import SeriesError

RLE = "1.2.840.10008.1.2.5"
JPEG = {f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 57, 70)}
JPEG_LS = {f"1.2.840.10008.1.2.4.{last}" for last in (80, 81)}
JPEG_2000 = {f"1.2.840.10008.1.2.4.{last}" for last in (90, 91, 201, 202, 203)}

J2K_START = b"\xff\x4f\xff\x51"
FRAME_MARKERS = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xF7))
"""JPEG "start of frame" of every process, and of JPEG-LS (F7)."""

BARE_MARKERS = frozenset((0x01, *range(0xD0, 0xD9)))
"""JPEG markers without a length."""


STANDARD_ERROR = 2
"""The file descriptor that C libraries print to."""

RUN_LENGTH_RATIO = 64
"""Two bytes of run lengths unpack to 128 at most."""


@dataclass(frozen=True)
class _StreamHeader:
    """What a compressed stream says of itself."""

    rows: int
    columns: int
    precision: int
    components: int
    is_signed: bool = False


def decode_frame(
    content: bytes | bytearray, syntax: str, encoding: PixelEncoding
) -> NDArray[np.integer]:
    """Stored values (rows, columns) of one compressed frame.

    Args:
        content: The compressed stream.
        syntax: Transfer Syntax UID.
        encoding: Of this slice.

    Raises:
        NotImplementedError: No library reads this syntax.
        SeriesError: The stream is another slice's.
        DECODING_FAULTS: Any of `slice_pixels.DECODING_FAULTS` where the stream is damaged.
    """
    decode = _decoder(syntax)
    if decode is None:
        raise NotImplementedError("no library reads this compression")
    encoding.require_integers()
    stored = decode(bytes(content), syntax, encoding)
    if stored.size != encoding.rows * encoding.columns:
        raise ValueError("another number of pixels than the matrix has")
    return stored.reshape(encoding.rows, encoding.columns)


def _decoder(
    syntax: str,
) -> Callable[[bytes, str, PixelEncoding], NDArray[np.integer]] | None:
    if syntax in JPEG_LS:
        return _jpeg_ls
    if syntax in JPEG_2000:
        return _jpeg_2000
    if syntax in JPEG:
        return _jpeg
    return _run_lengths if syntax == RLE else None


def _jpeg_ls(content: bytes, _syntax: str, encoding: PixelEncoding) -> NDArray[np.integer]:
    import jpeg_ls

    stream = _require_matrix(_jpeg_header(content), encoding)
    unpacked, _ = jpeg_ls.decode_pixel_data(content)
    return _with_sign(unpacked, stream, encoding)


def _jpeg_2000(content: bytes, _syntax: str, encoding: PixelEncoding) -> NDArray[np.integer]:
    import openjpeg

    stream = _require_matrix(_jpeg_2000_header(content), encoding)
    unpacked = openjpeg.decode_pixel_data(content, version=2)  # type: ignore[attr-defined]
    return _with_sign(bytearray(unpacked), stream, encoding)


def _run_lengths(content: bytes, _syntax: str, encoding: PixelEncoding) -> NDArray[np.integer]:
    if encoding.pixel_bytes > RUN_LENGTH_RATIO * len(content):
        raise ValueError("shorter than run lengths of so many pixels can be")
    unpacked = decode_run_lengths(
        content,
        pixels=encoding.rows * encoding.columns,
        bits_allocated=encoding.bits_allocated,
    )
    return unpacked.view(encoding.integer_kind)


def _jpeg(content: bytes, syntax: str, encoding: PixelEncoding) -> NDArray[np.integer]:
    """Baseline, extended (8 and 12 bits) and lossless JPEG."""
    import gdcm

    stream = _require_matrix(_jpeg_header(content), encoding)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(content)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((encoding.columns, encoding.rows, 1))
    image.SetDataElement(element)
    monochrome = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(monochrome))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    allocated = 8 if stream.precision <= 8 else 16
    stored = min(encoding.bits_stored, allocated)
    sign = int(encoding.is_signed)
    image.SetPixelFormat(gdcm.PixelFormat(1, allocated, stored, stored - 1, sign))
    with _quiet():  # it tries its 8-bit decoder first and prints that this does not fit
        unpacked = image.GetBuffer().encode("utf-8", "surrogateescape")  # bytes, given as text
    kind = np.dtype(f"<{'i' if encoding.is_signed else 'u'}{allocated // 8}")
    return np.frombuffer(bytearray(unpacked), kind)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a C library prints off standard error; in a process that does nothing else."""
    kept, nowhere = os.dup(STANDARD_ERROR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)


def _with_sign(
    unpacked: bytes | bytearray, stream: _StreamHeader, encoding: PixelEncoding
) -> NDArray[np.integer]:
    """Integers of the header's sign, which a stream may not know or state otherwise."""
    size = 1 if stream.precision <= 8 else 2 if stream.precision <= 16 else 4
    values = np.frombuffer(unpacked, f"<{'i' if encoding.is_signed else 'u'}{size}")
    above = 8 * size - stream.precision
    if above and encoding.is_signed != stream.is_signed:
        values = (values << above) >> above
    return values


def _require_matrix(stream: _StreamHeader, encoding: PixelEncoding) -> _StreamHeader:
    if (stream.rows, stream.columns, stream.components) != (encoding.rows, encoding.columns, 1):
        raise SeriesError(
            f"{encoding.rows} x {encoding.columns} pixels were expected, the compressed picture "
            f"has {stream.rows} x {stream.columns} of {stream.components} channels.",
            "The file is damaged: copy or export the series again.",
        )
    return stream


def _jpeg_header(content: bytes) -> _StreamHeader:
    """Of JPEG and JPEG-LS: the first "start of frame" segment."""
    position = 2
    while True:
        if content[position] != 0xFF:
            raise ValueError("no marker where one was expected")
        marker = content[position + 1]
        if marker == 0xFF or marker in BARE_MARKERS:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in FRAME_MARKERS:
            precision, rows, columns, components = struct.unpack_from(
                ">BHHB", content, position + 4
            )
            return _StreamHeader(rows, columns, precision, components)
        position += 2 + struct.unpack_from(">H", content, position + 2)[0]


def _jpeg_2000_header(content: bytes) -> _StreamHeader:
    """Of JPEG 2000 and HTJ2K: the SIZ segment, bare or wrapped into a JP2 file."""
    start = content.index(J2K_START)
    right, bottom, left, top = struct.unpack_from(">4L", content, start + 8)
    (components,) = struct.unpack_from(">H", content, start + 40)
    depth = content[start + 42]
    return _StreamHeader(
        bottom - top, right - left, (depth & 0x7F) + 1, components, bool(depth & 0x80)
    )
