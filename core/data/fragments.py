"""Where the frames of a compressed file lie: the items of encapsulated Pixel Data."""

import struct
from typing import BinaryIO

from core.errors import SeriesError

Piece = tuple[int, int]
"""Offset and length of some bytes in a file."""

ITEM, SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
JPEG_END = b"\xff\xd9"
TRAILING_BYTES = 10
"""A frame may be padded behind its last marker by this many bytes."""

MOST_FRAGMENTS = 1 << 16
"""More are no CT: a thousand frames in sixty pieces each."""


def frame_pieces(file: BinaryIO, start: int, frame_count: int) -> tuple[tuple[Piece, ...], ...]:
    """Pieces of every frame, in order.

    Args:
        file: Open.
        start: Offset of the value of Pixel Data: its first item, the offset table.
        frame_count: Number of Frames.

    Raises:
        SeriesError: The frames cannot be told apart.
        struct.error: The offset table is damaged.
    """
    (table, *fragments) = _items(file, start) or [(0, 0)]
    if frame_count == 1:
        return (tuple(fragments),)
    if len(fragments) == frame_count:
        return tuple((fragment,) for fragment in fragments)
    frames = _by_table(file, table, fragments) or _by_end_marker(file, fragments)
    if len(frames) != frame_count:
        raise SeriesError(
            f"its {frame_count} frames cannot be told apart: {len(frames)} were found.",
            "Export the series again.",
        )
    return tuple(frames)


def joined(file: BinaryIO, pieces: tuple[Piece, ...]) -> bytes:
    """Bytes of one frame."""
    parts = []
    for offset, length in pieces:
        file.seek(offset)
        parts.append(file.read(length))
    return b"".join(parts)


def file_bytes(file: BinaryIO) -> int:
    """Length of an open file, which is left at its end."""
    return file.seek(0, 2)


def _items(file: BinaryIO, start: int) -> list[Piece]:
    """Value offset and length of each item; ends quietly where the file or the sequence ends."""
    end = file_bytes(file)
    items: list[Piece] = []
    position = start
    while position + 8 <= end and len(items) <= MOST_FRAGMENTS:
        file.seek(position)
        group, number, length = struct.unpack("<HHL", file.read(8))
        if (group << 16 | number) != ITEM:
            break
        items.append((position + 8, min(length, end - position - 8)))
        position += 8 + length
    return items


def _by_table(file: BinaryIO, table: Piece, fragments: list[Piece]) -> list[tuple[Piece, ...]]:
    """By the basic offset table, whose offsets count from the first item behind it."""
    offset, length = table
    if not length or not fragments:
        return []
    file.seek(offset)
    starts = [entry for (entry,) in struct.iter_unpack("<L", file.read(length))]
    base = offset + length
    bounds = [*starts[1:], fragments[-1][0] - base]
    return [
        tuple(piece for piece in fragments if first <= piece[0] - 8 - base < after)
        for first, after in zip(starts, bounds, strict=True)
    ]


def _by_end_marker(file: BinaryIO, fragments: list[Piece]) -> list[tuple[Piece, ...]]:
    """By the end marker of JPEG, JPEG-LS and JPEG 2000, all the same."""
    frames: list[tuple[Piece, ...]] = []
    pieces: list[Piece] = []
    for offset, length in fragments:
        pieces.append((offset, length))
        tail = min(length, TRAILING_BYTES)
        file.seek(offset + length - tail)
        if JPEG_END in file.read(tail):
            frames.append(tuple(pieces))
            pieces = []
    return frames
