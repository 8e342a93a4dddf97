"""A file that appears whole or not at all, and the folder that it lies in."""

import os
from pathlib import Path

from core.errors import ReportError


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, then put it in the place of the old one.

    Raises:
        ReportError: The folder does not exist, may not be written to or is full.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ReportError(
            f"{path.name} could not be written ({error.strerror}).",
            "Close the file where it is open; choose a folder that exists, may be written to and "
            "has space left.",
        ) from None


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are not there.

    Raises:
        ReportError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"The folder of the results could not be made ({error.strerror}).",
            "Choose a place that may be written to and has space left.",
        ) from None
