"""Folder to `Volume` against SimpleITK's series reader and against reading the bare bytes.

    .venv/bin/python -m tests.benchmarks.read_series FOLDER

The folder holds one uncompressed series. Prints the best of seven runs, taken in turn: the least
disturbed.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk

from core.data.read_series import read
from core.data.series_index import index

RUNS = 7


def ours(folder: Path) -> None:
    """Index and read."""
    read(index(folder).series[0])


def simple_itk(folder: Path) -> None:
    """List the series and read it."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    reader.Execute()


def bare_bytes(folder: Path) -> None:
    """Read every file, look at nothing."""
    for path in folder.iterdir():
        path.read_bytes()


def seconds(work: Callable[[Path], None], folder: Path) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work(folder)
    return time.perf_counter() - start


def main() -> None:
    """Measure in turn, print seconds and ratios."""
    folder = Path(sys.argv[1])
    works = (ours, simple_itk, bare_bytes)
    runs = [[seconds(work, folder) for work in works] for _ in range(RUNS)]
    us, peer, bare = (min(column) for column in zip(*runs, strict=True))
    sys.stdout.write(
        f"ours {us:.2f} s, SimpleITK {peer:.2f} s ({peer / us:.1f} x ours), "
        f"bytes {bare:.2f} s (ours {us / bare:.1f} x)\n"
    )


if __name__ == "__main__":
    main()
