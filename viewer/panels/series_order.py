"""In which order series are listed: parts that were split off stand under the rest of their UID."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.fitness import Fitness, Level
from core.data.series import SeriesIndex, SeriesRecord

if TYPE_CHECKING:
    from core.data.choice import Choice


@dataclass(frozen=True)
class ListedSeries:
    """One row of the list.

    Attributes:
        record: The series.
        fitness: What it may be used for.
        is_part: Split off from the series above it.
        best_for: Use ("Model", "Calcium") -> why it is the best one of all for it.
    """

    record: SeriesRecord
    fitness: Fitness
    is_part: bool
    best_for: Mapping[str, str]


def listed_series(
    index: SeriesIndex, fitness: Mapping[str, Fitness], best: Mapping[str, "Choice"]
) -> tuple[ListedSeries, ...]:
    """Rows of the list: in the order of the index, each part after the series it came from."""
    first_of_uid = {base_uid(record.uid): k for k, record in reversed([*enumerate(index.series)])}
    ordered = sorted(
        enumerate(index.series),
        key=lambda numbered: (first_of_uid[base_uid(numbered[1].uid)], numbered[0]),
    )
    return tuple(
        ListedSeries(
            record=record,
            fitness=fitness.get(record.uid, Fitness()),
            is_part=first_of_uid[base_uid(record.uid)] != k,
            best_for={use: each.reason for use, each in best.items() if each.record is record},
        )
        for k, record in ordered
    )


def best_series(index: SeriesIndex, fitness: Mapping[str, Fitness]) -> dict[str, "Choice"]:
    """Use -> its best series and why; a use for which no series may serve is left out.

    Empty where there is nothing to choose from.
    """
    from core.data.choice import best_for_calcium, best_for_model  # they bring in pydicom

    if len(index.series) < 2:
        return {}
    judged = {record.uid: fitness.get(record.uid, Fitness()) for record in index.series}
    chosen = {
        "Model": best_for_model(index, judged),
        "Calcium": best_for_calcium(index, judged),
    }
    return {
        use: choice
        for use, choice in chosen.items()
        if choice is not None
        and getattr(judged[choice.record.uid], use.lower()).level is not Level.BLOCK
    }


def base_uid(uid: str) -> str:
    """Series Instance UID without the number of the part."""
    return uid.partition("#")[0]


def series_title(record: SeriesRecord) -> str:
    """Description of a series, and why it was split off."""
    description = record.description or "Series without description"
    part = record.uid.partition("#")[2]
    return f"Part {part}: {description}" if part else description


def best_words(uses: Iterable[str]) -> str:
    """Of a series that is the best one for these uses; empty for none."""
    named = [use.lower() for use in uses]
    return f"Best for {' and '.join(named)}" if named else ""
