"""The reading that is open, weighed for its files: by core, as the command line does."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.data.fitness import Level
from core.progress import Progress
from viewer.calcium.state import has_marks
from viewer.session import SessionState

if TYPE_CHECKING:
    from core.report.calcium_report import CalciumReport

Weighing = Callable[[Progress], "CalciumReport"]


def weighing_of(state: SessionState) -> Weighing | None:
    """What weighs the calcium reading of the session, on a thread; None without a reading."""
    found, record = state.calcium, state.series
    if not has_marks(found) or found.case is None or record is None or state.fitness is None:
        return None
    case, reading = found.case, found.reading
    reasons = state.fitness[record.uid].calcium.reasons
    warnings = [reason.text for reason in reasons if reason.level is not Level.PASS]

    def weigh(progress: Progress) -> "CalciumReport":
        from core.data.geometry_gate import geometry_of
        from core.report.calcium_report import calcium_report

        stored = geometry_of(record)
        return calcium_report(
            case,
            reading,
            record,
            stored,
            missed=reading.missed,
            warnings=warnings,
            progress=progress,
        )

    return weigh
