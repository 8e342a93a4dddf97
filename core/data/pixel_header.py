"""What a file's own header says of its pixels: bits, sign, slope, intercept, padding, table."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core.data.dicom_file import number, whole_number
from core.data.pixel_encoding import ModalityTable, PixelEncoding
from core.errors import SeriesError

PADDING_TAGS = (
    ("PixelPaddingValue", "PixelPaddingRangeLimit"),
    ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit"),
    ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit"),
)

PIXEL_TAGS = (
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence",
    *(tag for pair in PADDING_TAGS for tag in pair),
)  # fmt: skip
"""What is read of every file again, beside its pixels."""

FRAME_TAGS = (
    "NumberOfFrames", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
"""And of files with several frames, each of which may have its own slope and intercept."""

TABLE_ENTRIES_OF_ZERO = 1 << 16
"""A lookup table descriptor holds 16 bits: 65,536 entries are written as 0."""

SIGN_BIT = 1 << 15


def encoding_of(dataset: Dataset, frame: int | None = None) -> PixelEncoding:
    """Encoding of a file, or of one frame of it (counted from 0).

    Raises:
        SeriesError: It contradicts itself.
    """
    allocated = whole_number(dataset, "BitsAllocated") or 0
    stored = whole_number(dataset, "BitsStored") or allocated
    high_bit = whole_number(dataset, "HighBit")
    slope, intercept = _rescale(dataset, frame)
    encoding = PixelEncoding(
        rows=whole_number(dataset, "Rows") or 0,
        columns=whole_number(dataset, "Columns") or 0,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        is_signed=whole_number(dataset, "PixelRepresentation") == 1,
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        padding=_padding_range(dataset),
        table=_modality_table(dataset),
    )
    if encoding.slope == 0:
        raise encoding.senseless()
    return encoding


def _rescale(dataset: Dataset, frame: int | None) -> tuple[float | None, float | None]:
    for group in _functional_groups(dataset, frame):
        items = group.get("PixelValueTransformationSequence")
        if items:
            return number(items[0], "RescaleSlope"), number(items[0], "RescaleIntercept")
    return number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")


def _functional_groups(dataset: Dataset, frame: int | None) -> Iterator[Dataset]:
    """Of one frame, then those that all frames share."""
    if frame is None:
        return
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    if frame < len(per_frame):
        yield per_frame[frame]
    yield from (dataset.get("SharedFunctionalGroupsSequence") or ())[:1]


def _padding_range(dataset: Dataset) -> tuple[float, float] | None:
    for value_tag, limit_tag in PADDING_TAGS:
        value = number(dataset, value_tag)
        if value is not None:
            limit = number(dataset, limit_tag)
            return (value, value) if limit is None else (min(value, limit), max(value, limit))
    return None


def _modality_table(dataset: Dataset) -> ModalityTable | None:
    """Modality LUT of a file that has one; a damaged one is an error, never left out."""
    items = dataset.get("ModalityLUTSequence")
    if not items:
        return None
    descriptor = [int(value) & 0xFFFF for value in items[0].LUTDescriptor]
    count, first, bits = (*descriptor, 0, 0, 0)[:3]
    count = count or TABLE_ENTRIES_OF_ZERO
    if first >= SIGN_BIT and whole_number(dataset, "PixelRepresentation") == 1:
        first -= 2 * SIGN_BIT
    values = _table_values(items[0].LUTData, count, bits)
    if len(values) < count:
        raise SeriesError(
            f"its modality lookup table holds {len(values):,} values, {count:,} were expected.",
            "Export the series again.",
        )
    return ModalityTable(first, values[:count])


def _table_values(stored: object, count: int, bits: int) -> NDArray[np.float64]:
    if isinstance(stored, bytes):
        packed = bits <= 8 and len(stored) <= count + 1
        return np.frombuffer(stored, "u1" if packed else "<u2").astype(np.float64)
    return np.atleast_1d(np.asarray(stored, np.float64))
