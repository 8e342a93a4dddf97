"""Files of a calcium reading: lesions as CSV, everything as JSON, the label map as NIfTI."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.data.nifti import write_nifti
from core.geometry import VolumeGeometry
from core.preprocessing.reorient import in_stored_order
from core.prognosis import RESEARCH_USE_ONLY
from core.volume import Mask
from core.whole_file import write_whole

JSON_FILE = "calcium.json"
CSV_FILE = "calcium-lesions.csv"
LABELS_FILE = "calcium.nii.gz"

LABELS = {vessel: number for number, vessel in enumerate(Vessel, start=1)}
"""Value of each vessel in the label map: 1 LM, 2 LAD, 3 LCX, 4 RCA, 5 other."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = (
    "number", "vessel", "agatston", "volume_mm3", "mass_mg", "area_mm2", "max_hu", "mean_hu",
    "first_slice", "last_slice", "centre_x_mm", "centre_y_mm", "centre_z_mm",
    "clicked_x_mm", "clicked_y_mm", "clicked_z_mm", "threshold_hu", "by", "at", "growth", "use",
)  # fmt: skip


def label_map(reading: Reading, stored: VolumeGeometry | None = None) -> Mask:
    """The marked voxels by vessel, on the scan's own grid; see `LABELS`.

    Args:
        reading: What was marked.
        stored: Geometry of the scan as stored, whose order the labels then have; else the order in
            which it was read.
    """
    labels = np.zeros(reading.volume.geometry.shape, dtype=np.uint8)
    for lesion in reading.marks.lesions:
        labels[tuple(lesion.voxels.T)] = LABELS[lesion.vessel]
    mask = Mask(labels, reading.volume.geometry)
    return mask if stored is None else in_stored_order(mask, stored)


def lesions_csv(document: dict[str, Any]) -> str:
    """One line a lesion, from the document of a reading; points as decimal mark."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for lesion in document["lesions"]:
        writer.writerow({**_row(lesion), "use": RESEARCH_USE_ONLY})
    return text.getvalue()


def _row(lesion: dict[str, Any]) -> dict[str, Any]:
    row = {name: _cell(lesion[name]) for name in COLUMNS if lesion.get(name) is not None}
    for name in ("centre", "clicked"):
        values = lesion[f"{name}_mm"] or (None, None, None)
        row |= {f"{name}_{axis}_mm": each for axis, each in zip("xyz", values, strict=True)}
    row["first_slice"], row["last_slice"] = lesion["slices"] or (None, None)
    return row


def _cell(value: object) -> object:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_BEGINS) else value


def write_calcium(
    folder: Path,
    reading: Reading,
    document: dict[str, Any],
    stored: VolumeGeometry | None = None,
) -> None:
    """Write the three files into an existing folder, each whole or not at all.

    Args:
        folder: Where.
        reading: What was marked.
        document: `core.report.calcium_document.reading_document` of it, with what else belongs.
        stored: Geometry of the scan as stored: the label map then has its order, and lies over it
            in every program.

    Raises:
        ReportError: A file cannot be written.
    """
    labels = label_map(reading, stored)
    write_nifti(folder / LABELS_FILE, labels.labels, labels.geometry)
    write_whole(folder / CSV_FILE, lesions_csv(document).encode())
    content = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / JSON_FILE, content.encode())
