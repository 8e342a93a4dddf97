"""A file that appears whole or not at all, and the folder that it lies in."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from core.errors import ReportError


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, then put it in the place of the old one.

    Raises:
        ReportError: The folder does not exist, may not be written to or is full.
    """
    try:
        replace_file(path, content)
    except OSError as error:
        raise ReportError(
            f"{path.name} could not be written ({error.strerror}).",
            "Close the file where it is open; choose a folder that exists, may be written to and "
            "has space left.",
        ) from None


def replace_file(path: Path, content: bytes) -> None:
    """Write under a name that no other writer has, then put it in place.

    Raises:
        OSError: The folder does not exist, may not be written to or is full.
    """
    unfinished = path.with_name(f".{uuid4().hex}.part")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def require_writable(folder: Path) -> None:
    """Look whether results could be written there, before a run; makes nothing.

    Raises:
        ReportError: The folder, or the nearest one above it that exists, takes no files.
    """
    place = folder.absolute()
    while not os.path.lexists(place):
        place = place.parent
    if not os.path.isdir(place):  # Path.is_dir raises where a folder above may not be entered
        raise _no_folder("a file bears its name")
    if not os.access(place, os.W_OK | os.X_OK):
        raise _no_folder("no permission to write there")


def make_folder(folder: Path) -> None:
    """Make a folder for results, if it is missing.

    Raises:
        ReportError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(error.strerror or "refused") from None


def _no_folder(why: str) -> ReportError:
    return ReportError(
        f"The folder for the results cannot be made ({why}).",
        "Choose a folder that you may write to, and whose name is not that of a file.",
    )
