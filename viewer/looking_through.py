"""What a folder, an archive or a file holds, and which of its series to open."""

from dataclasses import dataclass
from pathlib import Path

from core.data.fitness import Fitness, Level
from core.data.series import SeriesIndex, SeriesRecord
from core.progress import Progress


@dataclass(frozen=True)
class FoundFolder:
    """What a folder holds.

    Attributes:
        folder: Which one.
        index: Its series and unreadable files.
        fitness: Verdicts by series UID.
        series: The one to open, None if none can be viewed.
        reason: Why this one, or why none, in words.
    """

    folder: Path
    index: SeriesIndex
    fitness: dict[str, Fitness]
    series: SeriesRecord | None
    reason: str


def look_through(path: Path, progress: Progress) -> FoundFolder:
    """Index a folder, an archive or a file, judge every series and choose the one to open."""
    from core.data.choice import best_for_model
    from core.data.geometry_gate import fitness_of
    from core.data.series_index import index

    found = index(path, progress, is_read_next=True)
    fitness = {record.uid: fitness_of(record) for record in found.series}
    choice = best_for_model(found, fitness)
    if choice is None or fitness[choice.record.uid].view.level is Level.BLOCK:
        return FoundFolder(path, found, fitness, None, _why_none(found, fitness))
    return FoundFolder(path, found, fitness, choice.record, choice.reason)


def _why_none(index: SeriesIndex, fitness: dict[str, Fitness]) -> str:
    where = "file" if index.root.is_file() else "folder"
    if not index.series:
        reason = index.unreadable[0].reason if index.unreadable else "it is empty"
        first = "" if where == "file" else "; its first file"
        return f"No CT series was found in this {where}{first}: {reason}."
    worst = fitness[index.series[0].uid].view.worst
    number = len(index.series)
    which = "The only series" if number == 1 else f"None of the {number} series"
    verb = "cannot be shown" if number == 1 else "can be shown"
    return f"{which} of this {where} {verb}. {worst.text if worst else ''}".strip()
