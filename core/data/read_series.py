"""From the files of a series to hounsfield units: every slice by its own slope and intercept."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import pixel_array

from core.data.dicom_file import (
    DAMAGED,
    find_pixels,
    number,
    read_header,
    whole_number,
    without_warnings,
)
from core.data.geometry_gate import geometry_of
from core.data.series import SeriesRecord, SliceHeader
from core.errors import ResourcesError, SeriesError
from core.progress import Progress, Silent
from core.volume import Volume

UNCOMPRESSED = {
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2",
}  # fmt: skip
"""Transfer syntaxes whose pixel bytes lie in the file as they are (not the deflated one)."""

POOL_FROM_SLICES = 64
"""Fewer compressed slices than this are decoded sooner than a pool of processes has started."""

POOL_SIZE = 4
"""More decoders than this wait for the disk; each holds about 80 MB."""

UNMEASURED_HU = -2000
"""At or below this a value is a fill outside the scan circle, declared or not: noise around air
(-1000) does not reach it, and GE scanners store raw -2000 there without declaring it."""

AIR_HU = -1024
"""Padding is never shown denser than this, whatever value the scanner chose to mark it."""

PIXEL_TAGS = (
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope",
    "RescaleIntercept",
)  # fmt: skip

INT16 = np.iinfo(np.int16)
Pixels = tuple[NDArray[np.int16], NDArray[np.bool_] | None]


@dataclass(frozen=True)
class _Encoding:
    """How stored bits become hounsfield units in one file."""

    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    slope: float
    intercept: float
    padding: tuple[float, float] | None


def read(record: SeriesRecord, progress: Progress = Silent()) -> Volume:
    """Read the pixels of a series.

    Each slice is masked to its own stored bits, taken as signed or unsigned as its own header
    says, and multiplied and shifted by its own Rescale Slope and Intercept (1 and 0 where they
    are not stated; the gate then keeps the model and calcium away). The result is rounded to the
    nearest hounsfield unit and clipped to int16.

    Returns:
        HU int16 (slice, row, column) in the sorted order of `record.slices`. `padding` is True
        where a pixel holds the declared Pixel Padding Value (or lies between it and its range
        limit) or a fill at or below `UNMEASURED_HU`; None where no pixel is. Padding keeps its
        own HU, except that it is never above `AIR_HU`.

    Raises:
        SeriesError: Not an even grid (`geometry_gate.geometry_of`), or a slice cannot be decoded.
        ResourcesError: A decoding process was ended by the system.
    """
    geometry = geometry_of(record)
    hu = np.empty(geometry.shape, np.int16)
    padding: NDArray[np.bool_] | None = None
    for k, (slice_hu, slice_padding) in enumerate(_decoded(record)):
        progress.step(k / record.slice_count, "Reading slices")
        hu[k] = slice_hu
        if slice_padding is not None:
            padding = np.zeros(geometry.shape, np.bool_) if padding is None else padding
            padding[k] = slice_padding
    progress.step(1.0, "Reading slices")
    return Volume(hu, geometry, record.uid, padding)


def _decoded(record: SeriesRecord) -> Iterator[Pixels]:
    """Pixels of every slice in order; compressed ones through a pool where there are many."""
    numbered = list(enumerate(record.slices, start=1))
    compressed = sum(s.transfer_syntax_uid not in UNCOMPRESSED for s in record.slices)
    if compressed < POOL_FROM_SLICES:
        scratch = bytearray()  # one for all slices: fresh memory costs more than the conversion
        yield from (_read_slice(number, header, scratch) for number, header in numbered)
        return
    # Spawned, not forked: the caller may run Qt, VTK and threads.
    pool = ProcessPoolExecutor(
        min(POOL_SIZE, os.cpu_count() or 1), multiprocessing.get_context("spawn")
    )
    try:
        yield from pool.map(_read_slice, *zip(*numbered, strict=True), chunksize=4)
    except BrokenProcessPool:
        raise ResourcesError(
            "The system ended a process that decoded slices, most often for want of memory.",
            "Close other programs and open the series again.",
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read_slice(slice_number: int, header: SliceHeader, scratch: bytearray | None = None) -> Pixels:
    """HU and padding of one slice, which may lie in `scratch` until that is used again.

    Args:
        slice_number: Counts from 1; what errors name.
        header: Which slice.
        scratch: Memory for the pixels, grown where it is too small.
    """
    try:
        with without_warnings():
            if header.transfer_syntax_uid in UNCOMPRESSED:
                own = bytearray() if scratch is None else scratch
                stored, encoding = _stored_uncompressed(header, own)
            else:
                stored, encoding = _stored_compressed(header)
    except FileNotFoundError:
        raise SeriesError(
            f"The file of slice {slice_number} is no longer there.",
            "Check that the disk or network drive is connected, then open the folder again.",
        ) from None
    except SeriesError as error:
        raise SeriesError(f"Slice {slice_number}: {error.message}", error.remedy) from None
    except (*DAMAGED, RuntimeError):
        raise SeriesError(
            f"The pixels of slice {slice_number} cannot be decoded "
            f"({pydicom.uid.UID(header.transfer_syntax_uid).name}).",
            "Export the series again, uncompressed if possible.",
        ) from None
    return _to_hu(stored, encoding)


def _stored_uncompressed(
    header: SliceHeader, scratch: bytearray
) -> tuple[NDArray[np.integer], _Encoding]:
    with header.path.open("rb") as file:
        dataset = read_header(file, PIXEL_TAGS)
        encoding = _encoding_of(dataset, header)
        place = find_pixels(file, dataset)
        expected = header.rows * header.columns * encoding.bits_allocated // 8
        if place is None or place.length is None or place.length < expected:
            found = "none" if place is None else place.length
            raise SeriesError(
                f"{expected:,} bytes of pixels were expected, its header promises {found}.",
                "The file is damaged: copy or export the series again.",
            )
        if place.length - expected >= header.columns * encoding.bits_allocated // 8:
            raise SeriesError(
                f"{expected:,} bytes of pixels were expected for {header.rows} x {header.columns} "
                f"pixels, its header promises {place.length:,}: a row or more too many.",
                "Rows or columns are stated wrongly: export the series again.",
            )
        file.seek(place.offset)
        if len(scratch) < expected:
            scratch.extend(bytes(expected - len(scratch)))
        content = memoryview(scratch)[:expected]
        found_bytes = file.readinto(content)
    if found_bytes < expected:
        raise SeriesError(
            f"{expected:,} bytes of pixels were expected, the file ends after {found_bytes:,}.",
            "The file is truncated: copy or export the series again.",
        )
    order = "<" if place.is_little_endian else ">"
    kind = f"{order}{'i' if encoding.is_signed else 'u'}{encoding.bits_allocated // 8}"
    return np.frombuffer(content, kind).reshape(header.rows, header.columns), encoding


def _stored_compressed(header: SliceHeader) -> tuple[NDArray[np.integer], _Encoding]:
    dataset = pydicom.dcmread(header.path, force=True)
    encoding = _encoding_of(dataset, header)
    stored = pixel_array(dataset, raw=True)
    if stored.shape != (header.rows, header.columns):
        raise SeriesError(
            f"{header.rows} x {header.columns} pixels were expected, {stored.shape} were decoded.",
            "The file is damaged: copy or export the series again.",
        )
    return stored, encoding


def _encoding_of(dataset: Dataset, header: SliceHeader) -> _Encoding:
    """Bits, sign, slope, intercept and padding of one file.

    Raises:
        SeriesError: They contradict each other, or the file is not the one that was indexed.
    """
    matrix = (whole_number(dataset, "Rows"), whole_number(dataset, "Columns"))
    allocated = whole_number(dataset, "BitsAllocated") or 0
    stored = whole_number(dataset, "BitsStored") or allocated
    high_bit = whole_number(dataset, "HighBit")
    high_bit = stored - 1 if high_bit is None else high_bit
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if matrix != (header.rows, header.columns):
        raise SeriesError("its header is not the one that was indexed.", "Open the folder again.")
    bits_fit = allocated in (8, 16, 32) and 1 <= stored <= high_bit + 1 <= allocated
    if not bits_fit or slope == 0:
        raise SeriesError(
            f"its pixel encoding makes no sense ({allocated} bits allocated, {stored} stored, "
            f"high bit {high_bit}, slope {slope}).",
            "Export the series again.",
        )
    return _Encoding(
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        is_signed=whole_number(dataset, "PixelRepresentation") == 1,
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        padding=_padding_range(dataset),
    )


def _padding_range(dataset: Dataset) -> tuple[float, float] | None:
    value = number(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = number(dataset, "PixelPaddingRangeLimit")
    return (value, value) if limit is None else (min(value, limit), max(value, limit))


def _to_hu(stored: NDArray[np.integer], encoding: _Encoding) -> Pixels:
    """HU and padding; `stored` is overwritten."""
    values = _without_foreign_bits(stored, encoding)
    low, high = int(values.min()), int(values.max())
    declared = _declared_padding(values, low, high, encoding.padding)
    if _is_plain_shift(low, high, encoding):
        # Modulo 65,536, which is exact as the sum fits: in place, no wider copy.
        hu = values.view(np.int16)
        hu += np.int16(encoding.intercept)
    else:
        rescaled = np.rint(values * encoding.slope + encoding.intercept)
        hu = np.clip(rescaled, INT16.min, INT16.max).astype(np.int16)
    padding = declared
    if hu.min() <= UNMEASURED_HU:
        fill = hu <= UNMEASURED_HU
        padding = fill if declared is None else declared | fill
    if padding is not None:
        hu[padding] = np.minimum(hu[padding], AIR_HU)
    return hu, padding


def _declared_padding(
    values: NDArray[np.integer], low: int, high: int, padding: tuple[float, float] | None
) -> NDArray[np.bool_] | None:
    """Where stored values lie in the declared range; None where none does."""
    if padding is None or padding[1] < low or padding[0] > high:
        return None
    declared: NDArray[np.bool_] = (values >= padding[0]) & (values <= padding[1])
    return declared if declared.any() else None


def _is_plain_shift(low: int, high: int, encoding: _Encoding) -> bool:
    """True where adding a whole intercept to 16-bit values is all, and the sums fit int16."""
    shift = encoding.intercept
    return (
        encoding.bits_allocated == 16
        and encoding.slope == 1
        and shift.is_integer()
        and INT16.min <= shift <= INT16.max
        and low + shift >= INT16.min
        and high + shift <= INT16.max
    )


def _without_foreign_bits(stored: NDArray[np.integer], encoding: _Encoding) -> NDArray[np.integer]:
    """Values of the stored bits alone: others may hold overlays of old scanners."""
    kind = np.dtype(f"{'i' if encoding.is_signed else 'u'}{encoding.bits_allocated // 8}")
    values = stored.astype(kind, copy=not stored.flags.writeable)
    above = encoding.bits_allocated - 1 - encoding.high_bit
    below = encoding.high_bit + 1 - encoding.bits_stored
    if above == 0 and below == 0:
        return values
    # Shifting up drops the bits above, shifting back down keeps the sign of signed values.
    values <<= above
    values >>= above + below
    return values
