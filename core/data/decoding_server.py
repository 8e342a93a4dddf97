"""The small process from which decoding processes are started, and when it is worth having.

It has the imports behind it, so that its children start in a few hundredths of a second; it is
never forked from the caller, which may run Qt, VTK and threads. An index after which a series is
read starts it as soon as it has met enough compressed slices: it is there by the time their pixels
are read.
"""

import multiprocessing
import sys
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

from core.data.deflated import DEFLATED
from core.data.series import SliceHeader

UNCOMPRESSED = {
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", DEFLATED,
}  # fmt: skip
"""Transfer syntaxes that one process reads as fast as the disk gives them."""

POOL_FROM_SLICES = 64
"""Fewer compressed slices than this are decoded sooner than a pool of processes has started."""

PRELOADED = ["__main__", "core.data.decoding_pool", "jpeg_ls", "openjpeg"]


def is_compressed(header: SliceHeader) -> bool:
    """True where the pixels of a DICOM slice need decoding."""
    return header.transfer_syntax_uid not in UNCOMPRESSED


def decoding_context() -> BaseContext:
    """How decoding processes start: from the server where the system can have one, else afresh."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def start_server() -> None:
    """Start the server; returns at once, while it goes on importing.

    Nothing happens where it runs already, on systems without one, and while a process that was
    started from here imports the program once more: a program that reads without the usual guard
    (``if __name__ == "__main__"``) would start servers without end. It ends with the process that
    started it, however that ends.
    """
    is_imported_again = sys.modules.get("__mp_main__") is not sys.modules["__main__"]
    if not is_imported_again and decoding_context().get_start_method() == "forkserver":
        forkserver.ensure_running()
