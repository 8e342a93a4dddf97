"""A reading repeated on slices of about 3 mm, made of the scan's own ones.

Only what lies round the lesions is made: beside a scan of gigabytes no second one is held.
"""

from math import ceil

import numpy as np

from core.calcium.click_box import Box
from core.calcium.growth import REACH_MM
from core.calcium.reading import Reading
from core.calcium.thin_slices import Grouping, grouping_in, regrouped


def grouping_of(reading: Reading) -> Grouping:
    """How slices of about 3 mm are made of its scan."""
    return grouping_in(reading.volume, reading.thickness_mm)


def at_phase(reading: Reading, phase: int) -> Reading:
    """The same clicks on averages, or on every so-manieth slice, from this first slice on.

    Args:
        reading: With its edits; itself where neither is made, or nothing was ever marked.
        phase: 0 to `grouping_of(reading).step` - 1.

    Returns:
        On as much of the scan as its lesions lie in, and a click on them can reach.
    """
    made = grouping_of(reading)
    near = _near_lesions(reading, made)
    if made.step == 1 or near is None:
        return reading
    _, rows, columns = reading.volume.geometry.shape
    while True:
        volume = regrouped(reading.volume, made, phase=phase, within=near)
        found = reading.replayed(volume=volume)
        if not _may_be_cut(found, near):
            return found
        near = near.wider((0, rows, columns))


def on_averages(reading: Reading) -> Reading | None:
    """The same clicks on averages of about 3 mm; None where the slices are not thin."""
    return at_phase(reading, 0) if grouping_of(reading).averages else None


def _near_lesions(reading: Reading, made: Grouping) -> Box | None:
    """What a click on anything ever marked can reach, whatever the phase; None without a mark."""
    marked = {id(each): each.voxels for _, marks in reading.done for each in marks.lesions}
    if not marked:
        return None
    slice_mm, row_mm, column_mm = reading.volume.geometry.spacing_mm
    box = Box.of_voxels(np.concatenate(list(marked.values())), reading.volume.geometry.shape)
    margin = ceil(REACH_MM / slice_mm) + 3 * made.step
    return box.wider((margin, ceil(REACH_MM / row_mm) + 2, ceil(REACH_MM / column_mm) + 2))


def _may_be_cut(found: Reading, near: Box) -> bool:
    """True if a lesion reaches rows or columns beyond which more of the scan was left out."""
    first = np.array([0, near.low[1], near.low[2]])
    return any(near.may_cut(each.voxels + first) for each in found.marks.lesions)
