"""Time of each step of `thoralens-core analyse`, for the table in the README.

.venv/bin/python -m tests.benchmarks.analyse_steps FOLDER [FOLDER ...]
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.data.geometry_gate import fitness_of
from core.data.read_series import read
from core.data.series_choice import choose_series
from core.explaining import with_trust
from core.progress import Silent
from core.report.outputs import write_outputs


def seconds_by_step(folder: Path) -> dict[str, float]:
    """Wall time from the folder to the written report, step by step."""
    start = time.perf_counter()
    record = choose_series(folder, "", Silent()).record
    indexed = time.perf_counter()
    volume = read(record)
    have_read = time.perf_counter()
    request = AnalysisRequest(volume, record, fitness_of(record))
    result = with_trust(analyse(request))
    analysed = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        write_outputs(Path(out), request, result)
    written = time.perf_counter()
    return {
        "index": indexed - start,
        "read": have_read - indexed,
        **result.provenance.seconds,
        "report, maps, key views": written - analysed,
        "all": written - start,
    }


def main() -> None:
    """Print one column for each folder."""
    columns = [seconds_by_step(Path(folder)) for folder in sys.argv[1:]]
    for step in columns[0]:
        cells = " | ".join(f"{column[step]:.2f}" for column in columns)
        sys.stdout.write(f"| {step} | {cells} |\n")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak memory {peak_mb:.0f} MB\n")


if __name__ == "__main__":
    main()
