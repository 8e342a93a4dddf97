"""What `thoralens-core lungs` does: find the lungs of a series and write them beside the CT."""

from pathlib import Path
from typing import Any

from rich.console import Console

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of
from core.data.nifti import write_nifti
from core.data.read_series import fitness_after_reading, read_with_report
from core.data.series_choice import choose_series
from core.errors import ModelInputError, ReportError
from core.preprocessing.heart_region import lungs_and_heart
from core.preprocessing.lung_mask import Lungs, find_lungs, lung_volumes_l, lung_warnings
from core.preprocessing.reorient import in_stored_order, reorient
from core.progress import Progress, Span
from core.volume import Volume

LUNGS_FILE = "lungs.nii.gz"
REGION_FILE = "lungs_and_heart.nii.gz"


def write_lungs(
    path: Path, out: Path, *, progress: Progress, series_uid: str = ""
) -> dict[str, Any]:
    """Find the lungs of one series under `path` and write them into `out`.

    lungs.nii.gz holds the anatomical lungs (1 right, 2 left), lungs_and_heart.nii.gz the region
    that the models see; both on the grid and in the order of the stored series, in patient space.

    Args:
        path: Folder that is searched.
        out: Folder, made if it is missing.
        progress: Told of every step.
        series_uid: Which series; the best for the model where it is "".

    Returns:
        Series, why it was chosen, volumes in litres, warnings, files: what `--json` prints.

    Raises:
        SeriesError: No such series, or it cannot be read.
        ModelInputError: Slices are missing, or there are no lungs in it.
        ReportError: The files cannot be written.
    """
    choice = choose_series(path, series_uid, Span(progress, 0.0, 0.1))
    read = read_with_report(choice.record, Span(progress, 0.1, 0.5))
    fitness = fitness_after_reading(choice.record, fitness_of(choice.record), read)
    _require_whole(read.volume)
    lungs = find_lungs(reorient(read.volume), Span(progress, 0.5, 0.8))
    progress.step(0.8, "Writing the masks")
    _write(out, lungs, read.volume)
    progress.step(1.0, "Masks written")
    right_l, left_l = lung_volumes_l(lungs.anatomical)
    doubts = [reason.text for reason in fitness.view.reasons if reason.level is not Level.PASS]
    return {
        "series": {
            "uid": choice.record.uid,
            "slices": choice.record.slice_count,
            "spacing_mm": list(read.volume.geometry.spacing_mm),
            "chosen": choice.reason,
        },
        "lungs": {"right_l": right_l, "left_l": left_l, "total_l": right_l + left_l},
        "warnings": [*lung_warnings(lungs), *doubts],
        "files": {"lungs": LUNGS_FILE, "lungs_and_heart": REGION_FILE},
    }


def print_lungs(document: dict[str, Any]) -> None:
    """The volumes and warnings for people, on standard output."""
    console = Console(highlight=False, soft_wrap=True)
    volumes = document["lungs"]
    console.print(document["series"]["chosen"], markup=False)
    console.print(
        f"Right lung {volumes['right_l']:.2f} L, left lung {volumes['left_l']:.2f} L,"
        f" together {volumes['total_l']:.2f} L."
    )
    for warning in document["warnings"]:
        console.print(f"Warning: {warning}", markup=False)
    console.print(f"Written: {', '.join(document['files'].values())}.", markup=False)


def _require_whole(volume: Volume) -> None:
    """Slices that no file holds would be taken for air."""
    if volume.missing_slices:
        raise ModelInputError(
            f"The lungs need every slice; {len(volume.missing_slices)} of "
            f"{volume.geometry.shape[volume.missing_axis]} are in no readable file.",
            "Export the series again, completely.",
        )


def _write(out: Path, lungs: Lungs, stored: Volume) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"The folder for the masks cannot be made ({type(error).__name__}).",
            "Choose a folder that can be written.",
        ) from None
    masks = {LUNGS_FILE: lungs.anatomical, REGION_FILE: lungs_and_heart(lungs.model)}
    for name, mask in masks.items():
        kept = in_stored_order(mask, stored.geometry)
        write_nifti(out / name, kept.labels, kept.geometry)
