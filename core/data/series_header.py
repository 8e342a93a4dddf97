"""What the header of one file says: a slice of a CT series, or why it is none."""

from pathlib import Path

from pydicom import Dataset
from pydicom.uid import (
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    generate_uid,
)

from core.data.dicom_file import number, numbers, syntax_of, text, texts, whole_number
from core.data.series import Patient, SeriesRecord, SliceHeader

INDEX_TAGS = (
    "ImageType", "SOPClassUID", "SOPInstanceUID", "StudyDate", "Modality", "Manufacturer",
    "StudyDescription", "SeriesDescription", "ManufacturerModelName", "PatientName", "PatientID",
    "PatientSex", "PatientAge", "ContrastBolusAgent", "BodyPartExamined", "SliceThickness", "KVP",
    "ConvolutionKernel", "PatientPosition", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber",
    "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID",
    "SamplesPerPixel", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "BurnedInAnnotation",
    "RescaleIntercept", "RescaleSlope", "RescaleType", "LossyImageCompression",
    "SpecificCharacterSet", "AcquisitionNumber", "AcquisitionTime", "ContentTime",
    "TemporalPositionIdentifier", "ReconstructionDiameter",
)  # fmt: skip

ENHANCED_CLASSES = frozenset((EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage))
"""SOP classes whose files hold many slices, or one, described frame by frame."""

LOSSY_SYNTAXES = {f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 53, 55, 81, 91, 203)}
"""Transfer syntaxes of JPEG, JPEG-LS and JPEG 2000 that may change the pixel values."""

UNIT_TOLERANCE = 1e-3
"""Direction cosines must be perpendicular unit vectors this closely: ten times their rounding."""


LONGEST_SIDE = 65_535
"""Of a slice, in pixels: what the format can state."""

FURTHEST_MM = 1e6
"""From the origin: no scanner is a kilometre long, and beyond that rounding would show."""

SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 1e-3, 1e3
"""Of pixels: a micrometre to a metre."""


LONGEST_CODE = 16
"""Characters of a Code String."""


class NotSliceError(ValueError):
    """A DICOM file that is not one CT slice; the message says why, without its name.

    Args:
        message: Why.
        series_uid: Series that the file says it belongs to, where it is a damaged slice of it.
        sop_instance_uid: Of that slice.
    """

    def __init__(self, message: str, series_uid: str = "", sop_instance_uid: str = "") -> None:
        super().__init__(message)
        self.series_uid = series_uid
        self.sop_instance_uid = sop_instance_uid


def slice_header(
    header: Dataset, path: Path, *, member: str = "", frame: int | None = None
) -> SliceHeader:
    """The slice that a header describes.

    Args:
        header: Of the file, or of one of its frames.
        path: The file.
        member: See `SliceHeader`.
        frame: See `SliceHeader`.

    Raises:
        NotSliceError: Not CT, colour, or without a place in the patient.
    """
    _require_ct_slice(header)
    rows, columns = whole_number(header, "Rows"), whole_number(header, "Columns")
    spacing = numbers(header, "PixelSpacing", 2)
    position = numbers(header, "ImagePositionPatient", 3)
    orientation = numbers(header, "ImageOrientationPatient", 6)
    if not rows or not columns or not (1 <= rows <= LONGEST_SIDE and 1 <= columns <= LONGEST_SIDE):
        raise NotSliceError("its rows and columns are not stated")
    if position is None or orientation is None:
        raise NotSliceError(_why_without_place(header))
    if spacing is None or min(spacing) <= 0:
        raise NotSliceError("its pixel spacing is missing or not positive")
    if max(map(abs, position)) > FURTHEST_MM or not (
        min(spacing) >= SMALLEST_SPACING_MM and max(spacing) <= LARGEST_SPACING_MM
    ):
        raise NotSliceError("its position or pixel spacing is not that of a patient")
    if not are_perpendicular_units(orientation):
        raise NotSliceError("its orientation is not a pair of perpendicular directions")
    return SliceHeader(
        path=path,
        sop_instance_uid=text(header, "SOPInstanceUID")
        or str(header.file_meta.get("MediaStorageSOPInstanceUID", "")),
        instance_number=whole_number(header, "InstanceNumber"),
        position_mm=(position[0], position[1], position[2]),
        orientation=_six(orientation),
        rows=rows,
        columns=columns,
        pixel_spacing_mm=(spacing[0], spacing[1]),
        thickness_mm=number(header, "SliceThickness"),
        transfer_syntax_uid=syntax_of(header),
        frame=frame,
        member=member,
        kernel=" ".join(texts(header, "ConvolutionKernel")),
        acquisition=whole_number(header, "AcquisitionNumber"),
    )


def _why_without_place(header: Dataset) -> str:
    keywords = ("ImagePositionPatient", "ImageOrientationPatient")
    if all(text(header, keyword) for keyword in keywords):
        return "damaged: its position in the patient is not made of usable numbers"
    return "no position in the patient: a screenshot or other derived picture"


def shown_code(value: str) -> str:
    """A code of DICOM's own for a message; anything else might be a name and is not shown."""
    if not value:
        return "not stated"
    is_code = len(value) <= LONGEST_CODE and all(c.isupper() or c.isdigit() for c in value)
    return value if is_code and value.isascii() else "unknown"


def _require_ct_slice(header: Dataset) -> None:
    modality = text(header, "Modality")
    if modality != "CT":
        raise NotSliceError(f"modality {shown_code(modality)}: only CT is read")
    if (whole_number(header, "SamplesPerPixel") or 1) != 1:
        raise NotSliceError("a colour picture, not a CT slice")


def series_uid(header: Dataset, folder: Path) -> str:
    """Series Instance UID, or a stand-in where de-identification removed it.

    The stand-in is made from what still tells series apart: study, frame of reference, number,
    description, kernel and folder.
    """
    stated = text(header, "SeriesInstanceUID")
    if stated:
        return stated
    keywords = (
        "StudyInstanceUID", "FrameOfReferenceUID", "SeriesNumber", "SeriesDescription",
        "ConvolutionKernel",
    )  # fmt: skip
    told_apart_by = [text(header, keyword) for keyword in keywords]
    return str(generate_uid(entropy_srcs=[*told_apart_by, str(folder)]))


def _six(values: tuple[float, ...]) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = values
    return a, b, c, d, e, f


def are_perpendicular_units(orientation: tuple[float, ...]) -> bool:
    """True where six cosines are two perpendicular directions of unit length."""
    along, down = orientation[:3], orientation[3:]
    products = (
        sum(x * x for x in along) - 1,
        sum(x * x for x in down) - 1,
        sum(x * y for x, y in zip(along, down, strict=True)),
    )
    return all(abs(product) <= UNIT_TOLERANCE for product in products)


def rescale_type(header: Dataset) -> str:
    """Unit of the rescaled values, "missing" where slope or intercept is not stated as a number."""
    if number(header, "RescaleSlope") is None or number(header, "RescaleIntercept") is None:
        return "missing"
    return text(header, "RescaleType").upper()


def is_lossy(header: Dataset) -> bool:
    """True where the header or the encoding says that pixel values were changed to save space."""
    return text(header, "LossyImageCompression") == "01" or syntax_of(header) in LOSSY_SYNTAXES


def series_record(header: Dataset, uid: str) -> SeriesRecord:
    """What one header says of its series; no slices yet."""
    return SeriesRecord(
        uid=uid,
        slices=(),
        study_uid=text(header, "StudyInstanceUID"),
        frame_of_reference_uid=text(header, "FrameOfReferenceUID"),
        modality=text(header, "Modality"),
        description=text(header, "SeriesDescription"),
        study_description=text(header, "StudyDescription"),
        study_date=text(header, "StudyDate"),
        series_number=whole_number(header, "SeriesNumber"),
        body_part=text(header, "BodyPartExamined"),
        manufacturer=text(header, "Manufacturer"),
        scanner_model=text(header, "ManufacturerModelName"),
        kernel=" ".join(texts(header, "ConvolutionKernel")),
        kvp=number(header, "KVP"),
        patient_position=text(header, "PatientPosition"),
        image_type=texts(header, "ImageType"),
        contrast_agent=text(header, "ContrastBolusAgent"),
        burned_in_annotation=text(header, "BurnedInAnnotation"),
        rescale_type=rescale_type(header),
        is_lossy=is_lossy(header),
        reconstruction_diameter_mm=number(header, "ReconstructionDiameter"),
        patient=Patient(
            name=text(header, "PatientName"),
            identifier=text(header, "PatientID"),
            sex=text(header, "PatientSex"),
            age=text(header, "PatientAge"),
        ),
    )
