"""A quick walk over the elements in front of the pixels: four times as fast as the library's.

Only the plain case: little endian, with preamble, all lengths in order. Everything else is left to
pydicom, which also converts the values, so both ways give the same dataset (a test compares them).
"""

import struct
from functools import cache
from typing import BinaryIO

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    PrivateTransferSyntaxes,
)

FIRST_BYTES = 16384
"""Read in one go; longer headers are left to the library."""

LONG_FORMS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT")
LONG_FORMS_64 = (b"SV", b"UV")
UNDEFINED_LENGTH = 0xFFFFFFFF
FIRST_PIXEL_TAG = 0x7FE00008
CHARACTER_SET_TAG = 0x00080005
META_TAGS = frozenset((0x00020002, 0x00020003, 0x00020010))
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
DEEPEST_SEQUENCE = 16

Elements = dict[BaseTag, DataElement | RawDataElement]

_TAG = struct.Struct("<HH")
_SHORT = struct.Struct("<H")
_LONG = struct.Struct("<L")


class _NotPlainError(ValueError):
    """The walk met something that the library must read."""


def scan_header(file: BinaryIO, tags: frozenset[int]) -> Dataset | None:
    """Wanted elements of a file, which is left at its pixel data element.

    Args:
        file: Open at its beginning.
        tags: Tags to keep, as numbers.

    Returns:
        None, with the file at its beginning again, where the case is not plain.
    """
    content = file.read(FIRST_BYTES)
    if content[128:132] != b"DICM":
        file.seek(0)
        return None
    try:
        meta, start = _walk(content, 132, META_TAGS, last_group=2)
        syntax = _syntax(meta)
        implicit = syntax == ImplicitVRLittleEndian
        elements, end = _walk(content, start, tags, implicit=implicit)
    except (_NotPlainError, struct.error):
        file.seek(0)
        return None
    file.seek(end)
    return _dataset(meta, elements, implicit)


@cache
def tags_of(keywords: tuple[str, ...]) -> frozenset[int]:
    """Tags of DICOM keywords, and the character set that their text needs."""
    tags = (tag_for_keyword(keyword) for keyword in keywords)
    return frozenset(tag for tag in tags if tag is not None) | {CHARACTER_SET_TAG}


def _syntax(meta: Elements) -> str:
    element = meta.get(BaseTag(0x00020010))
    if element is None or element.value is None:
        raise _NotPlainError
    syntax = bytes(element.value).rstrip(b"\0 ").decode("ascii", "replace")
    if syntax in (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, *PrivateTransferSyntaxes):
        raise _NotPlainError
    return syntax


def _dataset(meta: Elements, elements: Elements, implicit: bool) -> Dataset:
    dataset = Dataset(elements)
    character_set = elements.get(BaseTag(CHARACTER_SET_TAG))
    names = (
        ""
        if character_set is None
        else bytes(character_set.value or b"").decode("ascii", "replace")
    )
    encodings = convert_encodings([name.strip() for name in names.split("\\")])
    dataset.set_original_encoding(implicit, True, encodings)
    dataset.file_meta = FileMetaDataset(meta)
    return dataset


def _walk(
    content: bytes,
    position: int,
    wanted: frozenset[int],
    *,
    implicit: bool = False,
    last_group: int = 0x7FE0,
) -> tuple[Elements, int]:
    """Wanted elements from `position` to the pixels (or past `last_group`), and where it ended."""
    found: Elements = {}
    while True:
        group, number = _TAG.unpack_from(content, position)
        tag = group << 16 | number
        if tag >= FIRST_PIXEL_TAG or group > last_group:
            return found, position
        form, value, length = _element(content, position, implicit)
        if length == UNDEFINED_LENGTH:
            if tag in wanted:
                raise _NotPlainError
            position = _past_sequence(content, value, implicit)
            continue
        position = value + length
        if tag in wanted:
            if position > len(content):
                raise _NotPlainError
            key = BaseTag(tag)
            bytes_ = content[value:position] if length else None
            found[key] = RawDataElement(key, form, length, bytes_, value, implicit, True, True)


def _element(content: bytes, position: int, implicit: bool) -> tuple[str | None, int, int]:
    """Value representation (None if implicit), offset of the value and its length."""
    if implicit:
        return None, position + 8, _LONG.unpack_from(content, position + 4)[0]
    form = content[position + 4 : position + 6]
    if form in LONG_FORMS or form in LONG_FORMS_64:
        return form.decode(), position + 12, _LONG.unpack_from(content, position + 8)[0]
    if not (form.isalpha() and form.isupper()):
        raise _NotPlainError
    return form.decode("ascii"), position + 8, _SHORT.unpack_from(content, position + 6)[0]


def _past_sequence(content: bytes, position: int, implicit: bool, depth: int = 0) -> int:
    """Offset behind a sequence of undefined length whose first item is at `position`."""
    if depth > DEEPEST_SEQUENCE:
        raise _NotPlainError
    while True:
        tag, length = _item(content, position)
        position += 8
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM:
            raise _NotPlainError
        if length != UNDEFINED_LENGTH:
            position += length
            continue
        while _item(content, position)[0] != ITEM_END:
            _, value, inner = _element(content, position, implicit)
            if inner == UNDEFINED_LENGTH:
                position = _past_sequence(content, value, implicit, depth + 1)
            else:
                position = value + inner
        position += 8


def _item(content: bytes, position: int) -> tuple[int, int]:
    group, number = _TAG.unpack_from(content, position)
    return group << 16 | number, _LONG.unpack_from(content, position + 4)[0]
