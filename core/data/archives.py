"""Zip archives, read member by member into memory: nothing is ever unpacked onto the disk.

An archive is foreign: names that lead elsewhere, links, encryption, archives in archives and
members that unpack to far more than they hold are refused in words, one by one; the rest is read.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

MEMBER_BYTES = 1 << 29
"""No member unpacks to more: 512 MiB, a multi-frame CT of a thousand slices."""

ARCHIVE_BYTES = 8 << 30
"""Nor all members together: 8 GiB, several studies."""

LARGEST_RATIO = 100
"""Unpacked to packed size of a member from `RATIO_FROM_BYTES` on: real CTs reach 4, bombs 1000."""

RATIO_FROM_BYTES = 1 << 20
"""Small members may shrink to nothing: an empty slice of 64 x 64."""

MOST_MEMBERS = 100_000
"""More entries than this are no study."""

ARCHIVE_NAMES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
LOCAL_HEADER_BYTES = 30
LOCAL_SIGNATURE = b"PK\x03\x04"
ENCRYPTED = 0x1
STRONGLY_ENCRYPTED = 0x40
RAW_DEFLATE = -15


class ArchiveError(ValueError):
    """An archive or member that is not read; the message says why, without its name."""


def members(path: Path) -> tuple[zipfile.ZipInfo, ...]:
    """Every entry of an archive that is not a folder, in stored order.

    Raises:
        ArchiveError: Not a zip archive, damaged, or with too many entries or bytes.
        OSError: It cannot be opened.
    """
    return _entries(path)


def why_refused(info: zipfile.ZipInfo) -> str:
    """Why a member is not read, in words; "" where it may be."""
    if _leads_elsewhere(info.filename):
        return "its name leads out of the archive: not read"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link inside an archive: not read"
    if info.flag_bits & (ENCRYPTED | STRONGLY_ENCRYPTED):
        return "encrypted: unpack the archive with its password first"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packed by a method that is not read: unpack the archive first"
    return _why_too_large(info)


def _why_too_large(info: zipfile.ZipInfo) -> str:
    if info.file_size > MEMBER_BYTES:
        return f"would unpack to more than {MEMBER_BYTES >> 20} MB: not read"
    is_large = info.file_size > RATIO_FROM_BYTES
    if is_large and info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
        return f"would unpack to over {LARGEST_RATIO} times its size (a zip bomb): not read"
    return ""


def open_member(path: Path, name: str) -> BinaryIO:
    """A member unpacked into memory.

    Raises:
        ArchiveError: Not there, refused, damaged, or larger than it says.
        OSError: The archive is gone or cannot be read.
    """
    info = _by_name(_entries(path)).get(name)
    if info is None:
        raise ArchiveError("the archive does not hold this member any more")
    reason = why_refused(info)
    if reason:
        raise ArchiveError(reason)
    with path.open("rb") as file:
        packed = _packed_bytes(file, info)
    content = packed if info.compress_type == zipfile.ZIP_STORED else _inflated(packed, info)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise ArchiveError("damaged inside the archive: its checksum is wrong")
    return io.BytesIO(content)


def _entries(path: Path) -> tuple[zipfile.ZipInfo, ...]:
    state = os.stat(path)
    return _entries_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _by_name(entries: tuple[zipfile.ZipInfo, ...]) -> dict[str, zipfile.ZipInfo]:
    """Of several members with one name, the first: the others are not read."""
    return {info.filename: info for info in reversed(entries)}


@lru_cache(maxsize=4)  # every slice of a series asks for it; an archive may list thousands
def _entries_of(path: Path, _mtime_ns: int, _size: int) -> tuple[zipfile.ZipInfo, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, LookupError, struct.error, NotImplementedError):
        raise ArchiveError("a damaged zip archive: its list of files cannot be read") from None
    if len(entries) > MOST_MEMBERS:
        raise ArchiveError(f"a zip archive of over {MOST_MEMBERS:,} files: not read")
    files = [info for info in entries if not info.is_dir()]
    if sum(info.file_size for info in files) > ARCHIVE_BYTES:
        raise ArchiveError(f"a zip archive of over {ARCHIVE_BYTES >> 30} GB: unpack it first")
    return tuple(files)


def _leads_elsewhere(name: str) -> bool:
    plain = PurePosixPath(name.replace("\\", "/"))
    return plain.is_absolute() or ".." in plain.parts or bool(PureWindowsPath(name).drive)


def _packed_bytes(file: BinaryIO, info: zipfile.ZipInfo) -> bytes:
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER_BYTES)
    if len(header) < LOCAL_HEADER_BYTES or not header.startswith(LOCAL_SIGNATURE):
        raise ArchiveError("damaged inside the archive: it is not where the list says")
    name_length, extra_length = struct.unpack_from("<HH", header, 26)
    file.seek(name_length + extra_length, os.SEEK_CUR)
    packed = file.read(min(info.compress_size, MEMBER_BYTES))
    if len(packed) < info.compress_size:
        raise ArchiveError("truncated: the archive ends within it")
    return packed


def _inflated(packed: bytes, info: zipfile.ZipInfo) -> bytes:
    try:
        return zlib.decompressobj(RAW_DEFLATE).decompress(packed, info.file_size + 1)
    except zlib.error:
        raise ArchiveError("damaged inside the archive: it cannot be unpacked") from None
