"""The real scans as volumes, and the lungs that experts drew on them."""

from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from skimage.draw import polygon

from core.data.read_series import read
from core.data.series_index import index
from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT, reorient
from core.volume import Volume

LCTSC_SPACING_MM = (3.0, 1.95, 1.95)
"""Not stored with the arrays; SOURCE.txt gives about these."""


def read_scan(folder: Path) -> Volume:
    """The largest series of a folder, slices to the head, rows to the back, columns to the left."""
    return reorient(read(index(folder).series[0]))


def read_lctsc(shared_data: Path) -> tuple[Volume, NDArray[np.bool_]]:
    """The scan (index 0 = most caudal) and the experts' lungs."""
    with np.load(shared_data / "lctsc-lungmask" / "lctsc_s1_101_stride2.npz") as arrays:
        hu, lungs = arrays["image_hu"].astype(np.int16), arrays["lung"] > 0
    geometry = VolumeGeometry.from_axes(hu.shape, (0, 0, 0), HEAD_BACK_LEFT, LCTSC_SPACING_MM)
    return Volume(hu, geometry), lungs


def read_label_map(path: Path) -> NDArray[np.bool_]:
    """A label map stored with its slices to the head, rows to the back, columns to the left."""
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path))) > 0


def read_structures(path: Path, geometry: VolumeGeometry) -> dict[str, NDArray[np.bool_]]:
    """Masks of the contours of an RTSTRUCT whose planes are the slices of the geometry."""
    dataset = pydicom.dcmread(path)
    names = {roi.ROINumber: roi.ROIName for roi in dataset.StructureSetROISequence}
    masks = {}
    for roi in dataset.ROIContourSequence:
        mask = np.zeros(geometry.shape, dtype=bool)
        for contour in roi.ContourSequence:
            corners = geometry.to_index(np.reshape(contour.ContourData, (-1, 3)).astype(float))
            inside = polygon(corners[:, 1], corners[:, 2], geometry.shape[1:])
            mask[round(corners[0, 0])][inside] ^= True
        masks[names[roi.ReferencedROINumber]] = mask
    return masks


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Overlap of two masks: 1 if equal, 0 if apart."""
    return 2 * np.count_nonzero(first & second) / (first.sum() + second.sum())
