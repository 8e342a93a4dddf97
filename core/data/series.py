"""What the headers of a folder say: slices, series, unreadable files. No pixels, no DICOM library.

Names and identifiers of patients are kept out of every ``repr``, so that they cannot reach a log.
"""

from dataclasses import dataclass, field
from pathlib import Path

VOLUME_KINDS = {"nifti": "NIfTI", "nrrd": "NRRD", "meta": "MetaImage"}
"""What stands in `SliceHeader.transfer_syntax_uid` for a slice of a volume file -> its format."""


@dataclass(frozen=True)
class Patient:
    """Who was scanned, as the headers say; empty strings where they do not."""

    name: str = field(default="", repr=False)
    identifier: str = field(default="", repr=False)
    sex: str = ""
    age: str = ""


@dataclass(frozen=True)
class SliceHeader:
    """One stored slice.

    Attributes:
        path: The file.
        sop_instance_uid: Its identity.
        instance_number: As stored; says nothing about its place.
        position_mm: LPS centre of the first pixel (Image Position Patient).
        orientation: Six cosines: direction of growing column, then of growing row.
        rows: Height of the matrix.
        columns: Width of the matrix.
        pixel_spacing_mm: (between rows, between columns).
        thickness_mm: Slice Thickness, None if not stored.
        transfer_syntax_uid: How the pixels are encoded; "nifti", "nrrd" or "meta" (MHA, MHD) for a
            slice of a volume file.
        frame: Counted from 0: which frame of a multi-frame file, or which slice of a volume file in
            its stored order; None where the file holds this slice alone.
        member: Name inside the zip archive at `path`; "" where `path` is the file itself.
        kernel: Convolution Kernel of this slice; tells reconstructions apart.
        acquisition: Acquisition Number; tells repeated scans apart.
    """

    path: Path = field(repr=False)
    sop_instance_uid: str
    instance_number: int | None
    position_mm: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    rows: int
    columns: int
    pixel_spacing_mm: tuple[float, float]
    thickness_mm: float | None
    transfer_syntax_uid: str
    frame: int | None = None
    member: str = field(default="", repr=False)
    kernel: str = ""
    acquisition: int | None = None


@dataclass(frozen=True)
class SeriesRecord:
    """One series, headers only, its slices sorted along the normal.

    Attributes:
        uid: Series Instance UID. Where one UID holds stacks that do not fit together (a localizer,
            another matrix), the largest keeps it and the others carry "#2", "#3", ... Where none
            is stated a stand-in is made (`series_header.series_uid`).
        split_by: Why the UID was split, in words; "" where it was not.
        slices: Sorted by position along the slice normal.
        rescale_type: What the stored values become: "HU", "" if not said, or another unit;
            "missing" where a slice does not state both slope and intercept.
        is_lossy: True where the headers say that the pixels went through a lossy compression.
        reconstruction_diameter_mm: Reconstruction Diameter: outside this circle nothing was
            reconstructed. None where it is not stated.
        doubled: Slices (counted from 0) at whose place another one with other pixels was left out.
        damaged_files: Files that say they belong to the series and could not be taken into it.
    """

    uid: str
    slices: tuple[SliceHeader, ...] = field(repr=False)
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    modality: str = ""
    description: str = ""
    study_description: str = ""
    study_date: str = ""
    series_number: int | None = None
    body_part: str = ""
    manufacturer: str = ""
    scanner_model: str = ""
    kernel: str = ""
    kvp: float | None = None
    patient_position: str = ""
    image_type: tuple[str, ...] = ()
    contrast_agent: str = ""
    burned_in_annotation: str = ""
    rescale_type: str = ""
    is_lossy: bool = False
    split_by: str = ""
    reconstruction_diameter_mm: float | None = None
    doubled: tuple[int, ...] = ()
    damaged_files: int = 0
    patient: Patient = Patient()

    @property
    def slice_count(self) -> int:
        """How many slices the series holds."""
        return len(self.slices)


@dataclass(frozen=True)
class UnreadableFile:
    """A file that is in no series, and why, in words.

    Attributes:
        path: The file.
        reason: Why it is in no series.
        member: Name inside the zip archive at `path`; "" where `path` is the file itself.
        series_uid: Series that it says it belongs to: a damaged slice leaves a gap there.
    """

    path: Path = field(repr=False)
    reason: str
    member: str = field(default="", repr=False)
    series_uid: str = ""


@dataclass(frozen=True)
class SeriesIndex:
    """Every file under a folder: in a series, or unreadable with its reason.

    Attributes:
        root: The folder (or file) that was walked.
        series: Largest first.
        unreadable: Every other file.
    """

    root: Path = field(repr=False)
    series: tuple[SeriesRecord, ...]
    unreadable: tuple[UnreadableFile, ...] = ()
