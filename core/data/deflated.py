"""Deflated DICOM files, unpacked in memory and with a limit."""

import io
import struct
import zlib
from typing import BinaryIO

from core.errors import SeriesError

DEFLATED = "1.2.840.10008.1.2.1.99"
INFLATED_BYTES = 1 << 28
"""No file unpacks to more: 256 MB, 500 frames."""

_META_START = b"DICM\x02\0\0\0UL\x04\0"
_EXPLICIT_START = (
    bytes(128) + _META_START + struct.pack("<L", 28)
    + b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
)  # fmt: skip


def inflated(file: BinaryIO) -> BinaryIO:
    """The same file in memory without the compression, as explicit little endian.

    Raises:
        SeriesError: It would unpack to more than `INFLATED_BYTES`.
        ValueError: No DICOM file; zlib.error, struct.error: damaged.
    """
    content = file.read(INFLATED_BYTES)
    if content[128:140] != _META_START:
        raise ValueError("no file meta group of stated length")
    start = 144 + struct.unpack_from("<L", content, 140)[0]
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = unpacker.decompress(content[start:], INFLATED_BYTES)
    if unpacker.unconsumed_tail:
        raise SeriesError(
            f"it unpacks to more than {INFLATED_BYTES >> 20} MB.", "Export the series again."
        )
    return io.BytesIO(_EXPLICIT_START + unpacked)
