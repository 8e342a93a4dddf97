"""The header of one stored object, after a look that its pixels are all there; or why not."""

import io
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset
from pydicom.uid import MediaStorageDirectoryStorage

from core.data.dicom_file import PixelPlace, find_pixels, read_header, text, whole_number
from core.data.dicomdir import READ_DIRECTLY
from core.data.series_header import INDEX_TAGS, NotSliceError, shown_code

WITHOUT_PIXELS = {
    "SR": "structured report: holds no pixels",
    "RTSTRUCT": "contours (RTSTRUCT): holds no pixels",
    "RTPLAN": "treatment plan (RTPLAN): holds no pixels",
    "PR": "presentation state: holds no pixels",
    "KO": "key object selection: holds no pixels",
    "REG": "registration: holds no pixels",
}
"""Modality -> what such an object is."""

_SECONDARY_CAPTURE = "secondary capture: a screenshot or other picture, not a CT slice"

BY_CLASS = {
    "1.2.840.10008.5.1.4.1.1.88.67": "radiation dose report: holds no pixels",
    "1.2.840.10008.5.1.4.1.1.104.1": "a PDF document: holds no pixels",
    "1.2.840.10008.5.1.4.1.1.66": "raw data: holds no pixels",
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation: labels, not a CT slice",
    "1.2.840.10008.5.1.4.1.1.481.2": "dose distribution (RTDOSE): not a CT slice",
    "1.2.840.10008.5.1.4.1.1.7": _SECONDARY_CAPTURE,
    "1.2.840.10008.5.1.4.1.1.7.1": _SECONDARY_CAPTURE,
    "1.2.840.10008.5.1.4.1.1.7.2": _SECONDARY_CAPTURE,
    "1.2.840.10008.5.1.4.1.1.7.3": _SECONDARY_CAPTURE,
    "1.2.840.10008.5.1.4.1.1.7.4": _SECONDARY_CAPTURE,
}
"""SOP Class UID -> what such an object is; looked at before the modality."""


class DirectoryFileError(NotSliceError):
    """The list of the files on a disc."""


@dataclass(frozen=True)
class Source:
    """Header of an object with pixels, and where these lie."""

    header: Dataset
    pixels: PixelPlace


def open_header(file: BinaryIO) -> Source:
    """Header of an open file that holds all its pixels.

    Raises:
        NotDicomError: Not DICOM.
        DirectoryFileError: A DICOMDIR.
        NotSliceError: A DICOM file that is no image, or without all its pixels.
        DAMAGED: Any of these exceptions where the file is damaged.
    """
    header = read_header(file, INDEX_TAGS)
    if header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        raise DirectoryFileError(READ_DIRECTLY)
    sop_class = text(header, "SOPClassUID")
    if sop_class in BY_CLASS:
        raise NotSliceError(BY_CLASS[sop_class])
    pixels = find_pixels(file, header)
    if pixels is None:
        raise _damaged(header, _why_without_pixels(header))
    size = file.seek(0, io.SEEK_END)
    if pixels.length is not None and pixels.offset + pixels.length > size:
        raise _damaged(header, "truncated: the file ends within its pixels")
    if pixels.length == 0:
        raise _damaged(header, "its pixels are empty")
    return Source(header, pixels)


def _damaged(header: Dataset, reason: str) -> NotSliceError:
    """A CT slice without its pixels, or an object that has none."""
    if text(header, "Modality") != "CT":
        return NotSliceError(reason)
    uids = text(header, "SeriesInstanceUID"), text(header, "SOPInstanceUID")
    return NotSliceError(reason, *uids)


def _why_without_pixels(header: Dataset) -> str:
    modality = text(header, "Modality")
    if modality in WITHOUT_PIXELS:
        return WITHOUT_PIXELS[modality]
    if whole_number(header, "Rows"):
        return "truncated: the file ends before its pixels"
    if modality == "CT":
        return "truncated, or a CT object without pixels"
    if modality not in ("", "CT"):
        return f"modality {shown_code(modality)}: holds no pixels"
    return "truncated, or a DICOM object without pixels"
