"""Calcium in time and memory: all candidates of a scan, and from a click to the updated table.

python -m tests.benchmarks.calcium_clicks FOLDER [FOLDER ...]

Each FOLDER holds one scan. The table is that of the window: score by vessel, each lesion by itself,
and the patch score of the last click. Clicks go to the strongest candidates of the heart.
"""

import gc
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

from core.calcium.candidates import find_candidates
from core.calcium.edits import AddLesion
from core.calcium.patch import patch_score
from core.calcium.reading import Reading
from core.calcium.scores import Vessel
from core.calcium_case import CalciumCase, open_case
from core.errors import SeriesError
from core.preprocessing.reorient import reorient
from core.volume import Volume
from core.voxel_runs import voxels_of
from tests.benchmarks.lung_mask import _resident_mb, measured
from tests.core.calcium_scans import chosen

REPEATS = 7
CLICKS = 25
CORONARY = (Vessel.LM, Vessel.LAD, Vessel.LCX, Vessel.RCA)


def main() -> None:
    for folder in sys.argv[1:]:
        begun_mb = _resident_mb()
        record, stored = chosen(Path(folder))
        volume = reorient(stored)
        del stored
        gc.collect()
        volume_mb = volume.hu.nbytes / 1e6
        read_mb = _resident_mb() - begun_mb
        case, opening = measured(lambda record=record, volume=volume: open_case(record, volume))
        runs = [measured(lambda volume=volume: find_candidates(volume))[1] for _ in range(REPEATS)]
        peak_mb = _peak_mb(volume)
        sys.stdout.write(
            f"{Path(folder).name} {volume.geometry.shape}, {volume_mb:.0f} MB, "
            f"{case.candidates.lesion_count} candidates, {case.in_heart.lesion_count} in the heart"
            f"\n  all candidates: best {1000 * min(run.wall_s for run in runs):.0f} ms wall, "
            f"{1000 * min(run.processor_s for run in runs):.0f} ms processor; "
            f"at most {peak_mb:.0f} MB beside the volume, "
            f"{1 + peak_mb / volume_mb:.2f} x the volume together\n"
            f"  making ready (lungs and organs too): {opening.wall_s:.2f} s wall; memory "
            f"{opening.memory_mb:.0f} MB over {read_mb:.0f} MB after reading\n"
        )
        _clicks(case)


def _peak_mb(volume: Volume) -> float:
    """Most memory that finding the candidates held at once, as the allocator counts it."""
    tracemalloc.start()
    find_candidates(volume)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def _clicks(case: CalciumCase) -> None:
    reading = case.reading()
    wall, processor = [], []
    for number, point_mm in enumerate(_points(case)):
        edit = AddLesion(point_mm, CORONARY[number % 4])
        begun, begun_cpu = time.perf_counter(), time.process_time()
        try:
            reading = reading.edited(edit)
        except SeriesError:
            continue  # part of a lesion that was clicked before
        _table(reading)
        wall.append(time.perf_counter() - begun)
        processor.append(time.process_time() - begun_cpu)
    sys.stdout.write(
        f"  click to table, {len(wall)} clicks: median {1000 * np.median(wall):.1f} ms, "
        f"95th percentile {1000 * np.percentile(wall, 95):.1f} ms, longest {1000 * max(wall):.1f} "
        f"ms wall; median {1000 * np.median(processor):.1f} ms processor\n"
    )


def _table(reading: Reading) -> None:
    _ = [vessel.agatston for vessel in reading.score().vessels.values()]
    lesions = reading.marks.lesions
    _ = [reading.measured(lesion) for lesion in lesions]
    patch_score(reading.volume, lesions[-1].click.point_mm, reading.rule)


def _points(case: CalciumCase) -> list[tuple[float, float, float]]:
    found = case.in_heart
    of_run = found.lesion_of_part[found.parts.of_run]
    points = []
    for lesion in np.argsort(-found.agatston)[:CLICKS]:
        voxels = voxels_of(found.runs.kept(of_run == lesion))
        x, y, z = found.geometry.to_patient(voxels[len(voxels) // 2])
        points.append((float(x), float(y), float(z)))
    return points


if __name__ == "__main__":
    main()
