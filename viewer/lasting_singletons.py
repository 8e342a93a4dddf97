"""Keeps None, True and False alive under a Qt binding that gives too many references back.

PySide6 6.12 was built as if these were immortal, which they are from Python 3.12 on: each emitted
signal takes a reference of True away, each call without a result one of None. Python 3.11 counts
them, and after some six hundred signals ends with "Fatal Python error: bool_dealloc".
"""

import ctypes
import sys

IMMORTAL_FROM = (3, 12)

EXTRA_REFERENCES = 1 << 40
"""At a million lost references a second, enough for twelve days."""


def make_singletons_last() -> None:
    """Add references nobody holds, once; nothing to do where Python keeps the singletons itself."""
    if sys.version_info >= IMMORTAL_FROM or sys.getrefcount(None) >= EXTRA_REFERENCES // 2:
        return
    for singleton in (None, True, False, NotImplemented):
        # CPython 3.11 stores the count at the beginning of the object.
        ctypes.c_ssize_t.from_address(id(singleton)).value += EXTRA_REFERENCES
