"""Small CT series built in code: any storage order, and every fault that the gate must see.

No patient data: the thorax is a formula in patient millimetres, so every voxel's truth is known.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from core.data.series import SeriesRecord, SliceHeader
from core.geometry import VolumeGeometry
from core.volume import Volume

LEFT, BACK, HEAD = np.eye(3)
"""LPS unit vectors of growing x, y and z."""


def _oblique() -> NDArray[np.float64]:
    """Axial axes turned by 20 degrees about x, then 10 degrees about z."""
    x, z = np.radians((20, 10))
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return (about_z @ about_x @ np.array([HEAD, BACK, LEFT]).T).T


STORAGE_ORDERS: dict[str, NDArray[np.float64]] = {
    "axial to the head": np.array([HEAD, BACK, LEFT]),
    "axial to the feet": np.array([-HEAD, BACK, LEFT]),
    "feet first, columns to the right": np.array([-HEAD, BACK, -LEFT]),
    "feet first prone, rows to the front": np.array([-HEAD, -BACK, LEFT]),
    "prone, rows and columns turned": np.array([HEAD, -BACK, -LEFT]),
    "coronal": np.array([BACK, -HEAD, LEFT]),
    "coronal to the front, upside down": np.array([-BACK, HEAD, -LEFT]),
    "sagittal": np.array([LEFT, -HEAD, BACK]),
    "sagittal to the right": np.array([-LEFT, -HEAD, -BACK]),
    "oblique": _oblique(),
}
"""Name -> three unit rows: LPS direction of growing slice, row and column."""

MARKER_MM = np.array([70.0, -60.0, 80.0])
"""Centre of the bright marker: to the patient's left, in front, towards the head."""
MARKER_RADIUS_MM = 18.0
MARKER_HU = 1000
CENTRE_MM = np.array([5.0, -10.0, 15.0])
"""Centre of the phantom: not the origin, so that a forgotten translation shows."""
EXTENT_MM = np.array([340.0, 250.0, 290.0])
"""Size of the grid along x, y and z."""


def thorax_hu(point_mm: NDArray[np.float64]) -> NDArray[np.int16]:
    """HU of the formula at LPS points (..., 3): body, lungs, heart, spine and the marker."""
    p = point_mm - CENTRE_MM
    hu = np.full(p.shape[:-1], -1000, np.int16)
    hu[_ellipsoid(p, (0, 0, 0), (155, 105, 400))] = 40
    hu[_ellipsoid(p, (72, 0, 0), (58, 78, 115))] = -860  # the patient's left lung
    hu[_ellipsoid(p, (-72, 0, 0), (58, 78, 115))] = -860
    hu[_ellipsoid(p, (28, -25, -25), (52, 45, 52))] = 45  # heart, more on the left
    hu[_ellipsoid(p, (0, 80, 0), (18, 18, 400))] = 350  # spine
    hu[np.linalg.norm(point_mm - MARKER_MM, axis=-1) <= MARKER_RADIUS_MM] = MARKER_HU
    return hu


def _ellipsoid(
    points: NDArray[np.float64], centre: Sequence[float], radii: Sequence[float]
) -> NDArray[np.bool_]:
    return (((points - np.array(centre)) / np.array(radii)) ** 2).sum(-1) <= 1


def marked_thorax(
    axes: NDArray[np.float64], spacing_mm: Sequence[float] = (8.0, 6.0, 6.0)
) -> Volume:
    """The thorax sampled on a grid with the given axes, about 36 x 42 x 57 voxels.

    Args:
        axes: One of `STORAGE_ORDERS`.
        spacing_mm: Of slice, row and column.
    """
    extent = np.abs(axes) @ EXTENT_MM
    if not np.allclose(np.abs(axes).max(1), 1):  # oblique: as large as the nearest straight one
        extent = EXTENT_MM[np.abs(axes).argmax(1)]
    shape = tuple(int(n) for n in np.rint(extent / spacing_mm))
    half = (np.array(shape) - 1) / 2 * spacing_mm
    geometry = VolumeGeometry.from_axes(
        shape, CENTRE_MM - half @ axes, axes, spacing_mm, generate_uid(entropy_srcs=["phantom"])
    )
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return Volume(thorax_hu(geometry.to_patient(index)), geometry, "1.2.3")


def write_series(
    folder: Path,
    hu: NDArray[Any],
    geometry: VolumeGeometry,
    *,
    slope: float | Sequence[float] = 1,
    intercept: float | Sequence[float] = -1024,
    signed: bool = False,
    bits_stored: int = 16,
    shuffle_names: bool = True,
    drop: Iterable[int] = (),
    double: Iterable[int] = (),
    tilt_degrees: float = 0.0,
    patient_position: str = "HFS",
    transfer_syntax: str = ExplicitVRLittleEndian,
    **tags: Any,
) -> list[Path]:
    """Write a volume as a CT series in the storage order of its geometry.

    Args:
        folder: Made if missing.
        hu: Whole numbers of HU (slice, row, column).
        geometry: Its axes become Image Orientation and Position as they are.
        slope: One for all or one per slice; so is `intercept`.
        intercept: See `slope`.
        signed: Pixel Representation 1.
        bits_stored: Of 16 allocated.
        shuffle_names: File names and instance numbers say nothing about the place.
        drop: Slices left out.
        double: Slices written twice, with another identity.
        tilt_degrees: Each slice is shifted along its rows, as by a tilted gantry.
        patient_position: "HFS", "FFS", ...
        transfer_syntax: An uncompressed one.
        **tags: DICOM keywords that replace or (None) remove an element.

    Returns:
        The files, in the order of `hu`, doubles at the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dropped = set(drop)
    kept = [k for k in range(geometry.shape[0]) if k not in dropped] + list(double)
    names = np.random.default_rng(7).permutation(len(kept)) if shuffle_names else range(len(kept))
    slopes = np.broadcast_to(slope, geometry.shape[0])
    intercepts = np.broadcast_to(intercept, geometry.shape[0])
    shift_mm = geometry.spacing_mm[0] * np.tan(np.radians(tilt_degrees))
    paths = []
    for name, k in zip(names, kept, strict=True):
        stored = np.rint((hu[k].astype(float) - intercepts[k]) / slopes[k])
        dataset = _slice_dataset(stored, signed, bits_stored)
        position = geometry.to_patient((k, 0, 0)) + k * shift_mm * geometry.axes[1]
        _place(dataset, geometry, position)
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(folder.name), str(name)])
        dataset.InstanceNumber = int(name) + 1
        dataset.RescaleSlope, dataset.RescaleIntercept = float(slopes[k]), float(intercepts[k])
        dataset.PatientPosition = patient_position
        for keyword, value in tags.items():
            if value is None:
                dataset.pop(keyword, None)
            else:
                setattr(dataset, keyword, value)
        path = folder / (f"file{name:04d}" if shuffle_names else f"slice{k:04d}.dcm")
        while path in paths:
            path = path.with_name(f"double-{path.name}")
        _save(dataset, path, transfer_syntax)
        paths.append(path)
    return paths


def series_record(
    *,
    count: int = 80,
    spacing_mm: float = 2.5,
    axes: NDArray[np.float64] = STORAGE_ORDERS["axial to the head"],
    drop: Iterable[int] = (),
    double: Iterable[int] = (),
    tilt_degrees: float = 0.0,
    thickness_mm: float | None = None,
    **fields: Any,
) -> SeriesRecord:
    """Headers of an even series of 400 x 500 pixels, without files; see `write_series`.

    Args:
        count: Slices before `drop` and `double`.
        spacing_mm: Between slices; also their thickness unless `thickness_mm` says otherwise.
        axes: One of `STORAGE_ORDERS`; slices are sorted along their normal, as in an index.
        drop: Slices left out.
        double: Slices that come twice.
        tilt_degrees: Each slice is shifted along its rows.
        thickness_mm: Slice Thickness.
        **fields: Of `SeriesRecord`.
    """
    dropped = set(drop)
    numbers = sorted([k for k in range(count) if k not in dropped] + list(double))
    normal = np.cross(axes[2], axes[1])  # as the index sorts them, whatever way axes[0] runs
    step = spacing_mm * (normal + np.tan(np.radians(tilt_degrees)) * axes[1])
    slices = tuple(
        SliceHeader(
            path=Path(f"{place}"),
            sop_instance_uid=f"1.2.{place}",
            instance_number=None,
            position_mm=tuple(np.array([1.0, 2.0, 3.0]) + k * step),
            orientation=(*axes[2], *axes[1]),
            rows=400,
            columns=500,
            pixel_spacing_mm=(0.7, 0.8),
            thickness_mm=spacing_mm if thickness_mm is None else thickness_mm,
            transfer_syntax_uid=str(ExplicitVRLittleEndian),
        )
        for place, k in enumerate(numbers)
    )
    return SeriesRecord(**{"uid": "1.2.9", "slices": slices, "modality": "CT", **fields})


def _slice_dataset(stored: NDArray[np.float64], signed: bool, bits_stored: int) -> Dataset:
    low = -(1 << (bits_stored - 1)) if signed else 0
    assert stored.min() >= low, "the values do not fit the stored bits"
    assert stored.max() < low + (1 << bits_stored), "the values do not fit the stored bits"
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    dataset.SeriesDescription = "Phantom"
    dataset.PatientName, dataset.PatientID = "Phantom^Marked", "PHANTOM"
    dataset.KVP = 120
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits_stored, bits_stored - 1
    dataset.PixelRepresentation = int(signed)
    dataset.RescaleType = "HU"
    mask = (1 << bits_stored) - 1
    dataset["PixelData"] = _pixel_element((stored.astype(np.int64) & mask).astype("<u2"))
    return dataset


def _pixel_element(stored: NDArray[np.uint16]) -> Any:
    dataset = Dataset()
    dataset.add_new("PixelData", "OW", stored.tobytes())
    return dataset["PixelData"]


def _place(dataset: Dataset, geometry: VolumeGeometry, position: NDArray[np.float64]) -> None:
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    dataset.ImagePositionPatient = [f"{value:.8g}" for value in position]
    cosines = np.concatenate([geometry.axes[2], geometry.axes[1]])
    dataset.ImageOrientationPatient = [f"{value:.10g}" for value in cosines]
    dataset.PixelSpacing = [f"{row_mm:.10g}", f"{column_mm:.10g}"]
    dataset.SliceThickness = f"{slice_mm:.10g}"
    dataset.FrameOfReferenceUID = geometry.frame_of_reference_uid or generate_uid()


def _save(dataset: Dataset, path: Path, transfer_syntax: str) -> None:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    if transfer_syntax == "1.2.840.10008.1.2.2":  # words are swapped for the old big endian syntax
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
    dataset.save_as(path, enforce_file_format=True)
