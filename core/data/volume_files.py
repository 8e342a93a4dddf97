"""Volumes in one file (NIfTI, NRRD, MHA and MHD): as slices of a series, and their values.

The headers are parsed by hand, with limits: these files come from anywhere. Their values are taken
for hounsfield units, which none of the formats states, and that is said in the fitness.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import generate_uid

from core.data.meta_header import parse_meta
from core.data.nifti_header import parse_nifti
from core.data.nrrd_header import parse_nrrd
from core.data.opened import open_source
from core.data.series import VOLUME_KINDS, SeriesRecord, SliceHeader
from core.data.volume_header import NotVolumeError, VolumeHeader, require_ct

FIRST_BYTES = 65536
"""Of a volume file; a longer header is refused."""

READ_BYTES = 1 << 20


def read_volume_header(file: BinaryIO) -> VolumeHeader | None:
    """Header of a volume file, None where the file is none of them.

    Args:
        file: Open at its beginning; where it is left is not said.

    Raises:
        NotVolumeError: It is one, but not a CT volume that can be read; the message says why.
    """
    start = file.read(FIRST_BYTES)
    is_packed = start.startswith(b"\x1f\x8b")
    if is_packed:
        start = _unpacked_start(start)
    for parse in (parse_nifti, parse_nrrd, parse_meta):
        header = parse(start, is_packed)
        if header is not None:
            require_ct(header)
            return header
    return None


def _unpacked_start(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, FIRST_BYTES)
    except zlib.error:
        return b""


def volume_record(path: Path, member: str, header: VolumeHeader) -> SeriesRecord:
    """A series whose slices are those of a volume file, sorted along their normal."""
    uid = str(generate_uid(entropy_srcs=[str(path), member]))
    slices, rows, columns = header.shape
    steps = header.affine[:3, :3]
    _, row_mm, column_mm = (float(length) for length in np.linalg.norm(steps, axis=0))
    along_columns, along_rows = steps[:, 2] / column_mm, steps[:, 1] / row_mm
    a, b, c, d, e, f = (float(x) for x in (*along_columns, *along_rows))
    runs_back = float(np.cross(along_columns, along_rows) @ steps[:, 0]) < 0
    order = range(slices - 1, -1, -1) if runs_back else range(slices)
    origin = header.affine[:3, 3]
    headers = []
    for k in order:
        x, y, z = (float(value) for value in origin + k * steps[:, 0])
        headers.append(
            SliceHeader(
                path=path,
                sop_instance_uid="",
                instance_number=k + 1,
                position_mm=(x, y, z),
                orientation=(a, b, c, d, e, f),
                rows=rows,
                columns=columns,
                pixel_spacing_mm=(row_mm, column_mm),
                thickness_mm=None,
                transfer_syntax_uid=header.kind,
                frame=k,
                member=member,
            )
        )
    return SeriesRecord(
        uid=uid,
        slices=tuple(headers),
        frame_of_reference_uid=f"{uid}.1"[:64],
        modality="CT",
        description=f"{VOLUME_KINDS[header.kind]} volume",
    )


def read_values(header: SliceHeader) -> tuple[VolumeHeader, NDArray[Any]]:
    """Stored values of the volume file that a slice belongs to.

    Returns:
        Its header, and the values (slice, row, column) in stored order (`SliceHeader.frame` counts
        them), byte order as stored, before slope and intercept.

    Raises:
        NotVolumeError: Damaged or truncated, or no longer the file that was indexed.
        OSError: It cannot be read.
        ArchiveError: The archive around it cannot be read.
    """
    with open_source(header) as file:
        found = read_volume_header(file)
        if found is None or found.kind != header.transfer_syntax_uid:
            raise NotVolumeError("it is not the file that was indexed")
        if not found.values_file:
            return found, _values(file, found)
        if header.member:
            raise NotVolumeError("its values lie in another file of the archive: unpack it first")
    with (header.path.parent / found.values_file).open("rb") as file:
        return found, _values(file, found)


def _values(file: BinaryIO, header: VolumeHeader) -> NDArray[Any]:
    content = bytearray(header.values_bytes)
    if header.is_packed:
        file.seek(0)
        _fill(content, _unpacked(file, "gzip", header.offset or 0))
    elif header.packing:
        file.seek(header.offset or 0)
        _fill(content, _unpacked(file, header.packing, 0))
    else:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - len(content), 0) if header.offset is None else header.offset)
        _fill(content, iter(lambda: file.read(READ_BYTES), b""))
    return np.frombuffer(content, header.stored_type).reshape(header.shape)


def _fill(content: bytearray, parts: Iterator[bytes]) -> None:
    """Fill `content` with the parts; what is left over is not read."""
    place = 0
    try:
        while place < len(content):
            part = next(parts)[: len(content) - place]
            content[place : place + len(part)] = part
            place += len(part)
    except (StopIteration, EOFError):
        raise NotVolumeError("truncated: the file ends within its values") from None
    except (gzip.BadGzipFile, zlib.error):
        raise NotVolumeError("damaged: its values cannot be unpacked") from None


def _unpacked(file: BinaryIO, packing: str, skip: int) -> Iterator[bytes]:
    """Unpacked parts of at most `READ_BYTES`, without the first `skip` bytes."""
    if packing == "gzip":
        stream = gzip.GzipFile(fileobj=file)
        stream.read(skip)
        yield from iter(lambda: stream.read(READ_BYTES), b"")
        return
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib or gzip, by its own words
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail or file.read(READ_BYTES)
        if not packed:
            return
        yield unpacker.decompress(packed, READ_BYTES)
