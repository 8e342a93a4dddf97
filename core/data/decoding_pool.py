"""Many compressed slices decoded by several processes straight into shared memory.

No pixel goes through a pipe. While the processes start, the caller's process decodes as well.
Where a process ends, or was ended because it hung, the slices that are left are handed back.
"""

import ctypes
import faulthandler
import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from multiprocessing.heap import BufferWrapper
from multiprocessing.sharedctypes import rebuild_ctype  # type: ignore[attr-defined]
from queue import Empty, SimpleQueue
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from core.data.frame_guard import GUARDED, LONGEST_DECODING_S
from core.data.hounsfield import Padding
from core.data.pixel_encoding import SliceSource
from core.data.slice_pixels import DECODING_FAULTS, OpenFiles, PlacedSlice, naming, read_pixels
from core.errors import SeriesError

POOL_SIZE = 4
"""More decoders than this wait for the disk; each holds about 50 MB."""

Shape = tuple[int, int, int]
Outcome = tuple[PlacedSlice, Padding | SeriesError]
"""A slice whose pixels are in the volume, with its padding; or why they are not."""

Work = Future[tuple[bytes, SeriesError | None]]


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
            _context(),
            initializer=_start,
            initargs=(slices.block, slices.shape),
        )
        self._shape = slices.shape[1:]
        self._waiting: dict[Work, PlacedSlice] = {}
        self._done: SimpleQueue[Work] = SimpleQueue()

    def __enter__(self) -> "DecodingPool":
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def submit(self, placed: PlacedSlice, source: SliceSource) -> None:
        """Hand over one slice."""
        try:
            future = self._executor.submit(_decode, placed, source)
        except BrokenProcessPool:
            self.left_over.append(placed)
            return
        self._waiting[future] = placed
        future.add_done_callback(self._done.put)

    def take_back(self) -> PlacedSlice | None:
        """The slice that no process has begun and that comes last; None where all are begun."""
        for future in reversed(self._waiting):
            if future.cancel():
                return self._waiting.pop(future)
        return None

    def finished(self, timeout_s: float) -> Outcome | None:
        """The next slice that is done, waiting at most `timeout_s`; None if none is by then."""
        try:
            future = self._done.get(timeout_s > 0, timeout_s)
        except Empty:
            return None
        if future.cancelled():  # taken back
            return None
        placed = self._waiting.pop(future)
        try:
            packed, error = future.result()
        except BrokenProcessPool:
            self.left_over.append(placed)
            return None
        return placed, error if error is not None else _unpacked(packed, self._shape)

    @property
    def is_busy(self) -> bool:
        """True while slices are waited for."""
        return bool(self._waiting)


def _context() -> BaseContext:
    """How processes start: never forked from the caller, which may run Qt, VTK and threads.

    Where the system can, from one small server that has the imports behind it and stays for the
    next series.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "core.data.decoding_pool", "jpeg_ls", "openjpeg"])
    return context


def _start(block: Any, shape: Shape) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to act upon
    _workers.append(_Worker(block, shape))


def _decode(placed: PlacedSlice, source: SliceSource) -> tuple[bytes, SeriesError | None]:
    """In a decoding process: one slice into its place; its padding, a bit for each pixel."""
    worker = _workers[0]
    may_hang = placed.header.transfer_syntax_uid in GUARDED
    if may_hang:  # a hanging decoder lets no other thread of the interpreter run
        faulthandler.dump_traceback_later(LONGEST_DECODING_S, exit=True, file=worker.nowhere)
    try:
        with naming(placed, DECODING_FAULTS):
            file = worker.files.open(placed.header)
            padding = read_pixels(file, source, placed, worker.hu[placed.place])
    except SeriesError as error:
        return b"", error
    finally:
        if may_hang:
            faulthandler.cancel_dump_traceback_later()
    return (b"" if padding is None else np.packbits(padding).tobytes()), None


def _unpacked(packed: bytes, shape: Sequence[int]) -> Padding:
    if not packed:
        return None
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=int(np.prod(shape)))
    return bits.view(np.bool_).reshape(tuple(shape))
