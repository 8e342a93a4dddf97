"""A slice as the walk found it: its header, and what tells stacks under one UID apart."""

from dataclasses import dataclass

from pydicom import Dataset

from core.data.dicom_file import PixelPlace, number, text, texts, whole_number
from core.data.series import SliceHeader
from core.data.series_header import is_lossy, rescale_type


@dataclass(frozen=True)
class FoundSlice:
    """One slice, before its series is known to be one stack.

    Attributes:
        header: The slice.
        pixels: Where its pixels lie in its file; None for one of several frames.
        rescale: Slope, intercept: two slices hold the same values only if these agree too.
        image_type: In capitals.
        temporal_position: Temporal Position Identifier of a dynamic scan.
        acquired_s: Acquisition Time, else Content Time, in seconds of the day.
        contrast_agent: As stated.
        unit: See `series_header.rescale_type`.
        is_lossy: See `series_header.is_lossy`.
    """

    header: SliceHeader
    pixels: PixelPlace | None
    rescale: tuple[float | None, float | None]
    image_type: tuple[str, ...]
    temporal_position: int | None
    acquired_s: float | None
    contrast_agent: str
    unit: str
    is_lossy: bool

    @property
    def is_localizer(self) -> bool:
        """True for a scout: a projection, not a slice."""
        return "LOCALIZER" in self.image_type


def found_slice(dataset: Dataset, header: SliceHeader, pixels: PixelPlace | None) -> FoundSlice:
    """What one header says about its slice."""
    return FoundSlice(
        header=header,
        pixels=pixels,
        rescale=(number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")),
        image_type=tuple(part.upper() for part in texts(dataset, "ImageType")),
        temporal_position=whole_number(dataset, "TemporalPositionIdentifier"),
        acquired_s=_seconds(text(dataset, "AcquisitionTime") or text(dataset, "ContentTime")),
        contrast_agent=text(dataset, "ContrastBolusAgent"),
        unit=rescale_type(dataset),
        is_lossy=is_lossy(dataset),
    )


def _seconds(time: str) -> float | None:
    """Seconds of the day of a DICOM time (HHMMSS.ffffff), None where it is not one."""
    digits = time.replace(":", "")
    whole, _, fraction = digits.partition(".")
    is_time = len(whole) == 6 and whole.isascii() and whole.isdigit()
    if not is_time or (fraction and not (fraction.isascii() and fraction.isdigit())):
        return None
    seconds = int(whole[:2]) * 3600 + int(whole[2:4]) * 60 + int(whole[4:6])
    return seconds + (float(f"0.{fraction}") if fraction else 0.0)
