"""Many compressed slices decoded by several processes straight into shared memory.

No pixel goes through a pipe. While the processes start, the caller's process decodes as well.
Where a process ends, or was ended because it hung, the slices that are left are handed back.
"""

import ctypes
import faulthandler
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.heap import BufferWrapper
from multiprocessing.sharedctypes import rebuild_ctype  # type: ignore[attr-defined]
from queue import Empty, SimpleQueue
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from core.data.decoding_server import decoding_context
from core.data.frame_guard import GUARDED, LONGEST_DECODING_S
from core.data.hounsfield import Padding
from core.data.pixel_encoding import SliceSource
from core.data.slice_pixels import DECODING_FAULTS, OpenFiles, PlacedSlice, naming, read_pixels
from core.errors import SeriesError

POOL_SIZE = 4
"""More decoders than this wait for the disk; each holds about 50 MB."""

SLICES_AT_ONCE = 4
"""Handed to a process together: handing over costs as much as a tenth of decoding a slice."""

KEPT_MEMORY_BYTES = 1 << 26
"""Freed memory that a decoding process keeps: else OpenJPEG gets new pages for every slice, which
costs a tenth of its time."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt` (malloc.h)."""

Shape = tuple[int, int, int]
Located = tuple[PlacedSlice, SliceSource]
"""A slice and where its pixels lie."""

Outcome = tuple[PlacedSlice, Padding | SeriesError]
"""A slice whose pixels are in the volume, with its padding; or why they are not."""

Answer = tuple[bytes, SeriesError | None]
"""What comes back for a slice: its padding, a bit for each pixel; or why there is none."""

Work = Future[list[Answer]]


class SharedSlices:
    """Hounsfield units of a volume in memory that decoding processes share.

    The memory is given back once neither this nor `hu` nor any view of it is used.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        kind = ctypes.c_int16 * int(np.prod(shape))
        # `RawArray` without its zeroing, which would touch all the memory before anything starts.
        self.block = rebuild_ctype(kind, BufferWrapper(ctypes.sizeof(kind)), None)

    @property
    def hu(self) -> NDArray[np.int16]:
        """(slices, rows, columns)."""
        return _hu(self.block, self.shape)


def _hu(block: Any, shape: Shape) -> NDArray[np.int16]:
    return np.frombuffer(block, np.int16).reshape(shape)


class _Worker:
    """What a decoding process keeps from slice to slice."""

    def __init__(self, block: Any, shape: Shape) -> None:
        self.hu = _hu(block, shape)
        self.files = OpenFiles()
        self.nowhere: TextIO = open(os.devnull, "w")  # noqa: SIM115  # open as long as the process


_workers: list[_Worker] = []
"""Filled in decoding processes alone, once each: the pool has no other way to hand this on."""


class DecodingPool:
    """Processes that decode slices; a context manager that ends them.

    Args:
        slices: Receives the pixels.

    Attributes:
        left_over: Slices that no process decoded since one of them ended: a decoder that a damaged
            slice killed or hung, or want of memory. All processes end with it.
    """

    def __init__(self, slices: SharedSlices) -> None:
        self.left_over: list[PlacedSlice] = []
        self._executor = ProcessPoolExecutor(
            min(POOL_SIZE, os.cpu_count() or 1),
            decoding_context(),
            initializer=_start,
            initargs=(slices.block, slices.shape),
        )
        self._shape = slices.shape[1:]
        self._waiting: dict[Work, list[PlacedSlice]] = {}
        self._done: SimpleQueue[Work] = SimpleQueue()
        self._outcomes: deque[Outcome] = deque()

    def __enter__(self) -> "DecodingPool":
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def submit(self, located: Sequence[Located]) -> None:
        """Hand over slices that one process decodes, best `SLICES_AT_ONCE`."""
        slices = [placed for placed, _ in located]
        try:
            future = self._executor.submit(_decode, located)
        except BrokenProcessPool:
            self.left_over += slices
            return
        self._waiting[future] = slices
        future.add_done_callback(self._done.put)

    def take_back(self) -> list[PlacedSlice]:
        """The slices that no process has begun and that come last; none where all are begun."""
        for future in reversed(self._waiting):
            if future.cancel():
                return self._waiting.pop(future)
        return []

    def finished(self, timeout_s: float) -> Outcome | None:
        """The next slice that is done, waiting at most `timeout_s`; None if none is by then."""
        if not self._outcomes:
            self._collect(timeout_s)
        return self._outcomes.popleft() if self._outcomes else None

    def _collect(self, timeout_s: float) -> None:
        try:
            future = self._done.get(timeout_s > 0, timeout_s)
        except Empty:
            return
        if future.cancelled():  # taken back
            return
        slices = self._waiting.pop(future)
        try:
            answers = future.result()
        except BrokenProcessPool:
            self.left_over += slices
            return
        for placed, (packed, error) in zip(slices, answers, strict=True):
            self._outcomes.append((placed, error or _unpacked(packed, self._shape)))

    @property
    def is_busy(self) -> bool:
        """True while slices are waited for."""
        return bool(self._waiting or self._outcomes)


def _start(block: Any, shape: Shape) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to act upon
    _keep_freed_memory()
    _workers.append(_Worker(block, shape))


def _keep_freed_memory() -> None:
    """Tell the C library, where it is glibc, not to give memory back between slices."""
    if not sys.platform.startswith("linux"):
        return
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            adjust(parameter, KEPT_MEMORY_BYTES)


def _decode(located: Sequence[Located]) -> list[Answer]:
    """In a decoding process: slices into their places."""
    worker = _workers[0]
    may_hang = any(placed.header.transfer_syntax_uid in GUARDED for placed, _ in located)
    if may_hang:  # a hanging decoder lets no other thread of the interpreter run
        faulthandler.dump_traceback_later(LONGEST_DECODING_S, exit=True, file=worker.nowhere)
    try:
        return [_decode_one(worker, placed, source) for placed, source in located]
    finally:
        if may_hang:
            faulthandler.cancel_dump_traceback_later()


def _decode_one(worker: _Worker, placed: PlacedSlice, source: SliceSource) -> Answer:
    try:
        with naming(placed, DECODING_FAULTS):
            file = worker.files.open(placed.header)
            padding = read_pixels(file, source, placed, worker.hu[placed.place])
    except SeriesError as error:
        return b"", error
    return (b"" if padding is None else np.packbits(padding).tobytes()), None


def _unpacked(packed: bytes, shape: Sequence[int]) -> Padding:
    if not packed:
        return None
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=int(np.prod(shape)))
    return bits.view(np.bool_).reshape(tuple(shape))
