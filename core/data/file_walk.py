"""Every file under a folder, and every member of the zip archives among them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.data.archives import ArchiveError, members, why_refused
from core.data.series import UnreadableFile
from core.progress import Progress

ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of a zip archive, and of an empty one."""


STEP_FILES = 256
"""Cancel is asked for this often within one large folder."""


@dataclass(frozen=True)
class Place:
    """Where a stored object lies.

    Attributes:
        path: The file.
        member: Name inside the zip archive at `path`; "" for the file itself.
    """

    path: Path = field(repr=False)
    member: str = field(default="", repr=False)


def files_under(root: Path, progress: Progress) -> list[Path]:
    """Every entry of the tree that is not a folder, sorted; each real folder is entered once."""
    files: list[Path] = []
    waiting, seen = [root], set()
    while waiting:
        folder = waiting.pop()
        try:
            identity = folder.stat()
            if (identity.st_dev, identity.st_ino) in seen:
                continue
            seen.add((identity.st_dev, identity.st_ino))
            with os.scandir(folder) as entries:
                for number, entry in enumerate(entries):
                    if not number % STEP_FILES:
                        progress.step(0.0, "Looking through the folder")
                    (waiting if _is_folder(entry) else files).append(Path(entry.path))
        except OSError:
            files.append(folder)  # named as unreadable, with everything in it
    return sorted(files)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def members_of(path: Path, refused: list[UnreadableFile]) -> Iterator[Place]:
    """Members of a zip archive that may be read; those that may not are added to `refused`."""
    try:
        entries = members(path)
    except (ArchiveError, OSError) as error:
        reason = str(error) if isinstance(error, ArchiveError) else "cannot be opened"
        refused.append(UnreadableFile(path, reason))
        return
    if not entries:
        refused.append(UnreadableFile(path, "an empty zip archive"))
    names: set[str] = set()
    for entry in entries:
        is_second = entry.filename in names
        names.add(entry.filename)
        reason = "a second member of the same name: not read" if is_second else why_refused(entry)
        if reason:
            refused.append(UnreadableFile(path, reason, entry.filename))
        else:
            yield Place(path, entry.filename)


def is_zip(path: Path) -> bool:
    """True where the first bytes of a regular file are those of a zip archive."""
    if not os.path.isfile(path):
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) in ZIP_SIGNATURES
    except OSError:
        return False
