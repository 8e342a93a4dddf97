"""Folder to `Volume` against SimpleITK's series reader and pydicom's plain loop.

    .venv/bin/python -m tests.benchmarks.read_series [FOLDER] [--runs N] [--only KIND]

FOLDER holds one real, uncompressed series; 300 slices are made of it by repeating its own, once for
each kind of encoding, in a temporary folder. Every run starts from the folder and ends with
hounsfield units; ours counts the start of its decoding processes. The readers take turns, and the
table gives the best and the median of all turns. It also prints the time to the first image and
the peak memory that one more run adds to a fresh process (Linux). The peers are imported inside the
functions: decoding processes import this module again, as they do the program that started them.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

SLICES = 300
KINDS = {
    "uncompressed": None,
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
}
DEFAULT_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "lung1-001" / "dicom"

PEAK_OF_OURS = """
import re, sys
from pathlib import Path
from core.data.read_series import read
from core.data.series_index import index
if __name__ == "__main__":
    record = index(Path(sys.argv[1])).series[0]
    resident = lambda name: int(re.search(name + r":\\s+(\\d+)", status()).group(1)) * 1024
    status = lambda: Path("/proc/self/status").read_text()
    before = resident("VmRSS")
    volume = read(record)
    volume.hu.max()  # pages that only decoding processes wrote count as well
    print((resident("VmHWM") - before) / volume.hu.nbytes)
"""


def write(source: Path, target: Path, syntax: str | None) -> None:
    """300 slices of a real scan, 1 mm apart, in one encoding."""
    import pydicom
    from pydicom.uid import generate_uid

    paths = sorted(source.iterdir())
    encoded = {}
    series = generate_uid()
    for k in range(SLICES):
        path = paths[k % len(paths)]
        if path not in encoded:
            encoded[path] = pydicom.dcmread(path)
            if syntax:
                encoded[path].compress(syntax, generate_instance_uid=False)
        dataset = encoded[path]
        dataset.ImagePositionPatient = [*dataset.ImagePositionPatient[:2], float(k)]
        dataset.InstanceNumber, dataset.SeriesInstanceUID = k + 1, series
        uid = generate_uid()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.save_as(target / f"{k:04d}.dcm")


def ours(folder: Path) -> None:
    """Index and read."""
    from core.data.read_series import read
    from core.data.series_index import index

    read(index(folder, is_read_next=True).series[0])


def simple_itk(folder: Path) -> None:
    """List the series and read it."""
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    reader.Execute()


def pydicom_loop(folder: Path) -> None:
    """What most scripts do."""
    import numpy as np
    import pydicom

    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    slices.sort(key=lambda one: one.ImagePositionPatient[2])
    np.stack(
        [one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in slices]
    ).astype(np.int16)


def bare_bytes(folder: Path) -> None:
    """Read every file, look at nothing."""
    for path in folder.iterdir():
        path.read_bytes()


def first_image_s(folder: Path) -> float:
    """From the folder to the first picture."""
    from core.data.read_series import read_with_report
    from core.data.series_index import index

    times: list[float] = []
    start = time.perf_counter()
    read_with_report(
        index(folder, is_read_next=True).series[0],
        on_preview=lambda _slice, _hu: times.append(time.perf_counter() - start),
    )
    return times[0]


def seconds(work: Callable[[Path], None], folder: Path) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work(folder)
    return time.perf_counter() - start


def peak(folder: Path) -> float:
    """Peak memory that reading adds to a fresh process, as a multiple of the volume."""
    script = folder.parent / "peak.py"
    script.write_text(PEAK_OF_OURS)
    command = [sys.executable, str(script), str(folder)]
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": ""}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, text=True)
    return float(done.stdout)


def row(kind: str, folder: Path, run_count: int) -> str:
    """Line of the table for one kind of encoding."""
    works = (ours, simple_itk, pydicom_loop, bare_bytes)
    runs = [[seconds(work, folder) for work in works] for _ in range(run_count)]
    best = [min(column) for column in zip(*runs, strict=True)]
    middle = [median(column) for column in zip(*runs, strict=True)]
    cells = [f"{low:.2f} ({mid:.2f})" for low, mid in zip(best, middle, strict=True)]
    first = min(first_image_s(folder) for _ in range(3))
    ratios = [f"{best[1] / best[0]:.1f} x ({middle[1] / middle[0]:.1f} x)"]
    cells += [*ratios, f"{first:.2f} s", f"{peak(folder):.2f} x"]
    return f"| {kind} | " + " | ".join(cells) + " |\n"


def main() -> None:
    """Write the scans, measure in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args()
    sys.stdout.write(
        f"{SLICES} slices of 512 x 512; seconds, best (median) of {options.runs}\n\n"
        "| encoding | ours | SimpleITK | pydicom loop | bytes alone | SimpleITK / ours "
        "| first image | peak memory |\n|---|---|---|---|---|---|---|---|\n"
    )
    for kind in [options.only] if options.only else KINDS:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "scan"
            folder.mkdir()
            write(options.folder, folder, KINDS[kind])
            sys.stdout.write(row(kind, folder, options.runs))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
