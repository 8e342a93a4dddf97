"""A synthetic volume as a DICOM series: one CT Image Storage file a slice, marked as nobody's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import FileMetaDataset, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from core.errors import ReportError
from core.geometry import VolumeGeometry
from core.phantom.protocol import Protocol
from core.phantom.subject import Sex, Subject
from core.progress import Progress, Silent
from core.volume import Volume

INTERCEPT_HU = -1024
SIGNED_HU = (-32768 + 1024, 32767 - 1024)
UNSIGNED_HU = (INTERCEPT_HU, 65535 + INTERCEPT_HU)
"""What fits in 16 bits with the intercept: unsigned as usual, signed where a fill lies lower."""


@dataclass(frozen=True)
class SeriesTags:
    """What a written series says of itself.

    Attributes:
        uid_seed: The same seed gives the same UIDs; change it whenever the pixels change.
        series_description: Series Description.
        study_description: Study Description.
        patient_name: Patient's Name.
        patient_id: Patient ID.
        patient_sex: Patient's Sex, "F", "M" or "O".
        patient_age_years: Patient's Age; None is not stated.
        series_number: Series Number.
        kernel: Convolution Kernel.
        kvp: Tube voltage in kV.
        slice_thickness_mm: Slice Thickness; None is the distance of the slices.
        is_gated: True if the ECG triggered the scan.
        is_padded: True if values under -1024 HU are a fill outside the circle of reconstruction.
        comments: Image Comments.
    """

    uid_seed: str = "thoralens-phantom"
    series_description: str = "Synthetic thorax"
    study_description: str = "Synthetic chest CT"
    patient_name: str = "Synthetic^Phantom"
    patient_id: str = "THORALENS-SAMPLE"
    patient_sex: str = "O"
    patient_age_years: int | None = None
    series_number: int = 1
    kernel: str = "SYNTHETIC"
    kvp: float = 120.0
    slice_thickness_mm: float | None = None
    is_gated: bool = False
    is_padded: bool = False
    comments: str = "Synthetic phantom. Research use only. Not for diagnosis or treatment."

    def uid(self, *parts: str) -> str:
        """A UID that depends on the seed and the parts alone."""
        return str(generate_uid(entropy_srcs=[self.uid_seed, *parts]))


PHANTOM_TAGS = SeriesTags()
"""What a phantom says of itself unless told otherwise."""


def tags_of(subject: Subject, protocol: Protocol, *, patient_id: str, uid_seed: str) -> SeriesTags:
    """What the series of a subject says: sex and age, kernel, voltage, slices, gating."""
    return SeriesTags(
        uid_seed=uid_seed,
        series_description=f"Synthetic thorax {protocol.slice_thickness_mm:.1f} mm",
        patient_id=patient_id,
        patient_sex={Sex.FEMALE: "F", Sex.MALE: "M"}[subject.sex],
        patient_age_years=int(subject.age_years),
        kernel=protocol.kernel.convolution_kernel,
        kvp=protocol.kvp,
        slice_thickness_mm=protocol.slice_thickness_mm,
        is_gated=protocol.gated,
        is_padded=protocol.padding_hu is not None and protocol.padding_hu < INTERCEPT_HU,
    )


def write_series(
    volume: Volume,
    folder: Path,
    *,
    tags: SeriesTags = PHANTOM_TAGS,
    progress: Progress = Silent(),
) -> None:
    """Write a synthetic volume as one CT Image Storage file a slice, named 0001.dcm and so on.

    Slice k of the volume is instance k + 1. The files are marked as derived and as nobody's. Values
    under -1024 HU, which only a fill has, are stored as signed numbers.

    Args:
        volume: HU from -1024 to 64511 on any geometry with right angles; with a fill
            (`tags.is_padded`) from -31744 to 31743.
        folder: Exists already.
        tags: What the series says of itself.
        progress: Told of every slice; may cancel.

    Raises:
        ReportError: A value does not fit the stored range.
    """
    low, high = SIGNED_HU if tags.is_padded else UNSIGNED_HU
    lowest, highest = int(volume.hu.min()), int(volume.hu.max())
    if lowest < low or highest > high:
        raise ReportError(
            f"Expected values from {low} to {high} HU, found {lowest} to {highest} HU.",
            "Bring the volume into this range before it is written.",
        )
    shared = _shared_elements(volume.geometry, tags)
    if tags.is_padded:
        shared.add_new("PixelPaddingValue", "SS", lowest - INTERCEPT_HU)
    for k in range(volume.geometry.shape[0]):
        progress.step(k / volume.geometry.shape[0], "Writing the series")
        _write_slice(volume, k, shared, folder / f"{k + 1:04d}.dcm", tags)
    progress.step(1.0, "Writing the series")


def _shared_elements(geometry: VolumeGeometry, tags: SeriesTags) -> Dataset:
    """All elements that do not change from slice to slice."""
    shared = Dataset()
    for describe in (_describe_study, _describe_equipment):
        describe(shared, tags)
    shared.FrameOfReferenceUID = geometry.frame_of_reference_uid or tags.uid("frame of reference")
    shared.PositionReferenceIndicator = ""
    increment_mm, row_mm, column_mm = geometry.spacing_mm
    shared.PixelSpacing = [_decimal(row_mm), _decimal(column_mm)]
    shared.SliceThickness = _decimal(tags.slice_thickness_mm or increment_mm)
    shared.SpacingBetweenSlices = _decimal(increment_mm)
    shared.ReconstructionDiameter = _decimal(column_mm * geometry.shape[2])
    shared.ImageOrientationPatient = [_decimal(v) for v in (*geometry.axes[2], *geometry.axes[1])]
    shared.Rows, shared.Columns = geometry.shape[1:]
    shared.SamplesPerPixel, shared.PhotometricInterpretation = 1, "MONOCHROME2"
    shared.BitsAllocated, shared.BitsStored, shared.HighBit = 16, 16, 15
    shared.PixelRepresentation = int(tags.is_padded)
    shared.RescaleSlope, shared.RescaleIntercept, shared.RescaleType = 1, INTERCEPT_HU, "HU"
    shared.WindowCenter, shared.WindowWidth = [-600, 40], [1500, 400]
    shared.WindowCenterWidthExplanation = ["LUNG", "MEDIASTINUM"]
    return shared


def _describe_study(shared: Dataset, tags: SeriesTags) -> None:
    shared.SpecificCharacterSet = "ISO_IR 192"
    shared.PatientName, shared.PatientID = tags.patient_name, tags.patient_id
    shared.PatientBirthDate, shared.PatientSex = "", tags.patient_sex
    if tags.patient_age_years is not None:
        shared.PatientAge = f"{tags.patient_age_years:03d}Y"
    shared.PatientIdentityRemoved = "YES"
    shared.DeidentificationMethod = "Synthetic: no person was scanned"
    shared.StudyInstanceUID = tags.uid("study")
    shared.StudyDate, shared.StudyTime, shared.StudyID = "", "", "1"
    shared.AccessionNumber, shared.ReferringPhysicianName = "", ""
    shared.StudyDescription = tags.study_description
    shared.SeriesInstanceUID = tags.uid("series")
    shared.SeriesNumber, shared.AcquisitionNumber = tags.series_number, 1
    shared.SeriesDescription = tags.series_description


def _describe_equipment(shared: Dataset, tags: SeriesTags) -> None:
    shared.SOPClassUID, shared.Modality = CTImageStorage, "CT"
    shared.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    shared.Manufacturer, shared.ManufacturerModelName = "Thoralens", "Phantom"
    shared.BodyPartExamined, shared.PatientPosition = "CHEST", "HFS"
    shared.KVP, shared.ConvolutionKernel = _decimal(tags.kvp), tags.kernel
    if tags.is_gated:
        shared.CardiacSynchronizationTechnique = "PROSPECTIVE"
    shared.LossyImageCompression, shared.BurnedInAnnotation = "00", "NO"
    shared.ImageComments = tags.comments


def _write_slice(volume: Volume, index: int, shared: Dataset, path: Path, tags: SeriesTags) -> None:
    one = Dataset(shared)
    one.SOPInstanceUID = tags.uid("slice", str(index))
    one.InstanceNumber = index + 1
    position_mm = volume.geometry.to_patient((index, 0, 0))
    one.ImagePositionPatient = [_decimal(v) for v in position_mm]
    one.SliceLocation = _decimal(position_mm @ volume.geometry.axes[0])
    kind = "<i2" if tags.is_padded else "<u2"
    stored = (volume.hu[index].astype(np.int32) - INTERCEPT_HU).astype(kind)
    one.add_new("PixelData", "OW", stored.tobytes())
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dcmwrite(path, one, enforce_file_format=True)


def _decimal(value: float) -> str:
    """A number as a DICOM decimal string: at most 16 characters."""
    return f"{round(float(value), 6) + 0.0:.10g}"
