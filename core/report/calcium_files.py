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
from core.prognosis import RESEARCH_USE_ONLY
from core.volume import Mask
from core.whole_file import write_whole

JSON_FILE = "calcium.json"
CSV_FILE = "calcium-lesions.csv"
LABELS_FILE = "calcium.nii.gz"

LABELS = {vessel: number for number, vessel in enumerate(Vessel, start=1)}
"""Value of each vessel in the label map: 1 LM, 2 LAD, 3 LCX, 4 RCA, 5 other."""

COLUMNS = (
    "number", "vessel", "agatston", "volume_mm3", "mass_mg", "area_mm2", "max_hu", "mean_hu",
    "first_slice", "last_slice", "centre_x_mm", "centre_y_mm", "centre_z_mm",
    "clicked_x_mm", "clicked_y_mm", "clicked_z_mm", "threshold_hu", "by", "at", "growth", "use",
)  # fmt: skip


def label_map(reading: Reading) -> Mask:
    """The marked voxels by vessel, on the scan's own grid; see `LABELS`."""
    labels = np.zeros(reading.volume.geometry.shape, dtype=np.uint8)
    for lesion in reading.marks.lesions:
        labels[tuple(lesion.voxels.T)] = LABELS[lesion.vessel]
    return Mask(labels, reading.volume.geometry)


def lesions_csv(document: dict[str, Any]) -> str:
    """One line a lesion, from the document of a reading; points as decimal mark."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for lesion in document["lesions"]:
        row = {name: lesion.get(name) for name in COLUMNS if lesion.get(name) is not None}
        for name, values in (
            ("centre", lesion.get("centre_mm")),
            ("clicked", lesion["clicked_mm"]),
        ):
            row |= {
                f"{name}_{axis}_mm": value for axis, value in zip("xyz", values or (), strict=False)
            }
        if "slices" in lesion:
            row["first_slice"], row["last_slice"] = lesion["slices"]
        writer.writerow({**row, "use": RESEARCH_USE_ONLY})
    return text.getvalue()


def write_calcium(folder: Path, reading: Reading, document: dict[str, Any]) -> None:
    """Write the three files into an existing folder, each whole or not at all.

    Args:
        folder: Where.
        reading: What was marked.
        document: `core.report.calcium_document.reading_document` of it, with what else belongs.

    Raises:
        ReportError: A file cannot be written.
    """
    labels = label_map(reading)
    write_nifti(folder / LABELS_FILE, labels.labels, labels.geometry)
    write_whole(folder / CSV_FILE, lesions_csv(document).encode())
    content = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / JSON_FILE, content.encode())
