"""Time and memory of painting, scanning and writing one synthetic person, at every size.

python -m tests.benchmarks.phantom_speed

Three people each, best of them; processor time beside the wall's, for one process.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from core.data.nifti import write_nifti
from core.phantom.imaging import ScanOrder, image_member
from core.phantom.member import draw_member
from core.phantom.protocol import Size, draw_protocol
from core.phantom.scanner import scan
from core.phantom.thorax import paint_thorax
from core.progress import Silent

PEOPLE = 3
LIMIT_S = {Size.HALF: None, Size.WORKING: 6.0, Size.FULL: 25.0}


def seconds(work):
    """Result, wall seconds, processor seconds."""
    wall, busy = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - busy


def one_person(number, size):
    """Processor seconds of painting and of scanning; wall and processor seconds of all of it."""
    member = draw_member(1, number)
    subject, protocol = member.subject, draw_protocol(member.subject, size)
    painted, _, painting = seconds(lambda: paint_thorax(protocol.canvas_geometry, subject))
    _, _, scanning = seconds(lambda: scan(painted, subject, protocol, Silent()))
    with tempfile.TemporaryDirectory() as folder:
        order = ScanOrder(write_nifti, size)
        _, wall, busy = seconds(lambda: image_member(member, Path(folder), order))
    return painting, scanning, wall, busy


def main():
    one_person(0, Size.HALF)  # imports and tables
    for size in (Size.HALF, Size.WORKING, Size.FULL):
        runs = [one_person(number, size) for number in range(PEOPLE)]
        painting, scanning, wall, busy = (min(column) for column in zip(*runs, strict=True))
        limit = f", at most {LIMIT_S[size]:.0f} s" if LIMIT_S[size] else ""
        slices, matrix = size.shape
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        sys.stdout.write(
            f"{size.value:8} {slices} x {matrix} x {matrix}: paint {painting:.2f}, scan "
            f"{scanning:.2f} s of processor; with writing {busy:.2f} s, wall {wall:.2f} s{limit}; "
            f"peak so far {peak_mb:.0f} MB\n"
        )


if __name__ == "__main__":
    main()
