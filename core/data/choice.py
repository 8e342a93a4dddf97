"""Which of several series the model should read, which one calcium, and why that one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.data.fitness import Fitness, Level, Verdict
from core.data.series import SeriesIndex, SeriesRecord
from core.data.slice_stack import slice_thickness_mm
from core.data.use_rules import CALCIUM_THICKNESS_MM


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

    def rank(record: SeriesRecord) -> tuple[float, ...]:
        verdicts = fitness[record.uid]
        return verdicts.model.level, verdicts.view.level, _thickness(record), -record.slice_count

    def reason(record: SeriesRecord) -> str:
        superlative = _superlative(
            index,
            lambda each: rank(each)[:3],
            record,
        )
        return _reason(record, fitness[record.uid].model, "used by the model", superlative)

    return _best(index, rank, reason)


def best_for_calcium(index: SeriesIndex, fitness: Mapping[str, Fitness]) -> Choice | None:
    """The series that suits calcium scoring best.

    The better verdict for calcium comes first, then the better verdict for viewing, then the slice
    thickness nearest to 3 mm, for which the Agatston score is defined, then the more slices.

    Args:
        index: What was found.
        fitness: By series UID, for every series of the index.

    Returns:
        None only where the index holds no series; ask its fitness before scoring.
    """

    def rank(record: SeriesRecord) -> tuple[float, ...]:
        verdicts = fitness[record.uid]
        off = round(abs(_thickness(record) - CALCIUM_THICKNESS_MM), 2)
        return verdicts.calcium.level, verdicts.view.level, off, -record.slice_count

    def reason(record: SeriesRecord) -> str:
        superlative = f"Nearest to {CALCIUM_THICKNESS_MM:g} mm of {len(index.series)} series"
        words = superlative if len(index.series) > 1 else "The only series"
        return _reason(record, fitness[record.uid].calcium, "scored for calcium", words)

    return _best(index, rank, reason)


def _best(
    index: SeriesIndex,
    rank: Callable[[SeriesRecord], tuple[float, ...]],
    reason: Callable[[SeriesRecord], str],
) -> Choice | None:
    if not index.series:
        return None
    best = min(index.series, key=rank)
    return Choice(best, reason(best))


def _thickness(record: SeriesRecord) -> float:
    return round(slice_thickness_mm(record), 2)


def _superlative(
    index: SeriesIndex, key: Callable[[SeriesRecord], tuple[float, ...]], best: SeriesRecord
) -> str:
    """What the best series is among the others: the thinnest, or the longest of the thinnest."""
    count = len(index.series)
    if count == 1:
        return "The only series"
    equals = sum(key(each) == key(best) for each in index.series)
    which = "thinnest suitable" if equals == 1 else "longest of the thinnest suitable"
    return f"The {which} of {count} series"


def _reason(record: SeriesRecord, verdict: Verdict, use: str, superlative: str) -> str:
    described = f"{record.slice_count} slices of {slice_thickness_mm(record):.3g} mm"
    worst = verdict.worst
    if worst is not None and worst.level == Level.BLOCK:
        return f"No series may be {use}; this one has {described}. {worst.text}"
    return f"{superlative}: {described}."
