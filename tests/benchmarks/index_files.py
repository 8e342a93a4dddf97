"""Indexing 10,000 files of which 300 matter: seconds, files a second, and progress reports.

    .venv/bin/python -m tests.benchmarks.index_files [--files N] [--runs N]

The files are small: 300 slices of 64 x 64 in one series, and others of every kind that lies about
in a folder: text, pictures, structured reports, other modalities, empty files. They are written
into a temporary folder. The table gives the best and the median of all runs.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from core.data.series_index import index
from core.geometry import VolumeGeometry
from core.progress import Throttled
from tests.phantoms import STORAGE_ORDERS, write_series

SLICES = 300
LIMIT_S = 15.0


def write(folder: Path, files: int) -> None:
    """300 slices, and other files up to `files` in nested folders."""
    axes = STORAGE_ORDERS["axial to the head"]
    shape = (SLICES, 64, 64)
    geometry = VolumeGeometry.from_axes(shape, (0, 0, 0), axes, (1.0, 4.0, 4.0))
    write_series(folder / "scan", np.zeros(shape, np.int16), geometry)
    others = _others(folder)
    for number in range(files - SLICES):
        place = folder / f"folder{number % 40:02d}" / f"deeper{number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file{number:05d}").write_bytes(others[number % len(others)])


def _others(folder: Path) -> list[bytes]:
    slice_path = next(iter(sorted((folder / "scan").iterdir())))
    content = slice_path.read_bytes()
    magnetic_resonance = content.replace(b"CS\x02\x00CT", b"CS\x02\x00MR", 1)
    return [
        b"a note " * 300,
        b"\x89PNG\r\n\x1a\n" + bytes(4000),
        magnetic_resonance,
        content[: len(content) // 2],
        b"",
        content[:600],
    ]


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--runs", type=int, default=5)
    chosen = arguments.parse_args()
    seconds, reports = [], 0
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), chosen.files)
        for _ in range(chosen.runs):
            seen: list[float] = []
            start = time.perf_counter()
            found = index(
                Path(name), Throttled(lambda fraction, _, seen=seen: seen.append(fraction))
            )
            seconds.append(time.perf_counter() - start)
            reports = max(reports, len(seen))
    best, middle = min(seconds), median(seconds)
    held = sum(record.slice_count for record in found.series)
    sys.stdout.write(
        "| files | slices | best | median | limit | files a second | progress reports |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| {held + len(found.unreadable):,} | {held} | {best:.2f} s | {middle:.2f} s "
        f"| {LIMIT_S:.0f} s | {chosen.files / best:,.0f} | {reports} |\n"
    )


if __name__ == "__main__":
    main()
