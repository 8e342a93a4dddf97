"""How much memory a process holds, as Linux tells it. Without Qt."""

import os
from pathlib import Path

_RESIDENT_FIELD = 1
"""Of /proc/PID/statm, in pages (proc(5))."""


def resident_bytes(pid: int) -> int | None:
    """Memory of a process that lies in RAM.

    Returns:
        None where the process has ended, and on systems without /proc.
    """
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return None
    return int(fields[_RESIDENT_FIELD]) * os.sysconf("SC_PAGE_SIZE")
