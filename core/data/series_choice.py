"""From a folder to the one series that is meant."""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.data.choice import Choice, best_for_model
from core.data.fitness import Fitness
from core.data.geometry_gate import fitness_of
from core.data.series import SeriesIndex
from core.data.series_index import index
from core.errors import SeriesError
from core.progress import Progress

Best = Callable[[SeriesIndex, Mapping[str, Fitness]], Choice | None]


def choose_series(path: Path, uid: str, progress: Progress, best: Best = best_for_model) -> Choice:
    """The series with this UID under `path`, or the best one where `uid` is "".

    Args:
        path: Folder that is searched.
        uid: Series UID, or "".
        progress: Told of every file; may cancel.
        best: For what it should be the best: the model, or calcium.

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
    choice = best(found, {record.uid: fitness_of(record) for record in found.series})
    if choice is None:
        reasons = sorted({each.reason for each in found.unreadable})[:3]
        raise SeriesError(
            f"No CT series was found; files passed over: {len(found.unreadable)}"
            + (f" ({'; '.join(reasons)})." if reasons else "."),
            "Give the folder that holds the DICOM files of a chest CT.",
        )
    return choice
