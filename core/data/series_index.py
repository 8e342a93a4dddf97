"""One walk of a folder: every file is either in a CT series or listed with its reason.

Headers only. Names of files and folders mean nothing; what the headers say decides.
"""

import filecmp
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.uid import MediaStorageDirectoryStorage

from core.data.dicom_file import (
    DAMAGED,
    NotDicomError,
    find_pixels,
    read_header,
    text,
    texts,
    whole_number,
    without_warnings,
)
from core.data.series import SeriesIndex, SeriesRecord, SliceHeader, UnreadableFile
from core.data.series_header import (
    INDEX_TAGS,
    NotSliceError,
    is_lossy,
    rescale_type,
    series_record,
    series_uid,
    slice_header,
)
from core.errors import SeriesError
from core.progress import Progress, Silent

SAME_ORIENTATION = 1e-3
"""Cosines that differ by less (0.06 degrees) belong to one stack: rounding, not another plane."""

SAME_SPACING_MM = 1e-4
"""Pixel spacings that differ by less are one spacing: 0.05 mm over 512 pixels."""


@dataclass
class _Stack:
    """Slices that fit together, while the walk is still going on."""

    record: SeriesRecord
    is_localizer: bool
    slices: list[SliceHeader] = field(default_factory=list)

    def add(self, header: Dataset, slice_: SliceHeader) -> None:
        """Add a slice; one slice in another unit, or lossy, marks the whole series."""
        self.slices.append(slice_)
        unit = rescale_type(header)
        if self.record.rescale_type in ("", "HU") and unit not in ("", "HU"):
            self.record = replace(self.record, rescale_type=unit)
        if is_lossy(header) and not self.record.is_lossy:
            self.record = replace(self.record, is_lossy=True)

    def fits(self, uid: str, slice_: SliceHeader, is_localizer: bool) -> bool:
        """True where the slice can lie in one grid with those that are here."""
        first = self.slices[0]
        return (
            self.record.uid == uid
            and self.is_localizer == is_localizer
            and (first.rows, first.columns) == (slice_.rows, slice_.columns)
            and _are_close(first.orientation, slice_.orientation, SAME_ORIENTATION)
            and _are_close(first.pixel_spacing_mm, slice_.pixel_spacing_mm, SAME_SPACING_MM)
        )


def _are_close(one: tuple[float, ...], other: tuple[float, ...], tolerance: float) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


@dataclass
class _Walk:
    """What was found so far."""

    stacks: list[_Stack] = field(default_factory=list)
    unreadable: list[UnreadableFile] = field(default_factory=list)
    by_identity: dict[tuple[str, str], SliceHeader] = field(default_factory=dict)

    def take(self, path: Path) -> str | None:
        """Put a file into its stack, or return why it belongs in none."""
        try:
            with without_warnings():
                header = _open_header(path)
                return self._sort_in(header, slice_header(header, path))
        except (NotDicomError, NotSliceError) as reason:
            return str(reason)
        except DAMAGED:
            return "damaged: its headers cannot be read"

    def _sort_in(self, header: Dataset, slice_: SliceHeader) -> str | None:
        uid = series_uid(header, slice_.path.parent)
        identity = (uid, slice_.sop_instance_uid or str(slice_.path))
        original = self.by_identity.setdefault(identity, slice_)
        if original is not slice_ and _is_copy(slice_.path, original.path):
            return "a copy of another file of the series"
        is_localizer = "LOCALIZER" in (part.upper() for part in texts(header, "ImageType"))
        fitting = (each for each in self.stacks if each.fits(uid, slice_, is_localizer))
        stack = next(fitting, None)
        if stack is None:
            stack = _Stack(series_record(header, uid), is_localizer)
            self.stacks.append(stack)
        stack.add(header, slice_)
        return None


def index(root: Path, progress: Progress = Silent()) -> SeriesIndex:
    """Find every CT series under a folder, and say of every other file why it is in none.

    Args:
        root: A folder, walked to any depth (a link that leads round in a circle is followed once);
            or one file: then its folder is read, not its subfolders, and only the series of that
            file is given.
        progress: Asked before every file, so Cancel works at once.

    Returns:
        Series, largest first, each with its slices sorted along the slice normal. A Series
        Instance UID whose slices do not fit together (localizer, orientation, matrix, pixel
        spacing) gives several records, see `SeriesRecord.uid`.

    Raises:
        SeriesError: `root` does not exist or holds no file.
    """
    # Not Path.is_file and is_dir: they raise where a folder above may not be entered.
    if os.path.isfile(root):
        return _index_file(root, progress)
    if not os.path.isdir(root):
        raise SeriesError(
            "The folder does not exist or cannot be reached.",
            "Check that the disk or network drive is connected, then choose the folder again.",
        )
    return _index_files(root, _files_under(root, progress), progress)


def _index_file(path: Path, progress: Progress) -> SeriesIndex:
    try:
        siblings = [each for each in sorted(path.parent.iterdir()) if os.path.isfile(each)]
    except OSError:
        siblings = [path]  # the file may be read, its folder may not be listed
    found = _index_files(path, siblings, progress)
    mine = [record for record in found.series if any(s.path == path for s in record.slices)]
    if not mine:
        return SeriesIndex(path, (), tuple(u for u in found.unreadable if u.path == path))
    uid = mine[0].uid.partition("#")[0]
    return SeriesIndex(path, tuple(r for r in found.series if r.uid.partition("#")[0] == uid))


def _files_under(root: Path, progress: Progress) -> list[Path]:
    """Every entry of the tree that is not a folder, sorted; each real folder is entered once."""
    files: list[Path] = []
    waiting, seen = [root], set()
    while waiting:
        progress.step(0.0, "Looking through the folder")
        folder = waiting.pop()
        try:
            identity = folder.stat()
            if (identity.st_dev, identity.st_ino) in seen:
                continue
            seen.add((identity.st_dev, identity.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    (waiting if entry.is_dir() else files).append(Path(entry.path))
        except OSError:
            files.append(folder)  # named as unreadable, with everything in it
    return sorted(files)


def _index_files(root: Path, files: list[Path], progress: Progress) -> SeriesIndex:
    if not files:
        raise SeriesError(
            "The folder holds no file.", "Choose the folder that holds the DICOM files of the scan."
        )
    walk = _Walk()
    for number, path in enumerate(files):
        progress.step(number / len(files), "Reading headers")
        reason = walk.take(path)
        if reason is not None:
            walk.unreadable.append(UnreadableFile(path, reason))
    progress.step(1.0, "Reading headers")
    return SeriesIndex(root, tuple(_records(walk.stacks)), tuple(walk.unreadable))


def _open_header(path: Path) -> Dataset:
    """Header of one file, after a look that its pixels are all there.

    Raises:
        NotDicomError: Not DICOM, or nothing that can be opened.
        NotSliceError: A DICOM file without (all) its pixels.
    """
    if not os.path.isfile(path):
        is_folder = os.path.isdir(path)
        reason = "folder that cannot be opened" if is_folder else "link or device, not a file"
        raise NotDicomError(reason)
    try:
        file = path.open("rb")
    except OSError:
        raise NotDicomError(
            "cannot be opened: no permission, or the disk reports a fault"
        ) from None
    with file:
        header = read_header(file, INDEX_TAGS)
        if header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
            raise NotSliceError("directory file: its images are read directly")
        place = find_pixels(file, header)
        if place is None:
            raise NotSliceError(_why_without_pixels(header))
        size = path.stat().st_size
        if place.length is not None and place.offset + place.length > size:
            raise NotSliceError("truncated: the file ends within its pixels")
    return header


def _why_without_pixels(header: Dataset) -> str:
    modality = text(header, "Modality")
    named = {
        "SR": "structured report: holds no pixels",
        "RTSTRUCT": "contours (RTSTRUCT): holds no pixels",
        "PR": "presentation state: holds no pixels",
        "KO": "key object selection: holds no pixels",
    }
    if modality in named:
        return named[modality]
    if whole_number(header, "Rows"):
        return "truncated: the file ends before its pixels"
    if modality:
        return f"modality {modality[:16]}: holds no pixels"
    return "truncated, or a DICOM object without pixels"


def _is_copy(path: Path, original: Path) -> bool:
    """True where two files of one identity hold the same bytes."""
    try:
        return filecmp.cmp(path, original, shallow=False)
    except OSError:
        return False


def _records(stacks: list[_Stack]) -> Iterator[SeriesRecord]:
    """Finished series, largest first, each under a UID of its own."""
    times_seen: dict[str, int] = {}
    for stack in sorted(stacks, key=lambda stack: (-len(stack.slices), stack.record.uid)):
        uid = stack.record.uid
        times_seen[uid] = times_seen.get(uid, 0) + 1
        own = uid if times_seen[uid] == 1 else f"{uid}#{times_seen[uid]}"
        yield replace(stack.record, uid=own, slices=_sorted_along_normal(stack.slices))


def _sorted_along_normal(slices: list[SliceHeader]) -> tuple[SliceHeader, ...]:
    along, down = np.array(slices[0].orientation).reshape(2, 3)
    normal = np.cross(along, down)
    return tuple(
        sorted(
            slices,
            key=lambda each: (
                float(normal @ np.array(each.position_mm)),
                each.instance_number or 0,
                each.sop_instance_uid,
            ),
        )
    )
