"""One DICOM file on disk: is it one, what do its headers say, where do its pixels begin."""

import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

import pydicom
import pydicom.config
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from core.data.deflated import DEFLATED, inflated
from core.data.header_scan import scan_header, tags_of
from core.errors import SeriesError

# The library warns and logs about odd values by printing them, patients' names among them. Values
# are checked where they are used.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

DAMAGED = (
    BytesLengthException, InvalidDicomError, ArithmeticError, AttributeError, EOFError, LookupError,
    MemoryError, NotImplementedError, OSError, RecursionError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
"""What the DICOM library raises on damaged files. Everything else is a bug of ours."""

PIXEL_DATA_GROUP = 0x7FE0
PIXEL_DATA_ELEMENTS = (0x0008, 0x0009, 0x0010)
"""Float, double and integer pixel data."""

UNDEFINED_LENGTH = 0xFFFFFFFF
FILE_META_BYTES = 1024
"""The transfer syntax stands within these first bytes."""

LONG_VALUE_REPRESENTATIONS = (b"OB", b"OW", b"OF", b"OD", b"UN")
ARCHIVE_SIGNATURES = (b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"BZh")


class NotDicomError(ValueError):
    """The file is something else; the message says what, without its name."""


@dataclass(frozen=True)
class PixelPlace:
    """Where the pixel bytes of an open file lie.

    Attributes:
        offset: Of the first byte of the value.
        length: Bytes as stated; None for the undefined length of encapsulated (compressed) pixels.
        is_little_endian: Byte order of uncompressed pixels.
    """

    offset: int
    length: int | None
    is_little_endian: bool


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep the library's warnings, which may print values of the header, from being shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def require_dicom(file: BinaryIO) -> None:
    """Look at the first bytes; leave the file at its beginning.

    Raises:
        NotDicomError: Empty, an archive, or neither a preamble nor a plausible first element.
    """
    head = file.read(132)
    file.seek(0)
    if not head:
        raise NotDicomError("empty file")
    if head[128:132] == b"DICM":
        return
    if head.startswith(ARCHIVE_SIGNATURES):
        raise NotDicomError("an archive or compressed file: unpack it first")
    # Old files begin without preamble, with the group 0002 or 0008 of their first element.
    if head[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x08") or len(head) < 132:
        raise NotDicomError("not a DICOM file")


def read_header(file: BinaryIO, tags: Sequence[str]) -> Dataset:
    """Elements in front of the pixels; the file is left at the pixel data element, if any.

    Args:
        file: Open at its beginning.
        tags: Keywords to keep.

    Raises:
        NotDicomError: Not a DICOM file.
        DAMAGED: Any of these exceptions where the file is damaged.
    """
    scanned = scan_header(file, tags_of(tuple(tags)))
    if scanned is not None:
        return scanned
    require_dicom(file)
    is_deflated = DEFLATED.encode() in file.read(FILE_META_BYTES)
    file.seek(0)
    if not is_deflated:
        return _read(file, tags)
    # The library would unpack all of it, whatever its size.
    header = _read(_inflated(file), tags)
    header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return header


def _read(file: BinaryIO, tags: Sequence[str]) -> Dataset:
    return pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=list(tags))


def _inflated(file: BinaryIO) -> BinaryIO:
    try:
        return inflated(file)
    except SeriesError as error:
        raise NotDicomError(f"refused: {error.message}") from None


def syntax_of(header: Dataset) -> str:
    """Transfer Syntax UID; the uncompressed default where an old file does not state one."""
    return str(header.file_meta.get("TransferSyntaxUID", "") or ExplicitVRLittleEndian)


def find_pixels(file: BinaryIO, header: Dataset) -> PixelPlace | None:
    """Place of the pixel bytes after `read_header`; None where the file ends before them.

    Deflated files have no bytes to point at: their place is (0, None).
    """
    implicit, little = header.original_encoding
    if syntax_of(header) == DeflatedExplicitVRLittleEndian:
        return PixelPlace(0, None, is_little_endian=True)
    order = "<" if little else ">"
    start = file.tell()
    element = file.read(12)
    if len(element) < 12:
        return None
    group, number = struct.unpack(f"{order}HH", element[:4])
    if group != PIXEL_DATA_GROUP or number not in PIXEL_DATA_ELEMENTS:
        return None
    if implicit:
        offset, length = start + 8, struct.unpack(f"{order}L", element[4:8])[0]
    elif element[4:6] in LONG_VALUE_REPRESENTATIONS:
        offset, length = start + 12, struct.unpack(f"{order}L", element[8:12])[0]
    else:
        return None
    return PixelPlace(offset, None if length == UNDEFINED_LENGTH else length, bool(little))


TEXT_FORMS = frozenset(("AE", "AS", "CS", "DA", "DS", "IS", "LO", "PN", "SH", "TM", "UI"))
"""Value representations whose plain bytes are their text."""


@cache
def _tag_and_form(keyword: str) -> tuple[int, str]:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"keyword must be one of DICOM's, {keyword=}")
    return tag, dictionary_VR(tag)


def _plain(header: Dataset, keyword: str) -> str | None:
    """Text of an element straight from its bytes, "" where it is missing; None: not that simple.

    Twice as fast over a whole header as the library's conversion, which the callers fall back on.
    """
    tag, usual_form = _tag_and_form(keyword)
    if tag not in header:
        return ""
    element: object = header.get_item(tag)
    if not isinstance(element, RawDataElement) or (element.VR or usual_form) not in TEXT_FORMS:
        return None
    value = element.value or b""
    return value.decode("ascii") if value.isascii() else None


def text(header: Dataset, keyword: str) -> str:
    """Value of an element as stripped text, "" where it is missing or unreadable."""
    plain = _plain(header, keyword)
    if plain is not None and "\x1b" not in plain:
        return plain.strip().strip("\0").strip()
    try:
        value = header.get(keyword, "")
    except DAMAGED:
        return ""
    return "" if value is None else str(value).strip().strip("\0").strip()


def texts(header: Dataset, keyword: str) -> tuple[str, ...]:
    """Values of an element with several of them, as stripped text."""
    plain = _plain(header, keyword)
    if plain is not None and "\x1b" not in plain:
        stripped = plain.strip(" \0")
        return tuple(part.strip() for part in stripped.split("\\")) if stripped else ()
    try:
        value = header.get(keyword, None)
    except DAMAGED:
        return ()
    if value is None or value == "":
        return ()
    is_several = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(str(part).strip() for part in (value if is_several else [value]))


def number(header: Dataset, keyword: str) -> float | None:
    """Value of an element as a finite number, None where it is missing, several or not one."""
    values = numbers(header, keyword, 1)
    return None if values is None else values[0]


def whole_number(header: Dataset, keyword: str) -> int | None:
    """Value of an element as an integer, None where it is missing or not one."""
    value = number(header, keyword)
    return int(value) if value is not None and value.is_integer() else None


def numbers(header: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers, None where the element holds anything else."""
    plain = _plain(header, keyword)
    try:
        if plain is not None:
            values = tuple(float(part.strip(" \0")) for part in plain.split("\\"))
        else:
            values = _converted(header, keyword)
    except DAMAGED:
        return None
    return values if len(values) == count and all(map(math.isfinite, values)) else None


def _converted(header: Dataset, keyword: str) -> tuple[float, ...]:
    value = header.get(keyword, None)
    if value is None or value == "":
        return ()
    parts = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return tuple(float(part) for part in parts)
