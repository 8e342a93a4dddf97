"""From a folder to the one series that is meant."""

from pathlib import Path

from core.data.choice import Choice, best_for_model
from core.data.geometry_gate import fitness_of
from core.data.series_index import index
from core.errors import SeriesError
from core.progress import Progress


def choose_series(path: Path, uid: str, progress: Progress) -> Choice:
    """The series with this UID under `path`, or the best for the model where `uid` is "".

    Returns:
        The series and why it is this one.

    Raises:
        SeriesError: No series there, or none with this UID; the message names what was found.
    """
    found = index(path, progress, is_read_next=True)
    if uid:
        for record in found.series:
            if record.uid == uid:
                return Choice(record, f"The series asked for: {record.slice_count} slices.")
        raise SeriesError(
            f"No series with this UID among the {len(found.series)} found.",
            "List them with `thoralens-core index`.",
        )
    choice = best_for_model(found, {record.uid: fitness_of(record) for record in found.series})
    if choice is None:
        reasons = sorted({each.reason for each in found.unreadable})[:3]
        raise SeriesError(
            f"No CT series was found; files passed over: {len(found.unreadable)}"
            + (f" ({'; '.join(reasons)})." if reasons else "."),
            "Give the folder that holds the DICOM files of a chest CT.",
        )
    return choice
