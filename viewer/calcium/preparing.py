"""What calcium mode does on threads.

What brings in the readers of scans is imported on the thread, so that the window opens at once.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from core.calcium.reading import Reading
from core.calcium.rule import Rule
from core.data.series import SeriesRecord
from core.progress import Progress, Span
from core.volume import Mask, Volume
from viewer.calcium.state import Spread

if TYPE_CHECKING:
    from core.calcium_case import CalciumCase


def made_ready(
    record: SeriesRecord, volume: Volume, regions: Mask | None, progress: Progress
) -> "CalciumCase":
    """The scan with candidates, heart region and pre-flight checks.

    Args:
        record: Headers of the series.
        volume: Reoriented.
        regions: Of a run on this scan; None: sought now, which takes some seconds.
        progress: Told of every step; may cancel.
    """
    from core.calcium_case import open_case

    return open_case(record, volume, regions=regions, progress=progress)


def with_rule(case: "CalciumCase", rule: Rule, progress: Progress) -> "CalciumCase":
    """The same scan with the candidates of another rule."""
    from core.calcium.candidates import find_candidates
    from core.calcium.within import candidates_within

    candidates = find_candidates(case.volume, rule, progress)
    in_heart = (
        candidates if case.heart is None else candidates_within(candidates, case.volume, case.heart)
    )
    return replace(case, candidates=candidates, in_heart=in_heart)


def spread_of(case: "CalciumCase", reading: Reading, progress: Progress) -> Spread:
    """Uncertainty of a reading, and its total on averages of about 3 mm."""
    from core.calcium.thick_reading import grouping_of, on_averages
    from core.calcium.uncertainty import uncertainty

    noise_hu = None if case.blood is None else case.blood.noise_hu
    found = uncertainty(reading, noise_hu, Span(progress, 0.0, 0.9))
    thick = on_averages(reading)
    if thick is None:
        return Spread(found)
    made_mm = grouping_of(reading).increment_mm
    return Spread(found, thick.score().total.agatston, made_mm)
