"""From the files of a series to hounsfield units: every slice by its own slope and intercept."""

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.data.decoding_pool import SLICES_AT_ONCE, DecodingPool, Located
from core.data.decoding_server import POOL_FROM_SLICES, is_compressed
from core.data.fitness_after_reading import fitness_after_reading
from core.data.frame_guard import GUARDED
from core.data.geometry_gate import geometry_of, shear_mm, slice_places
from core.data.hounsfield import Padding
from core.data.series import SeriesRecord
from core.data.slice_filling import ReadSeries, SliceFilling
from core.data.slice_pixels import PlacedSlice
from core.data.slice_reader import SliceReader
from core.data.slice_stack import stack_of
from core.data.volume_header import VOLUME_SYNTAXES
from core.data.volume_pixels import MESSAGE, read_volume_file
from core.errors import ResourcesError, SeriesError
from core.geometry import VolumeGeometry
from core.progress import Progress, Silent
from core.volume import Volume

__all__ = ("ReadSeries", "fitness_after_reading", "read", "read_with_report")

CANCEL_WITHIN_S = 0.1
"""While processes decode, Cancel is looked at this often."""

OnPreview = Callable[[int, NDArray[np.int16]], None]


def read(record: SeriesRecord, progress: Progress = Silent()) -> Volume:
    """Read the pixels of a series; see `read_with_report`."""
    return read_with_report(record, progress).volume


def read_with_report(
    record: SeriesRecord, progress: Progress = Silent(), on_preview: OnPreview | None = None
) -> ReadSeries:
    """Read the pixels of a series, leaving out slices that cannot be decoded.

    Each slice is masked to its own stored bits, taken as signed or unsigned as its own header
    says, and goes through its own Modality LUT, or its own Rescale Slope and Intercept (1 and 0
    where they are not stated; the gate then keeps the model and calcium away). The result is
    rounded to the nearest hounsfield unit and clipped to int16. Slices of a tilted series are moved
    within their planes to where `geometry_of` says (linear interpolation).

    Args:
        record: Which series.
        progress: Told of every slice.
        on_preview: Called once, early and in this thread, with the index of a slice near the middle
            of the volume and its HU (row, column), read-only. Not called for volume files.

    Returns:
        HU int16 (slice, row, column) on the grid of `geometry_of`. `padding` is True where a pixel
        holds the declared Pixel Padding Value (or lies between it and its range limit) or a fill at
        or below -2000 HU, and in missing slices; None where no pixel is. Padding keeps its own HU,
        except that it is never above -1024.

    Raises:
        SeriesError: Not an even grid (`geometry_of`), or too few slices can be decoded to show the
            rest honestly.
        ResourcesError: Too little memory.
    """
    geometry = geometry_of(record)
    try:
        if record.slices[0].transfer_syntax_uid in VOLUME_SYNTAXES:
            hu, padding = read_volume_file(record, progress)
            return ReadSeries(Volume(hu, geometry, record.uid, padding))
        return _read_slices(record, geometry, progress, on_preview)
    except MemoryError:
        size_mb = float(np.prod(geometry.shape)) * 2 / 1e6
        raise ResourcesError(
            f"The series takes {size_mb:,.0f} MB of memory, more than there is.",
            "Close other programs and open the series again.",
        ) from None


def _read_slices(
    record: SeriesRecord,
    geometry: VolumeGeometry,
    progress: Progress,
    on_preview: OnPreview | None,
) -> ReadSeries:
    waiting = _placed(record, geometry)
    is_pooled = sum(map(is_compressed, record.slices)) >= POOL_FROM_SLICES
    filling = SliceFilling(geometry.shape, is_shared=is_pooled)
    outcomes = _pooled if is_pooled else _one_by_one
    with SliceReader() as reader:
        for placed, outcome in outcomes(waiting, reader, filling):
            progress.step(filling.done / len(waiting), MESSAGE)
            if placed is None:
                continue
            if isinstance(outcome, SeriesError):
                filling.fail(placed, outcome)
                continue
            filling.keep(placed, outcome)
            if on_preview is not None:
                on_preview(placed.place, filling.preview(placed))
                on_preview = None
    progress.step(1.0, MESSAGE)
    return filling.result(record, geometry)


def _placed(record: SeriesRecord, geometry: VolumeGeometry) -> list[PlacedSlice]:
    numbers, (places, _) = stack_of(record).numbers, slice_places(record)
    _, row_mm, column_mm = geometry.spacing_mm
    shifts = shear_mm(record) / (row_mm, column_mm)
    return [
        PlacedSlice(number, place, header, (float(rows), float(columns)))
        for number, place, header, (rows, columns) in zip(
            numbers, places, record.slices, shifts, strict=True
        )
    ]


def _from_the_middle(slices: list[PlacedSlice]) -> list[PlacedSlice]:
    middle = slices[len(slices) // 2].place
    return sorted(slices, key=lambda placed: abs(placed.place - middle))


Outcomes = Iterator[tuple[PlacedSlice | None, Padding | SeriesError]]
"""Slices as they are done, and why where they are not; None now and then, while none is."""


def _one_by_one(waiting: list[PlacedSlice], reader: SliceReader, filling: SliceFilling) -> Outcomes:
    """The middle one for the preview, then in order."""
    middle = waiting[len(waiting) // 2]
    for placed in [middle, *(other for other in waiting if other is not middle)]:
        yield None, None
        yield placed, _outcome(placed, reader, filling)


def _outcome(
    placed: PlacedSlice, reader: SliceReader, filling: SliceFilling
) -> Padding | SeriesError:
    try:
        return reader.read(placed, filling.hu[placed.place])
    except SeriesError as error:
        return error


def _pooled(waiting: list[PlacedSlice], reader: SliceReader, filling: SliceFilling) -> Outcomes:
    """From the middle outwards; this process helps until the others have started."""
    if filling.shared is None:
        raise ValueError("processes need shared memory")
    order = _from_the_middle(waiting)
    helping = order[0].header.transfer_syntax_uid not in GUARDED
    mine = deque(order[:1] if helping else [])
    with DecodingPool(filling.shared) as pool:
        yield from _handed_over(order[len(mine) :], reader, pool)
        while pool.is_busy or mine:
            if mine:
                placed = mine.popleft()
                done = _outcome(placed, reader, filling)
                helping = not isinstance(done, SeriesError)  # the first image comes from the middle
                yield placed, done
            outcome = pool.finished(0.0 if helping or mine else CANCEL_WITHIN_S)
            helping = helping and outcome is None
            yield outcome or (None, None)
            if helping and not mine:
                mine.extend(pool.take_back())
        for placed in pool.left_over:
            yield None, None
            yield placed, _outcome(placed, reader, filling)


def _handed_over(order: list[PlacedSlice], reader: SliceReader, pool: DecodingPool) -> Outcomes:
    """Give slices to the pool: the first one alone, for the preview, the others a few at a time."""
    located: list[Located] = []
    limit = 1
    for placed in order:
        yield None, None
        try:
            located.append((placed, reader.locate(placed)))
        except SeriesError as error:
            yield placed, error
        if len(located) == limit:
            pool.submit(located)
            located, limit = [], SLICES_AT_ONCE
    if located:
        pool.submit(located)
