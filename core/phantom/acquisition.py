"""What a scanner does to a body: blur, noise, whole hounsfield units, and a DICOM series."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import FileMetaDataset, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy.ndimage import gaussian_filter, gaussian_filter1d, zoom

from core.errors import ReportError
from core.geometry import VolumeGeometry
from core.phantom.shapes import Canvas
from core.progress import Progress, Silent
from core.volume import Volume

BLUR_MM = 0.45
"""Standard deviation of the blur in the plane, beside that of drawing on the canvas's grid."""

SLICE_BLUR_MM = 0.7
"""Standard deviation along the body: a slice of 2 mm sees a little of its neighbours."""

NOISE_RIM_HU, NOISE_CORE_HU, NOISE_GRAIN_PX = 8.0, 9.0, 0.75
"""Noise outside the body, what the middle of the body adds to it, and the size of its grain."""

INTERCEPT_HU = -1024
LARGEST_STORED = 65535


def scan(
    canvas: Canvas, geometry: VolumeGeometry, random: np.random.Generator, progress: Progress
) -> Volume:
    """Image a painted canvas.

    Args:
        canvas: The painted body; `geometry` has a whole multiple of its rows and columns.
        geometry: The grid of the scan, over the same place and with the same slices.
        random: Source of the noise.
        progress: Told of every slice; may cancel.

    Returns:
        HU, not under -1024.
    """
    profiled = gaussian_filter1d(canvas.hu, SLICE_BLUR_MM / geometry.spacing_mm[0], axis=0)
    stride = geometry.shape[1] // canvas.hu.shape[1]
    pixel_mm = geometry.spacing_mm[1]
    rows, columns = (np.linspace(-1, 1, n, dtype=np.float32) for n in geometry.shape[1:])
    depth = np.exp(-2.2 * (columns[None] ** 2 + 1.6 * rows[:, None] ** 2))
    hu = np.empty(geometry.shape, np.int16)
    for k in range(geometry.shape[0]):
        progress.step(k / geometry.shape[0], "Scanning the phantom")
        picture = profiled[k]
        if stride > 1:
            picture = zoom(picture, stride, order=1, mode="nearest", grid_mode=True)
        picture = gaussian_filter(picture, BLUR_MM / pixel_mm)
        picture += _grain(geometry.shape[1:], random) * (NOISE_RIM_HU + NOISE_CORE_HU * depth)
        hu[k] = np.maximum(np.rint(picture), INTERCEPT_HU)
    return Volume(hu, geometry)


def _grain(shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.float32]:
    """Noise of standard deviation 1 whose neighbours resemble each other."""
    white = random.standard_normal(shape, np.float32)
    grain: NDArray[np.float32] = gaussian_filter(white, NOISE_GRAIN_PX, mode="wrap")
    grain /= grain.std()
    return grain


@dataclass(frozen=True)
class SeriesTags:
    """What a written series says of itself.

    Attributes:
        uid_seed: The same seed gives the same UIDs; change it whenever the pixels change.
        series_description: Series Description.
        study_description: Study Description.
        patient_name: Patient's Name.
        patient_id: Patient ID.
        series_number: Series Number.
        kernel: Convolution Kernel.
        kvp: Tube voltage in kV.
        comments: Image Comments.
    """

    uid_seed: str = "thoralens-phantom"
    series_description: str = "Synthetic thorax"
    study_description: str = "Synthetic chest CT"
    patient_name: str = "Synthetic^Phantom"
    patient_id: str = "THORALENS-SAMPLE"
    series_number: int = 1
    kernel: str = "SYNTHETIC"
    kvp: float = 120.0
    comments: str = "Synthetic phantom. Research use only. Not for diagnosis or treatment."

    def uid(self, *parts: str) -> str:
        """A UID that depends on the seed and the parts alone."""
        return str(generate_uid(entropy_srcs=[self.uid_seed, *parts]))


PHANTOM_TAGS = SeriesTags()
"""What a phantom says of itself unless told otherwise."""


def write_series(
    volume: Volume,
    folder: Path,
    *,
    tags: SeriesTags = PHANTOM_TAGS,
    progress: Progress = Silent(),
) -> None:
    """Write a synthetic volume as one CT Image Storage file a slice, named 0001.dcm and so on.

    Slice k of the volume is instance k + 1. The files are marked as derived and as nobody's.

    Args:
        volume: HU from -1024 to 64511 on any geometry with right angles.
        folder: Exists already.
        tags: What the series says of itself.
        progress: Told of every slice; may cancel.

    Raises:
        ReportError: A value does not fit the stored range.
    """
    lowest, highest = int(volume.hu.min()), int(volume.hu.max())
    if lowest < INTERCEPT_HU or highest > LARGEST_STORED + INTERCEPT_HU:
        raise ReportError(
            f"Expected values from {INTERCEPT_HU} to {LARGEST_STORED + INTERCEPT_HU} HU, "
            f"found {lowest} to {highest} HU.",
            "Bring the volume into this range before it is written.",
        )
    shared = _shared_elements(volume.geometry, tags)
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
    _, row_mm, column_mm = geometry.spacing_mm
    shared.PixelSpacing = [_decimal(row_mm), _decimal(column_mm)]
    shared.SliceThickness = _decimal(geometry.spacing_mm[0])
    shared.SpacingBetweenSlices = _decimal(geometry.spacing_mm[0])
    shared.ImageOrientationPatient = [_decimal(v) for v in (*geometry.axes[2], *geometry.axes[1])]
    shared.Rows, shared.Columns = geometry.shape[1:]
    shared.SamplesPerPixel, shared.PhotometricInterpretation = 1, "MONOCHROME2"
    shared.BitsAllocated, shared.BitsStored, shared.HighBit = 16, 16, 15
    shared.PixelRepresentation = 0
    shared.RescaleSlope, shared.RescaleIntercept, shared.RescaleType = 1, INTERCEPT_HU, "HU"
    shared.WindowCenter, shared.WindowWidth = [-600, 40], [1500, 400]
    shared.WindowCenterWidthExplanation = ["LUNG", "MEDIASTINUM"]
    return shared


def _describe_study(shared: Dataset, tags: SeriesTags) -> None:
    shared.SpecificCharacterSet = "ISO_IR 192"
    shared.PatientName, shared.PatientID = tags.patient_name, tags.patient_id
    shared.PatientBirthDate, shared.PatientSex = "", "O"
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
    shared.LossyImageCompression, shared.BurnedInAnnotation = "00", "NO"
    shared.ImageComments = tags.comments


def _write_slice(volume: Volume, index: int, shared: Dataset, path: Path, tags: SeriesTags) -> None:
    one = Dataset(shared)
    one.SOPInstanceUID = tags.uid("slice", str(index))
    one.InstanceNumber = index + 1
    position_mm = volume.geometry.to_patient((index, 0, 0))
    one.ImagePositionPatient = [_decimal(v) for v in position_mm]
    one.SliceLocation = _decimal(position_mm @ volume.geometry.axes[0])
    stored = (volume.hu[index].astype(np.int32) - INTERCEPT_HU).astype("<u2")
    one.add_new("PixelData", "OW", stored.tobytes())
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dcmwrite(path, one, enforce_file_format=True)


def _decimal(value: float) -> str:
    """A number as a DICOM decimal string: at most 16 characters."""
    return f"{round(float(value), 6) + 0.0:.10g}"
