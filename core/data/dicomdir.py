"""DICOMDIR, the list of files on a disc: the files are read directly, the list says which lack."""

import os
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import Dataset

from core.data.dicom_file import DAMAGED, texts

READ_DIRECTLY = "directory file: its images are read directly"

LARGEST_BYTES = 1 << 26
"""Of a directory file; a longer one (over 100,000 images) is not checked."""


def directory_reason(file: BinaryIO, folder: Path | None) -> str:
    """What is said of a directory file: that it is one, and how many of its files are missing.

    Args:
        file: Open; read from its beginning.
        folder: Where it lies; None inside an archive, where nothing is checked.
    """
    if folder is None or file.seek(0, os.SEEK_END) > LARGEST_BYTES:
        return READ_DIRECTLY
    file.seek(0)
    try:
        directory = pydicom.dcmread(file, force=True)
        records = list(directory.get("DirectoryRecordSequence", None) or ())
        named = [parts for record in records if (parts := _file_id(record))]
    except DAMAGED:
        return f"{READ_DIRECTLY}; it is damaged itself"
    missing = sum(not _is_there(folder, parts) for parts in named)
    if not missing:
        return READ_DIRECTLY
    return f"{READ_DIRECTLY}; {missing} of the {len(named)} files that it names are not there"


def _file_id(record: Dataset) -> tuple[str, ...]:
    return texts(record, "ReferencedFileID")


def _is_there(folder: Path, parts: tuple[str, ...]) -> bool:
    if any(part in ("", ".", "..") or "/" in part or "\\" in part for part in parts):
        return False
    # Discs are often mounted with their capital letters made small.
    spellings = (parts, tuple(map(str.lower, parts)), tuple(map(str.upper, parts)))
    try:
        return any(os.path.isfile(folder.joinpath(*names)) for names in spellings)
    except ValueError:  # a zero byte
        return False
