"""One walk of a folder: every file is either in a CT series or listed with its reason.

Headers only. Names of files and folders mean nothing; what the headers say decides.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset

from core.data.archives import ArchiveError
from core.data.decoding_server import POOL_FROM_SLICES, is_compressed, start_server
from core.data.dicom_file import DAMAGED, NotDicomError, without_warnings
from core.data.dicom_source import DirectoryFileError, open_header
from core.data.dicomdir import READ_DIRECTLY, directory_reason
from core.data.file_walk import Place, files_under, is_zip, members_of
from core.data.found_slice import FoundSlice, found_slice
from core.data.multi_frame import frame_headers, has_frames
from core.data.opened import open_place
from core.data.same_slice import is_copy, without_repeats
from core.data.series import SeriesIndex, SeriesRecord, SliceHeader, UnreadableFile
from core.data.series_header import NotSliceError, series_record, series_uid, slice_header
from core.data.stack_split import Part, doubled_places, sorted_along_normal, split, why_apart
from core.data.volume_files import read_volume_header, volume_record
from core.data.volume_header import NotVolumeError
from core.errors import SeriesError
from core.progress import Progress, Silent, Span

WALK_SHARE = 0.95
"""Of the time: reading headers. The rest looks for repeated slices."""


@dataclass
class _Group:
    """Slices of one UID and one kind, while the walk is still going on."""

    record: SeriesRecord
    slices: list[FoundSlice] = field(default_factory=list)


@dataclass
class _Walk:
    """What was found so far."""

    groups: dict[str, list[_Group]] = field(default_factory=dict)
    volumes: list[SeriesRecord] = field(default_factory=list)
    unreadable: list[UnreadableFile] = field(default_factory=list)
    by_identity: dict[tuple[str, str], SliceHeader] = field(default_factory=dict)
    damaged: dict[str, set[str]] = field(default_factory=dict)
    values_files: set[Path] = field(default_factory=set)
    enters_archives: bool = True
    starts_server: bool = False
    compressed: int = 0

    def take(self, path: Path, progress: Progress) -> None:
        """Sort in a file, or every member of a zip archive."""
        if self._take_place(Place(path)):
            return
        if not self.enters_archives:
            self._refuse(Place(path), "a zip archive: open it to see what it holds")
            return
        members = list(members_of(path, self.unreadable))
        for number, place in enumerate(members):
            progress.step(number / len(members), "Reading headers")
            self._take_place(place)

    def _take_place(self, place: Place) -> bool:
        """Sort in one file or member; False where it is a zip archive to be gone through."""
        try:
            with without_warnings(), _opened(place) as file:
                self._sort_in_all(file, place)
        except NotDicomError as reason:
            if not place.member and is_zip(place.path):
                return False
            self._refuse(place, str(reason))
        except NotSliceError as reason:
            self._refuse(place, str(reason), reason.series_uid)
            self.damaged.setdefault(reason.series_uid, set()).add(reason.sop_instance_uid)
        except (NotVolumeError, ArchiveError) as reason:
            self._refuse(place, str(reason))
        except DAMAGED:
            self._refuse(place, "damaged: its headers cannot be read")
        return True

    def leave_out(self, found: FoundSlice, reason: str) -> None:
        """List a slice that was sorted in first."""
        header = found.header
        self.unreadable.append(UnreadableFile(header.path, reason, header.member))

    def _refuse(self, place: Place, reason: str, uid: str = "") -> None:
        self.unreadable.append(UnreadableFile(place.path, reason, place.member, uid))

    def _sort_in_all(self, file: BinaryIO, place: Place) -> None:
        try:
            source = open_header(file)
        except NotDicomError:
            file.seek(0)
            self._take_volume(file, place)
            return
        except DirectoryFileError:
            folder = None if place.member else place.path.parent
            raise NotSliceError(directory_reason(file, folder)) from None
        if not has_frames(source.header):
            header = slice_header(source.header, place.path, member=place.member)
            found = found_slice(source.header, header, source.pixels)
            self._sort_in(source.header, found)
            return
        # All frames or none: a file is either in a series or listed.
        frames = [
            (each, slice_header(each, place.path, member=place.member, frame=number))
            for number, each in enumerate(frame_headers(file))
        ]
        self._require_new(frames[0][0], frames[0][1])
        for each, header in frames:
            self._group(each, found_slice(each, header, None))

    def _take_volume(self, file: BinaryIO, place: Place) -> None:
        """A volume file.

        Raises:
            NotDicomError: It is none either; the message is that of the DICOM reader.
            NotVolumeError: It is one that is not read.
        """
        header = read_volume_header(file)
        if header is None:
            file.seek(0)
            open_header(file)  # raises again
            return
        if header.values_file:
            beside = place.path.parent / header.values_file
            if place.member or not os.path.isfile(beside):
                raise NotVolumeError("its values lie in another file that is not there")
            self.values_files.add(beside)
        self.volumes.append(volume_record(place.path, place.member, header))

    def _sort_in(self, header: Dataset, found: FoundSlice) -> None:
        self._require_new(header, found.header)
        self._group(header, found)

    def _require_new(self, header: Dataset, slice_: SliceHeader) -> None:
        uid = series_uid(header, slice_.path.parent)
        name = slice_.sop_instance_uid or f"{slice_.path}:{slice_.member}"
        original = self.by_identity.setdefault((uid, name), slice_)
        if original is not slice_ and is_copy(slice_, original):
            raise NotSliceError("a copy of another file of the series")

    def _group(self, header: Dataset, found: FoundSlice) -> None:
        uid = series_uid(header, found.header.path.parent)
        groups = self.groups.setdefault(uid, [])
        group = next((g for g in groups if not why_apart(g.slices[0], found)), None)
        if group is None:
            group = _Group(series_record(header, uid))
            groups.append(group)
        group.slices.append(found)
        if is_compressed(found.header):
            self.compressed += 1
            if self.starts_server and self.compressed == POOL_FROM_SLICES:
                start_server()


def _opened(place: Place) -> BinaryIO:
    """The file or member.

    Raises:
        NotDicomError: Nothing that can be opened.
        ArchiveError: A member that cannot be unpacked.
    """
    if not os.path.isfile(place.path):
        is_folder = os.path.isdir(place.path)
        reason = "folder that cannot be opened" if is_folder else "link or device, not a file"
        raise NotDicomError(reason)
    try:
        return open_place(place.path, place.member)
    except OSError:
        raise NotDicomError(
            "cannot be opened: no permission, or the disk reports a fault"
        ) from None


def index(root: Path, progress: Progress = Silent(), *, is_read_next: bool = False) -> SeriesIndex:
    """Find every CT series under a folder, and say of every other file why it is in none.

    Zip archives are gone through, NIfTI, NRRD, MHA and MHD files are series of their own, the
    frames of an enhanced CT are slices.

    Args:
        root: A folder, walked to any depth (a link that leads round in a circle is followed once);
            a zip archive or volume file; a DICOMDIR: then its folder is walked; or another file:
            then its folder is read, not its subfolders, and only the series of that file is given.
        progress: Asked before every file, so Cancel works at once.
        is_read_next: A series is to be read next: what decodes many compressed slices starts at the
            first of them (`decoding_server`). The program must keep to the rule of multiprocessing:
            what it does stands behind ``if __name__ == "__main__"``.

    Returns:
        Series, largest first, each with its slices sorted along the slice normal. A Series
        Instance UID whose slices do not fit together gives several records, see `SeriesRecord.uid`
        and `stack_split.split`.

    Raises:
        SeriesError: `root` does not exist or holds no file.
    """
    # Not Path.is_file and is_dir: they raise where a folder above may not be entered.
    if os.path.isfile(root):
        return _index_file(root, progress, is_read_next=is_read_next)
    if not os.path.isdir(root):
        raise SeriesError(
            "The folder does not exist or cannot be reached.",
            "Check that the disk or network drive is connected, then choose the folder again.",
        )
    walk = _Walk(starts_server=is_read_next)
    return _index_files(root, files_under(root, progress), progress, walk)


def _index_file(path: Path, progress: Progress, *, is_read_next: bool) -> SeriesIndex:
    alone = _index_files(path, [path], progress, _Walk(starts_server=is_read_next))
    if any(READ_DIRECTLY in each.reason for each in alone.unreadable):
        return index(path.parent, progress, is_read_next=is_read_next)
    is_whole = any(s.frame is not None or s.member for r in alone.series for s in r.slices)
    if is_whole or not alone.series:
        return alone
    try:
        siblings = [each for each in sorted(path.parent.iterdir()) if os.path.isfile(each)]
    except OSError:
        return alone  # the file may be read, its folder may not be listed
    walk = _Walk(enters_archives=False, starts_server=is_read_next)
    found = _index_files(path, siblings, progress, walk)
    mine = [record for record in found.series if any(s.path == path for s in record.slices)]
    uids = {record.uid.partition("#")[0] for record in mine}
    return SeriesIndex(
        path,
        tuple(r for r in found.series if r.uid.partition("#")[0] in uids),
        tuple(u for u in found.unreadable if u.path == path or u.series_uid in uids),
    )


def _index_files(root: Path, files: list[Path], progress: Progress, walk: _Walk) -> SeriesIndex:
    if not files:
        raise SeriesError(
            "The folder holds no file.", "Choose the folder that holds the DICOM files of the scan."
        )
    for number, path in enumerate(files):
        part = Span(
            progress, WALK_SHARE * number / len(files), WALK_SHARE * (number + 1) / len(files)
        )
        part.step(0.0, "Reading headers")
        walk.take(path, part)
    series = list(_records(walk, Span(progress, WALK_SHARE, 1.0)))
    progress.step(1.0, "Sorting slices")
    listed = (each for each in walk.unreadable if each.path not in walk.values_files)
    return SeriesIndex(root, tuple(series), tuple(listed))


def _records(walk: _Walk, progress: Progress) -> Iterator[SeriesRecord]:
    """Finished series, largest first, each under a UID of its own."""
    found = [*walk.volumes]
    for number, groups in enumerate(walk.groups.values()):
        progress.step(number / len(walk.groups), "Sorting slices")
        found += _series_under_one_uid(groups, walk)
    yield from sorted(found, key=lambda record: (-record.slice_count, record.uid))


def _series_under_one_uid(groups: list[_Group], walk: _Walk) -> Iterator[SeriesRecord]:
    parts: list[tuple[SeriesRecord, Part]] = []
    for group in groups:
        kept, repeats = without_repeats(sorted_along_normal(group.slices))
        for each in repeats:
            walk.leave_out(each, "the same slice as another file: same place, same pixels")
        found = split(kept)
        for each in (slice_ for part in found for slice_ in part.left_out):
            walk.leave_out(each, "at the place of another slice of the series, with other pixels")
        parts += [(group.record, part) for part in found]
    parts.sort(key=lambda each: -len(each[1].slices))
    largest = parts[0][1].slices[0]
    base = parts[0][0].uid
    lost = [each for each in walk.damaged.get(base, ()) if (base, each) not in walk.by_identity]
    for number, (record, part) in enumerate(parts, start=1):
        uid = record.uid if number == 1 else f"{record.uid}#{number}"
        kind = why_apart(largest, part.slices[0])
        why = " and ".join(filter(None, (kind, part.split_by)))
        files = len(lost) if number == 1 else 0  # nobody knows to which part they belong
        own = replace(record, uid=uid, split_by=why, damaged_files=files)
        yield _with_slices(own, part)


def _with_slices(record: SeriesRecord, part: Part) -> SeriesRecord:
    """The record as its own slices have it: one in another unit, or lossy, marks them all."""
    slices = part.slices
    units = [each.unit for each in slices]
    return replace(
        record,
        slices=tuple(each.header for each in slices),
        doubled=doubled_places(part),
        image_type=slices[0].image_type,
        contrast_agent=next((s.contrast_agent for s in slices if s.contrast_agent), ""),
        rescale_type=next((unit for unit in units if unit not in ("", "HU")), units[0]),
        is_lossy=any(each.is_lossy for each in slices),
    )
