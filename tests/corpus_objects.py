"""DICOM objects that are no plain slices: enhanced CT, reports, pictures."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ComprehensiveSRStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from core.geometry import VolumeGeometry


def enhanced_ct(hu: NDArray[np.int16], geometry: VolumeGeometry, **tags: object) -> Dataset:
    """One multi-frame file: positions and rescale by frame, orientation and spacing shared."""
    dataset = _object(EnhancedCTImageStorage, "CT", "enhanced")
    frames, rows, columns = hu.shape
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    shared = Dataset()
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing = [f"{row_mm:.10g}", f"{column_mm:.10g}"]
    measures.SliceThickness = f"{slice_mm:.10g}"
    cosines = np.concatenate([geometry.axes[2], geometry.axes[1]])
    orientation.ImageOrientationPatient = [f"{value:.10g}" for value in cosines]
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [
        _frame(geometry, number, intercept=-1024 - number) for number in range(frames)
    ]
    stored = hu.astype(np.int32) + 1024 + np.arange(frames)[:, None, None]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames, rows, columns
    dataset.FrameOfReferenceUID = geometry.frame_of_reference_uid or generate_uid()
    _gray(dataset)
    dataset.add_new("PixelData", "OW", stored.astype("<u2").tobytes())
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def _frame(geometry: VolumeGeometry, number: int, intercept: float) -> Dataset:
    frame, place, transform, content = Dataset(), Dataset(), Dataset(), Dataset()
    position = geometry.to_patient((number, 0, 0))
    place.ImagePositionPatient = [f"{value:.8g}" for value in position]
    transform.RescaleSlope, transform.RescaleIntercept = 1, intercept
    transform.RescaleType = "HU"
    content.DimensionIndexValues = [number + 1]
    frame.FrameContentSequence = [content]
    frame.PlanePositionSequence = [place]
    frame.PixelValueTransformationSequence = [transform]
    return frame


def _gray(dataset: Dataset) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0


def _object(sop_class: str, modality: str, name: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.Modality = sop_class, modality
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", name])
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["object", name])
    dataset.SeriesDescription = name
    dataset.PatientName, dataset.PatientID = "Phantom^Marked", "PHANTOM"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def structured_report() -> Dataset:
    """A report with one line of text, as dose reports come beside the scan."""
    dataset = _object(ComprehensiveSRStorage, "SR", "dose report")
    line = Dataset()
    line.ValueType, line.TextValue, line.RelationshipType = "TEXT", "a finding", "CONTAINS"
    dataset.ValueType, dataset.ContentSequence = "CONTAINER", [line]
    return dataset


def contours() -> Dataset:
    """An RTSTRUCT with one contour."""
    dataset = _object(RTStructureSetStorage, "RTSTRUCT", "contours")
    contour, item = Dataset(), Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "POINT", 1
    contour.ContourData = ["1", "2", "3"]
    item.ContourSequence = [contour]
    dataset.ROIContourSequence = [item]
    return dataset


def presentation_state() -> Dataset:
    """How someone wanted a picture to be shown."""
    return _object(GrayscaleSoftcopyPresentationStateStorage, "PR", "presentation")


def secondary_capture(*, colour: bool = False) -> Dataset:
    """A screenshot that calls itself CT: it has no place in the patient."""
    dataset = _object(SecondaryCaptureImageStorage, "CT", "screenshot")
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.Rows, dataset.Columns = 8, 10
    _gray(dataset)
    samples = 1
    if colour:
        samples = 3
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
        dataset.PlanarConfiguration = 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    size = 80 * samples * dataset.BitsAllocated // 8
    dataset.add_new("PixelData", "OW" if samples == 1 else "OB", bytes(size))
    return dataset
