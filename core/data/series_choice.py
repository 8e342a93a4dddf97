"""From a folder to the one series that is meant."""

from pathlib import Path

from core.data.choice import best_for_model
from core.data.geometry_gate import fitness_of
from core.data.series import SeriesRecord
from core.data.series_index import index
from core.errors import SeriesError
from core.progress import Progress


def choose_series(path: Path, uid: str, progress: Progress) -> SeriesRecord:
    """The series with this UID under `path`, or the best for the model where `uid` is "".

    Raises:
        SeriesError: No series there, or none with this UID; the message names what was found.
    """
    found = index(path, progress)
    if uid:
        for record in found.series:
            if record.uid == uid:
                return record
        raise SeriesError(
            f"No series with this UID among the {len(found.series)} found.",
            "List them with `thoralens-core index`.",
        )
    choice = best_for_model(found, {record.uid: fitness_of(record) for record in found.series})
    if choice is None:
        reasons = sorted({each.reason for each in found.unreadable})[:3]
        raise SeriesError(
            f"No CT series was found; {len(found.unreadable)} files were passed over"
            + (f": {'; '.join(reasons)}." if reasons else "."),
            "Give the folder that holds the DICOM files of a chest CT.",
        )
    return choice.record
