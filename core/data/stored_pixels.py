"""Where the pixels of one slice lie in its DICOM file, and how they are encoded."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset
from pydicom.dataelem import RawDataElement

from core.data.dicom_file import read_header, whole_number
from core.data.fragments import Piece, file_bytes, frame_pieces
from core.data.header_scan import tags_of
from core.data.pixel_encoding import PixelEncoding, SliceSource
from core.data.pixel_header import FRAME_TAGS, PIXEL_TAGS, encoding_of
from core.data.series import SliceHeader
from core.errors import SeriesError

UNDEFINED_LENGTH = 0xFFFFFFFF
PIXEL_KINDS = {0x7FE00010: "", 0x7FE00008: "f4", 0x7FE00009: "f8"}
"""Pixel Data, Float Pixel Data and Double Float Pixel Data: type of floating point values."""

LONG_VALUE_REPRESENTATIONS = (b"OB", b"OW", b"OF", b"OD", b"UN")
MOST_ENCODINGS = 64
"""Encodings remembered by the bytes of their header; one series has few."""


@dataclass(frozen=True)
class _PixelElement:
    """The pixel data element of an open file; `length` is None for compressed pixels."""

    offset: int
    length: int | None
    is_little_endian: bool
    float_kind: str


class SliceLocator:
    """Finds the pixels of slices; remembers what slices have in common, which saves most of it."""

    def __init__(self) -> None:
        self._encodings: dict[tuple[object, ...], PixelEncoding] = {}
        self._frames_of: BinaryIO | None = None
        self._frames: tuple[Dataset, _PixelElement, tuple[tuple[Piece, ...], ...]] | None = None

    def locate(self, file: BinaryIO, header: SliceHeader) -> SliceSource:
        """Where the pixels of a slice lie.

        Args:
            file: The slice's file (`OpenFiles`), open at its beginning.
            header: Which slice.

        Raises:
            SeriesError: The file is not the one that was indexed, or contradicts itself.
            DAMAGED: Any of `dicom_file.DAMAGED` where it is damaged.
        """
        if header.frame is not None:
            return self._locate_frame(file, header)
        dataset = read_header(file, PIXEL_TAGS)
        encoding = self._encoding(dataset)
        encoding.require_matrix(header)
        element = _pixel_element(file, dataset)
        if element.length is None:
            (pieces,) = frame_pieces(file, element.offset, 1)
            return SliceSource(encoding, pieces, is_compressed=True)
        return _uncompressed(file, element, encoding)

    def _encoding(self, dataset: Dataset) -> PixelEncoding:
        """Of a file; one whose header holds the same bytes as an earlier one needs no reading."""
        elements = [dataset.get_item(tag) for tag in tags_of(PIXEL_TAGS) if tag in dataset]
        if not all(isinstance(element, RawDataElement) for element in elements):
            return encoding_of(dataset)
        key = (*dataset.original_encoding, *((e.tag, e.value) for e in elements))
        known = self._encodings.get(key)
        if known is None:
            known = encoding_of(dataset)
            if len(self._encodings) < MOST_ENCODINGS:
                self._encodings[key] = known
        return known

    def _locate_frame(self, file: BinaryIO, header: SliceHeader) -> SliceSource:
        frame = header.frame or 0
        if self._frames is None or self._frames_of is not file:
            dataset = read_header(file, (*PIXEL_TAGS, *FRAME_TAGS))
            element = _pixel_element(file, dataset)
            count = whole_number(dataset, "NumberOfFrames") or 1
            is_packed = element.length is None
            pieces = frame_pieces(file, element.offset, count) if is_packed else ()
            self._frames_of, self._frames = file, (dataset, element, pieces)
        dataset, element, pieces = self._frames
        encoding = encoding_of(dataset, frame)
        encoding.require_matrix(header)
        if element.length is None:
            return SliceSource(encoding, pieces[frame], is_compressed=True)
        count = whole_number(dataset, "NumberOfFrames") or 1
        return _uncompressed(file, element, encoding, frame=frame, frame_count=count)


def _pixel_element(file: BinaryIO, dataset: Dataset) -> _PixelElement:
    """The element that an open file was left at by `read_header`."""
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    start = file.tell()
    head = file.read(12)
    if len(head) < 12:
        raise _no_pixels()
    group, number = struct.unpack(f"{order}HH", head[:4])
    kind = PIXEL_KINDS.get(group << 16 | number)
    if kind is None or not (implicit or head[4:6] in LONG_VALUE_REPRESENTATIONS):
        raise _no_pixels()
    offset = start + (8 if implicit else 12)
    length = struct.unpack(f"{order}L", head[4:8] if implicit else head[8:12])[0]
    return _PixelElement(offset, None if length == UNDEFINED_LENGTH else length, bool(little), kind)


def _no_pixels() -> SeriesError:
    return SeriesError(
        "pixels were expected, its header promises none.",
        "The file is damaged: copy or export the series again.",
    )


def _uncompressed(
    file: BinaryIO,
    element: _PixelElement,
    encoding: PixelEncoding,
    *,
    frame: int = 0,
    frame_count: int = 1,
) -> SliceSource:
    """One frame among bytes that lie as they are, once these are known to be there."""
    _require_bits(encoding, element.float_kind)
    one = encoding.pixel_bytes
    expected, promised = one * frame_count, element.length or 0
    if promised < expected:
        raise SeriesError(
            f"{expected:,} bytes of pixels were expected, its header promises {promised}.",
            "The file is damaged: copy or export the series again.",
        )
    if promised - expected >= encoding.columns * encoding.bits_allocated // 8:
        raise SeriesError(
            f"{expected:,} bytes of pixels were expected for {encoding.rows} x {encoding.columns} "
            f"pixels, its header promises {promised:,}: a row or more too many.",
            "Rows or columns are stated wrongly: export the series again.",
        )
    there = file_bytes(file) - element.offset
    if there < one * (frame + 1):
        raise SeriesError(
            f"{expected:,} bytes of pixels were expected, the file ends after {there:,}.",
            "The file is truncated: copy or export the series again.",
        )
    piece = (element.offset + one * frame, one)
    return SliceSource(encoding, (piece,), element.is_little_endian, element.float_kind)


def _require_bits(encoding: PixelEncoding, float_kind: str) -> None:
    if not float_kind:
        encoding.require_integers()
    elif encoding.bits_allocated != 8 * int(float_kind[1:]):
        raise encoding.senseless()
