"""Thin axial slices shown as averages: which are shown together, and what they show.

They are contiguous and begin with the first slice, as the averages of `core.calcium.thin_slices`
do; the last one may hold fewer.
"""

import numpy as np
from numpy.typing import NDArray

from core.views.planes import Plane, SliceGeometry, slice_number
from core.volume import Volume
from viewer.slice_annotations import position_text


def averaged_around(index: int, together: int, count: int) -> range:
    """The slices that are shown in one picture with a slice.

    Args:
        index: Of the slice, from 0.
        together: How many make up an average; 1 shows each by itself.
        count: Of all slices.
    """
    first = index // together * together
    return range(first, min(first + together, count))


def middle_of(block: range) -> int:
    """The slice at whose place an average is shown."""
    return block[(len(block) - 1) // 2]


def average_hu(volume: Volume, block: range) -> NDArray[np.int16]:
    """Mean of axial slices, (rows, columns), rounded to whole HU."""
    mean = volume.hu[block.start : block.stop].mean(axis=0, dtype=np.float32)
    whole: NDArray[np.int16] = np.rint(mean).astype(np.int16)
    return whole


def average_words(volume: Volume, block: range) -> str:
    """Such as "Average of 5 slices, 3.12 mm"."""
    return f"Average of {len(block)} slices, {average_mm(volume, block):.3g} mm"


def average_mm(volume: Volume, block: range) -> float:
    """From the middle of the first slice of an average to that of the next average."""
    return len(block) * volume.geometry.spacing_mm[0]


def average_lines(place: SliceGeometry, volume: Volume, block: range) -> tuple[str, ...]:
    """Numbers of the slices among all, that they are averaged, and the place of the middle."""
    count = volume.geometry.shape[0]
    first, last = sorted(slice_number(Plane.AXIAL, each, count) for each in (block[0], block[-1]))
    centre = volume.geometry.to_patient(((block[0] + block[-1]) / 2, 0, 0))
    rows, columns = place.shape
    across = place.to_patient(((rows - 1) / 2, (columns - 1) / 2)) - place.to_patient((0, 0))
    position = position_text(2, float((centre + across)[2]))
    return (
        f"{average_mm(volume, block):.3g} mm average",
        f"Axial {first}–{last} / {count}",
        f"{position} mm",
    )
