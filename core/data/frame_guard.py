"""Frames of JPEG and JPEG-LS are decoded where it does no harm: in a process that may die or hang.

On damaged streams the one library ends its process and the other loops for ever, which nothing
inside a process can catch; one damaged slice must cost that slice and no more. The fuzzer found
both, about once in thirty damaged streams (`tests/fuzz`).
"""

import multiprocessing
import signal
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from core.data.frame_codecs import JPEG, JPEG_LS, decode_frame
from core.data.pixel_encoding import PixelEncoding
from core.errors import SeriesError

GUARDED = JPEG | JPEG_LS
"""Transfer syntaxes whose libraries cannot be trusted with damaged streams."""

LONGEST_DECODING_S = 3.0
"""A slice of 512 x 512 takes 0.02 s; a machine may be busy with other things."""

LONGEST_START_S = 60.0
DECODED, REFUSED = b"d", b"r"

FAULTS = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip


class FrameGuard:
    """Decodes frames, the dangerous ones in a process of its own; a context manager that ends it.

    The process starts with the first frame that needs it, and again after one that ended it.
    """

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> "FrameGuard":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def decode(
        self, content: bytes | bytearray, syntax: str, encoding: PixelEncoding
    ) -> NDArray[np.integer]:
        """As `frame_codecs.decode_frame`.

        Raises:
            SeriesError: Also where the decoder ended or hung.
            RuntimeError: The stream is damaged; so what `decode_frame` raises.
        """
        if syntax not in GUARDED:
            return decode_frame(content, syntax, encoding)
        pipe = self._started()
        try:
            pipe.send((bytes(content), syntax, encoding))
            answer = pipe.recv_bytes() if pipe.poll(LONGEST_DECODING_S) else b""
        except (EOFError, OSError):  # the process has ended
            answer = b""
        if not answer:
            self.close()
            raise SeriesError(
                "its compressed picture is damaged: the decoder did not come to an end.",
                "Copy or export the series again.",
            )
        return _unpacked(answer, encoding)

    def close(self) -> None:
        """End the process."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._pipe = None

    def _started(self) -> Connection:
        if self._pipe is not None:
            return self._pipe
        try:
            self._pipe = self._start()
            if self._pipe.poll(LONGEST_START_S) and self._pipe.recv_bytes() == DECODED:
                return self._pipe
        except (EOFError, OSError):  # it has ended, or there was nothing to start it with
            pass
        self.close()
        raise SeriesError(
            "the decoding process could not be started.",
            "Close other programs and open the series again.",
        )

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        try:
            process.start()
        except OSError:
            pipe.close()
            raise
        finally:
            theirs.close()
        self._process = process
        return pipe


def _unpacked(answer: bytes, encoding: PixelEncoding) -> NDArray[np.integer]:
    """Pixels of an answer, which a process gave that read damaged bytes: nothing in it is run."""
    kind, _, rest = answer[1:].partition(b"\n")
    if answer[:1] == REFUSED:
        message, _, remedy = rest.decode("utf-8", "replace").partition("\n")
        if kind == b"SeriesError":
            raise SeriesError(message, remedy)
        raise RuntimeError("the stream is damaged")
    values = np.frombuffer(bytearray(rest), np.dtype(kind.decode("ascii")))
    return values.reshape(encoding.rows, encoding.columns)


def _serve(pipe: Connection) -> None:
    """In the process: answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to act upon
    pipe.send_bytes(DECODED)
    while True:
        try:
            content, syntax, encoding = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send_bytes(_answer(content, syntax, encoding))


def _answer(content: bytes, syntax: str, encoding: PixelEncoding) -> bytes:
    try:
        values = decode_frame(content, syntax, encoding)
    except SeriesError as error:
        return REFUSED + f"SeriesError\n{error.message}\n{error.remedy}".encode()
    except FAULTS as error:
        return REFUSED + type(error).__name__.encode() + b"\n"
    return DECODED + values.dtype.str.encode() + b"\n" + values.tobytes()
