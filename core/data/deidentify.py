"""De-identified copies of DICOM files, for export and bug reports; the pixels stay bit for bit.

Source: DICOM PS3.15 Annex E, basic application level confidentiality profile, with two of its
options (`DeidentificationOptions`). Text that is drawn into the pixels cannot be removed here: such
pictures are stopped (`core.data.burned_in`).
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.data.archives import ArchiveError
from core.data.burned_in import BurnedInTextError, burned_in_signs
from core.data.deidentify_key import STANDARD_UID_ROOT, DeidentificationKey
from core.data.deidentify_rules import PLAIN_CLASSES, DeidentificationOptions, HeaderCleaner
from core.data.dicom_file import DAMAGED, NotDicomError, require_dicom, text, without_warnings
from core.data.identity_words import identity_words, remains
from core.data.opened import open_source
from core.data.series import SeriesRecord
from core.errors import ReportError, SeriesError, ThoralensError
from core.progress import Progress
from core.whole_file import write_whole

METHOD_NAME = "DICOM PS3.15 basic profile by Thoralens"
PROFILE_CODE = ("113100", "Basic Application Confidentiality Profile")
SHIFTED_DATES_CODE = (
    "113107",
    "Retain Longitudinal Temporal Information Modified Dates Option",
)
DEVICE_IDENTITY_CODE = ("113109", "Retain Device Identity Option")
SOURCE_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
VOLUME_FILES = ("nifti", "nrrd", "meta")
NO_OPTIONS = DeidentificationOptions()


@dataclass(frozen=True, order=True)
class RemovedElement:
    """What was done to one kind of element; never its value.

    Attributes:
        keyword: Keyword of the standard, or "private group 0029" and the like.
        action: X removed, Z emptied, D dummy value, U UID replaced, C cleaned (a name overwritten,
            a date shifted).
        count: How often.
    """

    keyword: str
    action: str
    count: int


@dataclass(frozen=True)
class Removed:
    """What de-identification did to one file.

    Attributes:
        elements: Sorted by keyword.
        burned_in_signs: Why text may be drawn into the pixels; not empty only where the caller
            accepted it.
    """

    elements: tuple[RemovedElement, ...]
    burned_in_signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A slice that was not exported.

    Attributes:
        number: Its place in the series, counted from 1.
        reason: Why, in words.
    """

    number: int
    reason: str


@dataclass(frozen=True)
class DeidentificationReport:
    """What de-identification did to a series.

    Attributes:
        series_uid: The new Series Instance UID; "" where nothing was written.
        file_count: Files written.
        elements: Sums over all files.
        warnings: What somebody should look at.
        left_out: Slices that were not exported.
        folder: Where the files are.
    """

    series_uid: str
    file_count: int
    elements: tuple[RemovedElement, ...]
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    folder: Path = field(default=Path(), repr=False)


def deidentify_file(
    source: Path,
    target: Path,
    key: DeidentificationKey,
    options: DeidentificationOptions = NO_OPTIONS,
) -> Removed:
    """Write a de-identified copy of one DICOM file, whole or not at all.

    Args:
        source: Read only.
        target: Another file; its name must not come from the source.
        key: The same key keeps the files of a study together.
        options: What else is kept.

    Returns:
        What was removed and replaced.

    Raises:
        SeriesError: No DICOM file, damaged, or a name remains in it.
        BurnedInTextError: Text may be drawn into its pixels, and the options do not accept that.
        ReportError: The target cannot be written, or is the source.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise ReportError("The copy would replace its source.", "Choose another folder.")
    try:
        file = source.open("rb")
    except OSError:
        raise _unreadable("cannot be opened") from None
    with file:
        content, removed, _ = _deidentified(file, key, options)
    write_whole(target, content)
    return removed


def deidentify_series(
    record: SeriesRecord,
    folder: Path,
    *,
    key: DeidentificationKey,
    progress: Progress,
    options: DeidentificationOptions = NO_OPTIONS,
) -> DeidentificationReport:
    """Write a de-identified copy of a series into a new folder, which appears when it is whole.

    Args:
        record: The series; files that hold several of its frames are written once.
        folder: Must not exist or be empty; its files are called 00001.dcm and so on.
        key: The same key keeps the series of a study, and of a patient, together.
        progress: Told of every file; `Cancelled` leaves nothing behind.
        options: What else is kept.

    Returns:
        What was removed, and which slices were left out for which reason.

    Raises:
        SeriesError: No slice could be exported, or the series is no DICOM series.
        ReportError: The folder cannot be written or holds files already.
    """
    if record.slices and record.slices[0].transfer_syntax_uid in VOLUME_FILES:
        raise SeriesError(
            "A DICOM series was expected, this is a volume file of another format.",
            "Export the DICOM series it was made from.",
        )
    unfinished = _empty_folder_beside(folder)
    try:
        report = _write_files(record, unfinished, key, options, progress)
        if not report.file_count:
            raise SeriesError(
                f"No slice of the series could be exported: {report.left_out[0].reason}.",
                "Look at the pictures; where they show no text, accept them.",
            )
        _move_into_place(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return replace(report, folder=folder)


def _write_files(
    record: SeriesRecord,
    folder: Path,
    key: DeidentificationKey,
    options: DeidentificationOptions,
    progress: Progress,
) -> DeidentificationReport:
    done: Counter[tuple[str, str]] = Counter()
    signs: Counter[str] = Counter()
    left_out: list[LeftOut] = []
    series_uids: list[str] = []
    sources = {(each.path, each.member): each for each in reversed(record.slices)}
    for number, each in enumerate(reversed(sources.values()), start=1):
        progress.step((number - 1) / len(sources), f"De-identifying {number} of {len(sources)}")
        try:
            with open_source(each) as file:
                content, removed, series_uid = _deidentified(file, key, options)
        except ThoralensError as error:
            left_out.append(LeftOut(number, error.message.rstrip(".")))
            continue
        except (OSError, ArchiveError):
            left_out.append(LeftOut(number, "the file cannot be read"))
            continue
        write_whole(folder / f"{number:05d}.dcm", content)
        series_uids.append(series_uid)
        done.update({(one.keyword, one.action): one.count for one in removed.elements})
        signs.update(removed.burned_in_signs)
    progress.step(1.0, "De-identified")
    return DeidentificationReport(
        series_uid=series_uids[0] if series_uids else "",
        file_count=len(series_uids),
        elements=_listed(done),
        warnings=tuple(
            f"{count} pictures accepted although {sign}" for sign, count in signs.items()
        ),
        left_out=tuple(left_out),
    )


def _deidentified(
    file: BinaryIO, key: DeidentificationKey, options: DeidentificationOptions
) -> tuple[bytes, Removed, str]:
    """Bytes of the copy, what was removed, and its new Series Instance UID."""
    with without_warnings():
        try:
            require_dicom(file)
            dataset = pydicom.dcmread(file, force=True)
            sop_class = text(dataset, "SOPClassUID")
        except NotDicomError as error:
            raise _unreadable(str(error)) from None
        except DAMAGED:
            raise _unreadable("damaged") from None
        if not sop_class:
            raise _unreadable("no kind of object (SOP Class UID) stated")
        signs = burned_in_signs(dataset)
        if signs and not options.accept_burned_in:
            raise BurnedInTextError(
                f"A name may be drawn into the picture: {'; '.join(signs)}.",
                "Look at it; where it shows no text, export it with --accept-burned-in.",
            )
        try:
            words = _words(dataset)
            removed = Removed(_cleaned(dataset, words, key, options), signs)
            content = _written(dataset)
        except DAMAGED:
            raise _unreadable("damaged: it cannot be written again") from None
    if remains(content, words):
        raise SeriesError(
            "A name or an identifier of its header would remain in the copy of this file.",
            "Do not pass this file on.",
        )
    return content, removed, str(dataset.get("SeriesInstanceUID", ""))


def _unreadable(reason: str) -> SeriesError:
    return SeriesError(
        f"A readable DICOM file was expected: {reason}.", "Check where the file came from."
    )


def _words(dataset: Dataset) -> frozenset[str]:
    """What must not remain: names, identifiers, and the UIDs of this very object."""
    uids = {text(dataset, keyword) for keyword in SOURCE_UIDS}
    own = {uid for uid in uids if uid and not uid.startswith(STANDARD_UID_ROOT)}
    return identity_words(dataset) | own


def _cleaned(
    dataset: Dataset,
    words: frozenset[str],
    key: DeidentificationKey,
    options: DeidentificationOptions,
) -> tuple[RemovedElement, ...]:
    identity = _identity(dataset)
    is_plain = text(dataset, "SOPClassUID") in PLAIN_CLASSES
    done: Counter[tuple[str, str]] = Counter()
    HeaderCleaner(key, options, identity, words, is_plain).clean(dataset, done)
    pseudonym = key.pseudonym(identity)
    dataset.PatientName = f"{pseudonym}^Pseudonym"
    dataset.PatientID = pseudonym
    _state_method(dataset, options)
    return _listed(done)


def _identity(dataset: Dataset) -> str:
    """What tells the patient from others: identifier, else name and birth date, else study."""
    identifier = text(dataset, "PatientID")
    if identifier:
        return f"{identifier}\n{text(dataset, 'IssuerOfPatientID')}"
    name = text(dataset, "PatientName")
    if name:
        return f"{name}\n{text(dataset, 'PatientBirthDate')}"
    return text(dataset, "StudyInstanceUID")


def _state_method(dataset: Dataset, options: DeidentificationOptions) -> None:
    """Say in the header that, how and with which options it was de-identified (PS3.15 E.1.1)."""
    codes = [PROFILE_CODE]
    if options.keep_dates_shifted:
        codes.append(SHIFTED_DATES_CODE)
    if options.keep_device_identity:
        codes.append(DEVICE_IDENTITY_CODE)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD_NAME
    dataset.DeidentificationMethodCodeSequence = [_code(*code) for code in codes]
    dataset.LongitudinalTemporalInformationModified = (
        "MODIFIED" if options.keep_dates_shifted else "REMOVED"
    )


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = meaning
    return item


def _written(dataset: Dataset) -> bytes:
    """The file's bytes: empty preamble, file meta information of our own, the same encoding."""
    stored = dataset.file_meta if hasattr(dataset, "file_meta") else FileMetaDataset()
    syntax = str(stored.get("TransferSyntaxUID", "") or "") or _syntax_of_encoding(dataset)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    target = BytesIO()
    dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()


def _syntax_of_encoding(dataset: Dataset) -> str:
    """Transfer syntax of an old file that does not state one."""
    is_implicit, is_little_endian = dataset.original_encoding
    if is_implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if is_little_endian else ExplicitVRBigEndian)


def _listed(done: Counter[tuple[str, str]]) -> tuple[RemovedElement, ...]:
    return tuple(sorted(RemovedElement(*what, count) for what, count in done.items()))


def _empty_folder_beside(folder: Path) -> Path:
    """A hidden new folder next to the target, on the same disk."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ReportError(
                "The export needs an empty folder, this one holds files already.",
                "Choose a new folder.",
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
    except OSError as error:
        raise _cannot_write(error) from None
    return unfinished


def _move_into_place(unfinished: Path, folder: Path) -> None:
    try:
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except OSError as error:
        raise _cannot_write(error) from None


def _cannot_write(error: OSError) -> ReportError:
    return ReportError(
        f"The folder of the export cannot be written ({error.strerror}).",
        "Choose a folder that may be written to and has space left.",
    )
