"""The bytes of a stored slice, wherever they lie: a file of its own, or a member of an archive."""

from pathlib import Path
from typing import BinaryIO

from core.data.archives import open_member
from core.data.series import SliceHeader


def open_source(header: SliceHeader) -> BinaryIO:
    """The file of a slice, open at its beginning; a context manager that closes it.

    A member of a zip archive is unpacked into memory, never onto the disk.

    Raises:
        OSError: The file is gone or cannot be read.
        ArchiveError: The archive is damaged, or the member would unpack to more than is allowed.
    """
    return open_place(header.path, header.member)


def open_place(path: Path, member: str) -> BinaryIO:
    """A file, or the member of the zip archive at `path`; see `open_source`."""
    return open_member(path, member) if member else path.open("rb")
