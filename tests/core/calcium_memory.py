"""Most memory that a calcium reading holds beside its scan, as the system counts it.

python -m tests.core.calcium_memory FOLDER

Children of its own measure: each begins when the scan lies in memory and every path was walked
once, so that what libraries take to load is not counted. Lungs and organs are found before: they
serve the prognosis too.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.calcium.edits import AddLesion
from core.calcium.scores import Vessel
from core.calcium.uncertainty import uncertainty
from core.calcium_case import open_case
from core.geometry import VolumeGeometry
from core.preprocessing.lung_mask import find_lungs
from core.preprocessing.organ_regions import organ_regions
from core.preprocessing.reorient import reorient
from core.volume import Mask, Volume
from core.voxel_runs import voxels_of
from tests.core.calcium.blocks import at, scan
from tests.core.calcium_scans import chosen
from tests.phantoms import series_record

STATUS = Path("/proc/self/status")
FORGET_PEAK = "5"
MARKS = 8
NOISE_HU = 20.0


def shares_held(folder: Path, slices_of_each: int = 1) -> dict[str, float]:
    """Peak over the size of the volume after each step: "open", "score", "uncertainty".

    Args:
        folder: Of one scan.
        slices_of_each: Each slice is put in so many times, as thin: a larger scan.
    """
    _, stored = chosen(folder)
    volume = reorient(stored)
    regions = organ_regions(volume, find_lungs(volume))
    with TemporaryDirectory() as name:
        path = Path(name) / "regions.npz"
        np.savez(path, labels=regions.labels, affine=regions.geometry.affine)
        arguments = map(str, (folder, path, slices_of_each))
        done = subprocess.run(
            [sys.executable, "-m", "tests.core.calcium_memory", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _child(folder: Path, regions_path: Path, slices_of_each: int) -> dict[str, float]:
    with np.load(regions_path) as file:
        labels, affine = file["labels"], file["affine"]
    regions = Mask(labels, VolumeGeometry(labels.shape, affine))
    record, stored = chosen(folder)
    volume = _thinner(reorient(stored), slices_of_each)
    del stored
    _walk_once()
    begun = _kilobytes("VmRSS")
    shares = {}

    def note(step: str) -> None:
        more = (_kilobytes("VmHWM") - begun) * 1024
        shares[step] = round(1 + more / volume.hu.nbytes, 3)
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK)

    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    case = open_case(record, volume, regions=regions)
    note("open")
    found = case.in_heart
    of_run = found.lesion_of_part[found.parts.of_run]
    edits = []
    for lesion in np.argsort(-found.agatston)[:MARKS]:
        x, y, z = found.geometry.to_patient(voxels_of(found.runs.kept(of_run == lesion))[0])
        edits.append(AddLesion((float(x), float(y), float(z)), Vessel.LAD))
    reading, _ = case.reading().with_edits(edits)
    reading.score()
    note("score")
    uncertainty(reading, NOISE_HU)
    note("uncertainty")
    return shares


def _thinner(volume: Volume, times: int) -> Volume:
    if times == 1:
        return volume
    slices, rows, columns = volume.geometry.shape
    affine = np.array(volume.geometry.affine)
    affine[:3, 0] /= times
    shape = (slices * times, rows, columns)
    return Volume(np.repeat(volume.hu, times, axis=0), VolumeGeometry(shape, affine))


def _walk_once() -> None:
    """Everything on a small scan: loads what is loaded on first use."""
    block = (slice(5, 9), slice(10, 14), slice(10, 14), 300)
    small = scan([block], shape=(40, 40, 40), spacing_mm=(1.0, 1.0, 1.0))
    x, y, z = at(small, (6, 11, 11))
    case = open_case(series_record(count=40, spacing_mm=1.0), small)
    reading = case.reading().edited(AddLesion((float(x), float(y), float(z)), Vessel.LAD))
    uncertainty(reading, NOISE_HU)


def _kilobytes(name: str) -> int:
    line = next(each for each in STATUS.read_text().splitlines() if each.startswith(name))
    return int(line.split()[1])


if __name__ == "__main__":
    folder_path, *rest = sys.argv[1:]
    measured = (
        _child(Path(folder_path), Path(rest[0]), int(rest[1]))
        if rest
        else shares_held(Path(folder_path))
    )
    sys.stdout.write(json.dumps(measured) + "\n")
