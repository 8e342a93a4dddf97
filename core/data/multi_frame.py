"""Enhanced (multi-frame) CT: each frame of a file as a slice with its own place and values.

DICOM PS3.3 C.7.6.16: what holds for all frames stands in the shared functional groups, what differs
in those of each frame. Both are laid over the file's own header, which then reads like that of an
ordinary slice.
"""

from typing import BinaryIO

import pydicom
from pydicom import Dataset

from core.data.dicom_file import DAMAGED, text, whole_number
from core.data.series_header import ENHANCED_CLASSES, INDEX_TAGS, NotSliceError

MOST_FRAMES = 20_000
"""More frames than this are no chest CT."""

WITHOUT_PLACES = "several frames in one file that do not say where they lie: not read"

_RENAMED = {
    "FrameType": "ImageType",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
}
"""Keyword in a functional group -> the one of an ordinary slice."""


def has_frames(header: Dataset) -> bool:
    """True where the file holds several slices, or one in the enhanced way."""
    frames = whole_number(header, "NumberOfFrames") or 1
    return frames > 1 or text(header, "SOPClassUID") in ENHANCED_CLASSES


def frame_headers(file: BinaryIO) -> list[Dataset]:
    """One header for each frame of a multi-frame CT, in stored order.

    Args:
        file: Open; read from its beginning.

    Raises:
        NotSliceError: The frames have no places of their own, or are too many.
        DAMAGED: Any of these exceptions where the file is damaged.
    """
    file.seek(0)
    whole = pydicom.dcmread(file, stop_before_pixels=True, force=True)
    own_groups = list(whole.get("PerFrameFunctionalGroupsSequence", None) or ())
    frames = whole_number(whole, "NumberOfFrames") or 1
    if frames > MOST_FRAMES:
        raise NotSliceError(f"over {MOST_FRAMES:,} frames in one file: not read")
    if not own_groups:
        raise NotSliceError(WITHOUT_PLACES)
    if len(own_groups) != frames:
        raise NotSliceError(
            f"damaged: {frames} frames were promised, {len(own_groups)} are described"
        )
    base = _base(whole)
    shared_groups = list(whole.get("SharedFunctionalGroupsSequence", None) or ())
    for group in shared_groups[:1]:
        _lay_over(base, group)
    headers = []
    for place, group in enumerate(own_groups):
        header = _copy(base)
        _lay_over(header, group)
        header.InstanceNumber = place + 1
        headers.append(header)
    return headers


def _base(whole: Dataset) -> Dataset:
    base = Dataset()
    for keyword in INDEX_TAGS:
        if keyword in whole:
            base[keyword] = whole[keyword]
    agents = list(whole.get("ContrastBolusAgentSequence", None) or ())
    if agents and not text(base, "ContrastBolusAgent"):
        base.ContrastBolusAgent = text(agents[0], "CodeMeaning") or "APPLIED"
    base.file_meta = whole.file_meta
    return base


def _copy(base: Dataset) -> Dataset:
    copied = Dataset()  # Dataset(base) would share the elements
    copied.update(base)
    copied.file_meta = base.file_meta
    return copied


def _lay_over(header: Dataset, group: Dataset) -> None:
    """Put the elements of each functional group where an ordinary slice has them."""
    for element in group:
        if element.VR != "SQ" or len(element.value) != 1:
            continue
        for inner in element.value[0]:
            keyword = _RENAMED.get(inner.keyword, inner.keyword)
            if keyword in INDEX_TAGS:
                _take(header, keyword, inner.value)


def _take(header: Dataset, keyword: str, value: object) -> None:
    try:
        setattr(header, keyword, value)
    except DAMAGED:
        header.pop(keyword, None)
