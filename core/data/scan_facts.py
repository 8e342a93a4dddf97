"""What the rules of inclusion ask of a scan on disk: headers only, pixels are not read."""

from pathlib import Path

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of
from core.data.series_choice import choose_series
from core.data.slice_stack import slice_thickness_mm
from core.errors import SeriesError
from core.progress import Silent


def scan_thickness_mm(scan: Path) -> float:
    """Axial thickness of the series that the model would read, in mm.

    The larger of what the header states and the distance between slices.

    Raises:
        SeriesError: No CT series is there.
    """
    return slice_thickness_mm(choose_series(scan, "", Silent()).record)


def why_not_usable(scan: Path) -> str | None:
    """Why the model may not be used on a scan, in words; None where it may."""
    try:
        record = choose_series(scan, "", Silent()).record
    except SeriesError as error:
        return error.message
    verdict = fitness_of(record).model
    if verdict.level != Level.BLOCK or verdict.worst is None:
        return None
    return verdict.worst.text
