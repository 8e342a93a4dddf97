"""RLE Lossless frames (DICOM PS3.5 annex G), bounded by what the header of the slice promises.

The library's own way over a whole frame ends in a panic, which passes every `except`, where the
stream is damaged; its way over one segment raises ValueError.
"""

import struct

import numpy as np
from numpy.typing import NDArray

HEADER = struct.Struct("<16L")
"""Number of segments, then the offset of each of up to 15."""


def decode_run_lengths(
    content: bytes, *, pixels: int, bits_allocated: int
) -> NDArray[np.unsignedinteger]:
    """Stored values of one frame.

    Each segment holds one byte of every pixel, the most significant byte first.

    Args:
        content: The frame.
        pixels: Rows times columns.
        bits_allocated: 8, 16 or 32.

    Returns:
        Unsigned integers (pixels,) in the byte order of the machine.

    Raises:
        ValueError: The stream is damaged or another slice's.
        struct.error: It ends within its header.
    """
    from rle.rle import decode_segment

    count, *offsets = HEADER.unpack_from(content)
    if count != bits_allocated // 8:
        raise ValueError("the number of segments does not fit the bits allocated")
    values = np.zeros(pixels, f"u{bits_allocated // 8}")
    for start, end in zip(offsets[:count], [*offsets[1:count], len(content)], strict=True):
        if not HEADER.size <= start < end <= len(content):
            raise ValueError("a segment lies outside the stream")
        unpacked = decode_segment(content[start:end])
        if len(unpacked) < pixels:
            raise ValueError("a segment holds too few pixels")
        if count > 1:
            values <<= 8
        values |= np.frombuffer(unpacked, np.uint8, pixels)
    return values
