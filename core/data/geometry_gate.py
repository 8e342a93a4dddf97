"""Is a series an even grid of slices, and what may it be used for? Headers only."""

import numpy as np

from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.series import SeriesRecord
from core.data.slice_stack import cosines, slice_places, stack_of
from core.data.stack_faults import StackFault, left_out_faults, only_viewed, stack_faults
from core.data.use_rules import calcium_reasons, model_reasons, value_faults
from core.errors import SeriesError
from core.geometry import Floats, VolumeGeometry

__all__ = ("MINIMUM_SLICES", "fitness_of", "geometry_of", "shear_mm", "slice_places")

MINIMUM_SLICES = 3
"""Two slices have one distance and nothing to compare it with: they can be viewed, no more."""

FEWEST_VIEWED = 2
"""One slice has no extent along its normal."""


def geometry_of(record: SeriesRecord) -> VolumeGeometry:
    """Even, straight grid of a series, places of missing slices included (`slice_places`).

    A tilted series gets the grid that its slices have once they are moved back by `shear_mm`: the
    slice axis is the normal and the middle slice stays where it is.

    Returns:
        Shape (slices, rows, columns); the slice axis runs from the first to the last position.

    Raises:
        SeriesError: The slices are no such grid; the message names the first fault.
    """
    fault = next((r for r in _view_faults(record) if r.level == Level.BLOCK), None)
    if fault is not None:
        raise SeriesError(fault.text, fault.remedy)
    stack, first = stack_of(record), record.slices[0]
    places, count = slice_places(record)
    origin = stack.positions_mm[0]
    step = (stack.positions_mm[-1] - origin) / (count - 1)
    if stack.is_tilted:
        middle = record.slice_count // 2
        step = (step @ stack.normal) * stack.normal
        origin = stack.positions_mm[middle] - places[middle] * step
    along_columns, along_rows = cosines(record)
    row_mm, column_mm = first.pixel_spacing_mm
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = along_rows * row_mm
    affine[:3, 2] = along_columns * column_mm
    affine[:3, 3] = origin
    return VolumeGeometry((count, first.rows, first.columns), affine, record.frame_of_reference_uid)


def shear_mm(record: SeriesRecord) -> Floats:
    """How far the stored slices of a tilted series lie off the grid of `geometry_of`.

    Returns:
        (slices, 2) mm along growing row and along growing column index, one row for each of
        `record.slices`: a voxel at row r of the grid is found at row r - shift / row spacing of the
        stored slice. All 0 where the series is not tilted.
    """
    stack = stack_of(record)
    if not stack.is_tilted:
        return np.zeros((record.slice_count, 2))
    along_columns, along_rows = cosines(record)
    places = np.array(slice_places(record)[0])[:, None]
    off = stack.positions_mm - geometry_of(record).to_patient(places * [1, 0, 0])
    shifts: Floats = np.stack([off @ along_rows, off @ along_columns], axis=1)
    return shifts


def fitness_of(record: SeriesRecord) -> Fitness:
    """What a series may be used for.

    Viewing needs an even grid: two stacks in one and uneven slices are refused. Missing slices, a
    tilt and a few places with two different slices warn (hatched band, slices moved back, one of
    the two shown) and keep the model and calcium away.

    The model's rule for thickness (the larger of Slice Thickness and slice distance): up to 2.5 mm
    pass, since Lu et al. 2022 admitted scans of axial thickness <= 2.5 mm; over 2.5 mm warn; over
    5 mm, twice the paper's limit and our own choice, refuse. Coronal and sagittal stacks warn, a
    grid more than 30 degrees off the patient's axes is refused.

    Calcium: over 3 mm, or a tube voltage other than 120 kVp, warn ("modified" score); over 5 mm or
    contrast agent refuse.
    """
    faults = _grid_faults(record)
    values = tuple(value_faults(record))
    view = (*(fault.view for fault in faults), *values)
    use = (*(fault.use for fault in faults), *values)
    if any(reason.level == Level.BLOCK for reason in view):
        return Fitness(Verdict(view), Verdict(use), Verdict(use))
    model = (*use, *model_reasons(record))
    calcium = (*use, *calcium_reasons(record))
    return Fitness(Verdict(view), Verdict(model), Verdict(calcium))


def _view_faults(record: SeriesRecord) -> list[Reason]:
    return [fault.view for fault in _grid_faults(record)]


def _grid_faults(record: SeriesRecord) -> list[StackFault]:
    """Why the slices are no whole, even grid; the first one is the most telling."""
    if record.modality != "CT":
        found = record.modality or "no modality"
        return [_refusal(f"A CT was expected, the series is {found}.", "Choose a CT series.")]
    if "LOCALIZER" in (part.upper() for part in record.image_type):
        text = "The series is a localizer (scout): projections, not slices."
        return [_refusal(text, "Choose the series of the slices.")]
    if record.slice_count < MINIMUM_SLICES:
        return _too_few(record)
    stack = stack_of(record)
    return [*stack_faults(stack), *left_out_faults(record, stack)]


def _too_few(record: SeriesRecord) -> list[StackFault]:
    text = (
        f"At least {MINIMUM_SLICES} slices are needed to make a volume, "
        f"the series has {record.slice_count}."
    )
    remedy = "Choose a series with more slices, or export it completely."
    faults = stack_faults(stack_of(record)) if record.slice_count >= FEWEST_VIEWED else []
    if record.slice_count < FEWEST_VIEWED or stack_of(record).median_gap_mm == 0.0:
        return [_refusal(text, remedy), *faults]
    return [only_viewed(text, "They can be viewed.", remedy), *faults]


def _refusal(text: str, remedy: str) -> StackFault:
    reason = Reason(Level.BLOCK, text, remedy)
    return StackFault(reason, reason)
