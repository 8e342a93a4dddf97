"""Files that hold one slice twice: copies byte by byte, and the same pixels sent again."""

import filecmp
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

from core.data.archives import ArchiveError
from core.data.found_slice import FoundSlice
from core.data.opened import open_source
from core.data.series import SliceHeader
from core.data.slice_stack import SAME_POSITION_MM

PART_BYTES = 1 << 16


def is_copy(one: SliceHeader, other: SliceHeader) -> bool:
    """True where two files hold the same bytes."""
    try:
        if not one.member and not other.member:
            return filecmp.cmp(one.path, other.path, shallow=False)
        with open_source(one) as first, open_source(other) as second:
            return _same_bytes(first, second)
    except (OSError, ArchiveError):
        return False


def without_repeats(ordered: Iterable[FoundSlice]) -> tuple[list[FoundSlice], list[FoundSlice]]:
    """Slices sorted along their normal, without those that repeat another one at their place.

    Returns:
        Those that stay, and those that hold the same pixels as one that stays.
    """
    kept: list[FoundSlice] = []
    repeats: list[FoundSlice] = []
    for each in ordered:
        is_repeat = False
        for earlier in reversed(kept):
            if not _share_place(earlier, each):
                break
            if _same_values(earlier, each):
                is_repeat = True
                break
        (repeats if is_repeat else kept).append(each)
    return kept, repeats


def _share_place(one: FoundSlice, other: FoundSlice) -> bool:
    apart = np.subtract(one.header.position_mm, other.header.position_mm)
    return bool(np.linalg.norm(apart) <= SAME_POSITION_MM)


def _same_values(one: FoundSlice, other: FoundSlice) -> bool:
    """True where two slices are encoded alike and hold the same pixel bytes."""
    first, second = one.pixels, other.pixels
    if first is None or second is None or one.rescale != other.rescale:
        return False
    is_alike = one.header.transfer_syntax_uid == other.header.transfer_syntax_uid
    if not is_alike or first.length != second.length:
        return False
    try:
        with open_source(one.header) as file, open_source(other.header) as other_file:
            file.seek(first.offset)
            other_file.seek(second.offset)
            return _same_bytes(file, other_file, first.length)
    except (OSError, ArchiveError):
        return False


def _same_bytes(one: BinaryIO, other: BinaryIO, length: int | None = None) -> bool:
    """True where both go on with the same bytes, to the end or for `length` of them."""
    left = length
    while left is None or left > 0:
        size = PART_BYTES if left is None else min(PART_BYTES, left)
        first, second = one.read(size), other.read(size)
        if first != second:
            return False
        if not first:
            return True
        left = None if left is None else left - len(first)
    return True
