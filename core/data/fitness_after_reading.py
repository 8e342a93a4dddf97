"""What a series may be used for once its pixels were read: a slice may turn out to be damaged."""

from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.series import SeriesRecord
from core.data.slice_filling import ReadSeries

_REMEDY = "Copy or export the series again, or choose another series of the study."


def fitness_after_reading(record: SeriesRecord, fitness: Fitness, read: ReadSeries) -> Fitness:
    """The verdicts from the headers, and what reading found out.

    Args:
        record: The series.
        fitness: From its headers (`geometry_gate.fitness_of`).
        read: What came of reading it.

    Returns:
        The same fitness where every slice was decoded. Else viewing warns (a hatched band shows the
        slices that are missing), the model and calcium are refused.
    """
    if not read.quarantined:
        return fitness
    count = len(read.quarantined)
    which = "One slice" if count == 1 else f"{count} slices"
    text = (
        f"{which} of {record.slice_count} could not be read, "
        f"{'first' if count > 1 else 'namely'}: {read.quarantined[0].reason}"
    )
    shown = Reason(Level.WARN, f"{text} It can be viewed: a hatched band shows where.", _REMEDY)
    refused = Reason(Level.BLOCK, text, _REMEDY)
    return Fitness(
        view=Verdict((*fitness.view.reasons, shown)),
        model=Verdict((*fitness.model.reasons, refused)),
        calcium=Verdict((*fitness.calcium.reasons, refused)),
    )
