"""The patches of HyRiskNet round the clicks of a reading, as files for whoever trains a network.

One file a click, also for clicks that met no calcium: a heart without any has its patch too.
"""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from core.calcium.edits import AddLesion, Edit
from core.calcium.patch import network_patch, patch_score
from core.calcium.reading import Reading
from core.data.nifti import write_nifti
from core.report.calcium_document import JsonObject

FILE_NAME = "patch-{:02d}.nii.gz"


def write_patches(folder: Path, reading: Reading, missed: Sequence[Edit] = ()) -> list[JsonObject]:
    """Write patch-01.nii.gz and so on: 3 x 161 x 161 int16 HU each, in patient space.

    Args:
        folder: Exists.
        reading: What was marked; several lesions of one click have one patch.
        missed: Edits that met nothing; clicks among them have a patch if they lie in the scan.

    Returns:
        What each file holds, as JSON: the click, the centre (LPS mm), numbers of its lesions, the
        scores of the paper at it, SHA-256 of the file.

    Raises:
        ReportError: A file cannot be written.
    """
    lesions: dict[AddLesion, list[int]] = {}
    for number, lesion in enumerate(reading.marks.lesions, start=1):
        lesions.setdefault(lesion.click, []).append(number)
    for edit in missed:
        if isinstance(edit, AddLesion) and reading.volume.geometry.contains(edit.point_mm):
            lesions.setdefault(edit, [])
    return [
        _written(folder, FILE_NAME.format(count), reading, click, numbers)
        for count, (click, numbers) in enumerate(lesions.items(), start=1)
    ]


def _written(
    folder: Path, name: str, reading: Reading, click: AddLesion, lesions: list[int]
) -> JsonObject:
    patch = network_patch(reading.volume, click.point_mm)
    path = folder / name
    write_nifti(path, patch.volume.hu, patch.volume.geometry)
    return {
        "file": name,
        "sha256": sha256(path.read_bytes()).hexdigest(),
        "vessel": click.vessel.value,
        "lesions": lesions,
        "clicked_mm": list(click.point_mm),
        "centre_mm": list(patch.centre_mm),
        "shape": list(patch.volume.geometry.shape),
        "spacing_mm": list(patch.volume.geometry.spacing_mm),
        "is_whole": patch.is_whole,
        "patch_score": asdict(patch_score(reading.volume, click.point_mm, reading.rule)),
    }
