"""Archives and directory files for the corpus: good ones, and those that must be refused."""

import io
import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.fileset import FileSet

BOMB_BYTES = 64 << 20
CENTRAL_SIGNATURE = b"PK\x01\x02"
LOCAL_SIGNATURE = b"PK\x03\x04"


def write_archive(path: Path, files: Sequence[Path], extra: dict[str, bytes]) -> None:
    """Pack files and some more members, deflated, with names that do not depend on the folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, each in enumerate(files):
            archive.writestr(f"scan/{number}", each.read_bytes())
        for name, content in extra.items():
            archive.writestr(name, content)


def with_link(path: Path, name: str, target: str) -> None:
    """Add a symbolic link as unpackers would make it."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3  # Unix, or the mode means nothing
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, target)


def encrypt(path: Path) -> None:
    """Mark every member as encrypted, as far as a reader can see before it asks for a password."""
    content = bytearray(path.read_bytes())
    for signature, place in ((LOCAL_SIGNATURE, 6), (CENTRAL_SIGNATURE, 8)):
        start = content.find(signature)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(signature, start + 4)
    path.write_bytes(content)


def understate(path: Path, bytes_: int) -> None:
    """Let the list say that the last member unpacks to fewer bytes than it does."""
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.rfind(CENTRAL_SIGNATURE) + 24, bytes_)
    path.write_bytes(content)


def nested(levels: int) -> bytes:
    """An archive in an archive in an archive."""
    content = b"a note"
    for _ in range(levels):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inner.zip", content)
        content = buffer.getvalue()
    return content


def write_directory(folder: Path, files: Sequence[Path]) -> None:
    """A DICOMDIR that lists copies of the files, beside them."""
    listed = FileSet()
    for number, path in enumerate(files):
        dataset = pydicom.dcmread(path)
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20200101", "101010", "1"
        dataset.SeriesNumber, dataset.InstanceNumber = 1, number
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
        listed.add(dataset)
    listed.write(folder)
    listed._stage["t"].cleanup()  # the library leaves it to the garbage collector, which warns
