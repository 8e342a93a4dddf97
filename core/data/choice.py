"""Which of several series the model should read, and why that one."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.data.fitness import Fitness, Level
from core.data.series import SeriesIndex, SeriesRecord
from core.data.slice_stack import slice_thickness_mm


@dataclass(frozen=True)
class Choice:
    """A series and the reason for it.

    Attributes:
        record: The series.
        reason: Why this one, in words.
    """

    record: SeriesRecord
    reason: str


def best_for_model(index: SeriesIndex, fitness: Mapping[str, Fitness]) -> Choice | None:
    """The series that suits the model best.

    The better verdict for the model comes first, then the better verdict for viewing, then the
    thinner slices, then the more slices. Where no series may be used by the model the best of them
    is given all the same, so that it can be looked at: ask its fitness before running.

    Args:
        index: What was found.
        fitness: By series UID, for every series of the index.

    Returns:
        None only where the index holds no series.
    """
    if not index.series:
        return None

    def rank(record: SeriesRecord) -> tuple[int, int, float, int]:
        verdicts = fitness[record.uid]
        thickness = round(slice_thickness_mm(record), 2)
        return verdicts.model.level, verdicts.view.level, thickness, -record.slice_count

    best = min(index.series, key=rank)
    return Choice(best, _reason(best, fitness[best.uid], len(index.series)))


def _reason(record: SeriesRecord, fitness: Fitness, count: int) -> str:
    described = f"{record.slice_count} slices of {slice_thickness_mm(record):.3g} mm"
    worst = fitness.model.worst
    if worst is not None and worst.level == Level.BLOCK:
        return f"No series may be used by the model; this one has {described}. {worst.text}"
    which = "The only series" if count == 1 else f"The thinnest suitable of {count} series"
    return f"{which}: {described}."
