"""Is a series an even grid of slices, and what may it be used for? Headers only."""

import numpy as np

from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.series import SeriesRecord
from core.data.slice_stack import cosines, stack_faults, stack_of
from core.data.use_rules import calcium_reasons, model_reasons, value_faults
from core.errors import SeriesError
from core.geometry import VolumeGeometry

MINIMUM_SLICES = 3
"""Two slices have one distance and nothing to compare it with."""


def geometry_of(record: SeriesRecord) -> VolumeGeometry:
    """Grid of a series whose slices are evenly spaced, whole and not sheared.

    Returns:
        Shape (slices, rows, columns); the slice axis runs from the first to the last position.

    Raises:
        SeriesError: The slices are no even grid; the message names the first fault.
    """
    fault = next((r for r in _grid_faults(record) if r.level == Level.BLOCK), None)
    if fault is not None:
        raise SeriesError(fault.text, fault.remedy)
    first, last = record.slices[0], record.slices[-1]
    step = (np.array(last.position_mm) - np.array(first.position_mm)) / (record.slice_count - 1)
    along_columns, along_rows = cosines(record)
    row_mm, column_mm = first.pixel_spacing_mm
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = along_rows * row_mm
    affine[:3, 2] = along_columns * column_mm
    affine[:3, 3] = first.position_mm
    shape = (record.slice_count, first.rows, first.columns)
    return VolumeGeometry(shape, affine, record.frame_of_reference_uid)


def fitness_of(record: SeriesRecord) -> Fitness:
    """What a series may be used for.

    Viewing needs an even grid: missing, doubled, uneven or sheared slices are refused.

    The model's rule for thickness (the larger of Slice Thickness and slice distance): up to 2.5 mm
    pass, since Lu et al. 2022 admitted scans of axial thickness <= 2.5 mm; over 2.5 mm warn; over
    5 mm, twice the paper's limit and our own choice, refuse. Coronal and sagittal stacks warn, a
    grid more than 30 degrees off the patient's axes is refused.

    Calcium: over 3 mm, or a tube voltage other than 120 kVp, warn ("modified" score); over 5 mm or
    contrast agent refuse.
    """
    view = tuple(_grid_faults(record)) + tuple(value_faults(record))
    blocks = tuple(reason for reason in view if reason.level == Level.BLOCK)
    if blocks:
        return Fitness(Verdict(view), Verdict(view), Verdict(view))
    model = (*view, *model_reasons(record))
    calcium = (*view, *calcium_reasons(record))
    return Fitness(Verdict(view), Verdict(model), Verdict(calcium))


def _grid_faults(record: SeriesRecord) -> list[Reason]:
    """Why the slices are no even grid; the first one is the most telling."""
    if record.modality != "CT":
        found = record.modality or "no modality"
        return [_refusal(f"A CT was expected, the series is {found}.", "Choose a CT series.")]
    if "LOCALIZER" in (part.upper() for part in record.image_type):
        text = "The series is a localizer (scout): projections, not slices."
        return [_refusal(text, "Choose the series of the slices.")]
    if record.slice_count < MINIMUM_SLICES:
        text = (
            f"At least {MINIMUM_SLICES} slices are needed to make a volume, "
            f"the series has {record.slice_count}."
        )
        return [_refusal(text, "Choose a series with more slices, or export it completely.")]
    return stack_faults(stack_of(record))


def _refusal(text: str, remedy: str) -> Reason:
    return Reason(Level.BLOCK, text, remedy)
