"""Everything in a scan that the rule could count: bright, large enough, grouped in 3D.

Kept as runs of voxels: bone and calcium are a few of a hundred voxels, so the candidates of a scan
need far less memory than the scan.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.calcium.axial import require_axial_slices
from core.calcium.parts import Parts, counts, find_parts, joined_parts
from core.calcium.rule import EIGHT, STANDARD, Rule
from core.geometry import VolumeGeometry
from core.progress import Progress, Silent
from core.volume import Volume
from core.voxel_runs import Runs, joined, parts

THREADS = 2
SLAB_SLICES = 4
"""Slices looked through at once: few enough to stay in the processor's cache."""

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Candidates:
    """All parts that count, and the 3D lesions that they form.

    Attributes:
        geometry: Of the scan.
        rule: By which they were found.
        runs: Of all voxels of all parts.
        parts: One entry a part.
        lesion_of_part: Lesion of each part; lesions count from 0.
    """

    geometry: VolumeGeometry
    rule: Rule
    runs: Runs
    parts: Parts
    lesion_of_part: Integers

    @property
    def increment_mm(self) -> float:
        """Distance of the slices."""
        return self.geometry.spacing_mm[0]

    @cached_property
    def lesion_count(self) -> int:
        """Number of 3D lesions, bones among them."""
        return int(self.lesion_of_part.max()) + 1 if len(self.parts) else 0

    @cached_property
    def agatston(self) -> Floats:
        """Points of each lesion."""
        points = self.parts.agatston(self.rule, self.increment_mm)
        return np.bincount(self.lesion_of_part, points, self.lesion_count).astype(np.float64)

    @cached_property
    def volume_mm3(self) -> Floats:
        """Volume of each lesion."""
        voxels = np.bincount(self.lesion_of_part, self.parts.voxels, self.lesion_count)
        return np.asarray(voxels * self.geometry.voxel_volume_mm3)

    @cached_property
    def max_hu(self) -> Integers:
        """Maximum of each lesion."""
        highest = np.full(self.lesion_count, np.iinfo(np.int16).min, dtype=np.int64)
        np.maximum.at(highest, self.lesion_of_part, self.parts.max_hu)
        return highest

    @cached_property
    def slice_ranges(self) -> Integers:
        """(lesions, 2): first and last slice of each lesion."""
        low = np.full(self.lesion_count, self.geometry.shape[0], dtype=np.int64)
        high = np.full(self.lesion_count, -1, dtype=np.int64)
        np.minimum.at(low, self.lesion_of_part, self.parts.slices)
        np.maximum.at(high, self.lesion_of_part, self.parts.slices)
        return np.stack((low, high), axis=1)

    @cached_property
    def centres_mm(self) -> Floats:
        """(lesions, 3) LPS: mean of the voxels of each lesion."""
        weights = self.parts.voxels.astype(np.float64)
        voxels = np.bincount(self.lesion_of_part, weights, self.lesion_count)
        index = np.stack(
            [
                np.bincount(self.lesion_of_part, axis * weights, self.lesion_count) / voxels
                for axis in self.parts.centre_index.T
            ],
            axis=1,
        )
        return self.geometry.to_patient(index)

    def part_at(self, index: ArrayLike) -> int | None:
        """The part that holds the voxel nearest to (slice, row, column), None if none does."""
        voxel = np.rint(np.asarray(index, float)).astype(int)
        if np.any(voxel < 0) or np.any(voxel >= self.geometry.shape):
            return None
        held = self.runs.holding((int(voxel[0]), int(voxel[1]), int(voxel[2])))
        return int(self.parts.of_run[held[0]]) if len(held) else None

    def part_image(self, slice_index: int) -> NDArray[np.int32]:
        """(row, column): index of the part plus 1, 0 where there is none."""
        _, rows, columns = self.geometry.shape
        bounds = np.array([slice_index, slice_index + 1]) * self.runs.slice_step
        first, stop = np.searchsorted(self.runs.start, bounds)
        chosen = slice(first, stop)
        lengths = self.runs.lengths[chosen]
        begin = np.cumsum(lengths) - lengths
        offsets = np.arange(lengths.sum()) - np.repeat(begin, lengths)
        where = np.repeat(self.runs.start[chosen] % self.runs.slice_step, lengths) + offsets
        image = np.zeros((rows + 1, columns + 1), dtype=np.int32)
        image.ravel()[where] = np.repeat(self.parts.of_run[chosen] + 1, lengths)
        return image[:rows, :columns]


def find_candidates(
    volume: Volume, rule: Rule = STANDARD, progress: Progress = Silent()
) -> Candidates:
    """Everything that may count: at or above the threshold, at least 1 mm2 in its slice.

    Args:
        volume: Original slices, as read or reoriented; never resampled.
        rule: Threshold, connectivity and least area.
        progress: Stepped once a slab; may cancel.

    Raises:
        SeriesError: The slices are not axial or not complete.
    """
    require_axial_slices(volume)
    slice_count = volume.geometry.shape[0]
    _, row_mm, column_mm = volume.geometry.spacing_mm

    def look_through(start: int) -> tuple[Runs, Parts]:
        runs, hu = _bright(volume, rule.threshold_hu, start)
        return _counted(runs, hu, row_mm * column_mm, rule)

    runs_found: list[Runs] = []
    parts_found: list[Parts] = []
    with ThreadPoolExecutor(THREADS) as pool:  # numpy lets go of the interpreter here
        for start, slab in enumerate(pool.map(look_through, range(0, slice_count, SLAB_SLICES))):
            progress.step(start * SLAB_SLICES / slice_count, "Finding calcium candidates")
            runs_found.append(slab[0])
            parts_found.append(slab[1])
    kept_runs = joined(runs_found)
    runs_found.clear()  # not held twice while the parts are joined
    kept = joined_parts(parts_found)
    parts_found.clear()
    return Candidates(volume.geometry, rule, kept_runs, kept, _lesions(kept_runs, kept))


def grouped(runs: Runs, hu: NDArray[np.int16], geometry: VolumeGeometry, rule: Rule) -> Candidates:
    """Parts and lesions of runs at or above the threshold.

    Args:
        runs: Of the geometry's shape.
        hu: Values in the order of the runs.
        geometry: Of the scan.
        rule: Connectivity and least area.
    """
    kept_runs, kept = _counted(runs, hu, geometry.spacing_mm[1] * geometry.spacing_mm[2], rule)
    return Candidates(geometry, rule, kept_runs, kept, _lesions(kept_runs, kept))


def _counted(
    runs: Runs, hu: NDArray[np.int16], pixel_area_mm2: float, rule: Rule
) -> tuple[Runs, Parts]:
    """The parts that are large enough, and their runs."""
    found = find_parts(runs, hu, pixel_area_mm2, diagonal=rule.connectivity == EIGHT)
    large = counts(found, rule)
    is_kept = large[found.of_run]
    number = np.cumsum(large) - 1
    return runs.kept(is_kept), found.chosen(large, number[found.of_run[is_kept]])


def _bright(volume: Volume, threshold_hu: int, start: int) -> tuple[Runs, NDArray[np.int16]]:
    """Runs of a slab at or above the threshold, and their values; padding is no measurement."""
    slab = volume.hu[start : start + SLAB_SLICES]
    mask = slab >= threshold_hu
    if volume.padding is not None:
        mask &= ~volume.padding[start : start + SLAB_SLICES]
    return _sparse_runs(slab, mask, start, volume.geometry.shape[0])


def _sparse_runs(
    slab: NDArray[np.int16], mask: NDArray[np.bool_], start: int, slice_count: int
) -> tuple[Runs, NDArray[np.int16]]:
    """Runs of a slab and their values, from the few voxels that are True: `find_runs`, quicker."""
    _, rows, columns = slab.shape
    places = np.flatnonzero(mask)
    begins = np.ones(len(places), dtype=np.bool_)
    np.not_equal(places[1:], places[:-1] + 1, out=begins[1:])
    begins |= places % columns == 0
    first = np.flatnonzero(begins)
    row = places[first] // columns
    # From positions in the slab to positions in the frame: a column more a row, a row more a slice.
    frame = places[first] + row + (row // rows + start * (rows + 1)) * (columns + 1)
    lengths = np.diff(first, append=len(places))
    return Runs(frame, frame + lengths, (slice_count, rows, columns)), slab.ravel()[places]


def _lesions(runs: Runs, found: Parts) -> Integers:
    """Parts of neighbouring slices that touch, by a face, an edge or a corner, are one lesion."""
    if not len(found):
        return np.zeros(0, dtype=np.int64)
    first, last = int(found.slices.min()), int(found.slices.max())
    pairs = [_touching(runs, found, start) for start in range(first, last + 1, SLAB_SLICES)]
    earlier, later = np.concatenate(pairs, axis=1)
    return parts(len(found), (earlier, later))[1]


def _touching(runs: Runs, found: Parts, start: int) -> Integers:
    """(2, pairs): parts of the slab that touch one in the next slice; each pair once."""
    bounds = np.array([start, start + SLAB_SLICES + 1]) * runs.slice_step
    begin, stop = np.searchsorted(runs.start, bounds)
    slab = Runs(runs.start[begin:stop], runs.stop[begin:stop], runs.shape)
    of_run = found.of_run[begin:stop]
    links = [
        slab.links(runs.slice_step + shift, diagonal=True)
        for shift in (0, -runs.row_step, runs.row_step)
    ]
    pairs = [of_run[earlier] * len(found) + of_run[later] for earlier, later in links]
    return np.stack(np.divmod(np.unique(np.concatenate(pairs)), len(found)))
