"""What the reading process does: it may crash, hang or eat memory, the parent watches.

It says on standard output "begin N" before and "end N outcome" (JSON) after every mutant.
"""

import contextlib
import faulthandler
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

from core.data.choice import best_for_model
from core.data.geometry_gate import fitness_of
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ThoralensError
from core.progress import Silent
from core.report.index_listing import index_document
from tests.fuzz.mutations import Mutator, Operation, apply
from tests.fuzz.seeds import Seed, all_seeds

GIGABYTE = 1 << 30
ADDRESS_LIMIT_BYTES = 3 * GIGABYTE
"""Above the address space at the start: protects the machine; the finding is made from the RSS."""

LARGEST_READ_BYTES = GIGABYTE


class Intake:
    """Index, fitness and pixels of one mutant after the other."""

    def __init__(self, seeds: dict[str, Seed], folder: Path) -> None:
        self._seeds = seeds
        self._folder = folder
        self._numbers = {name: str(number) for number, name in enumerate(seeds)}

    def folder_of(self, name: str, operations: tuple[Operation, ...]) -> Path:
        """The seed's folder with its damaged file."""
        seed = self._seeds[name]
        folder = self._folder / self._numbers[name]
        if not folder.exists():
            folder.mkdir(parents=True)
            for neighbour, content in seed.neighbours.items():
                (folder / neighbour).write_bytes(content)
        (folder / seed.file_name).write_bytes(seed.pack(apply(seed.content, operations)))
        return folder

    def judge(self, name: str, operations: tuple[Operation, ...]) -> dict[str, object]:
        """Read a mutant; what became of it, with time and memory."""
        folder = self.folder_of(name, operations)
        forget_peak()
        before, started = peak_bytes(), time.process_time()
        outcome = self._outcome(folder)
        outcome["seconds"] = round(time.process_time() - started, 3)
        outcome["megabytes"] = max(0, peak_bytes() - before) >> 20
        return outcome

    @staticmethod
    def _outcome(folder: Path) -> dict[str, object]:
        try:
            return take_in(folder)
        except ThoralensError:
            return {"outcome": "refused"}
        except BaseException as error:  # noqa: BLE001  # a panic of a Rust library is no Exception
            frames = traceback.extract_tb(error.__traceback__)
            ours = [f"{Path(f.filename).name}:{f.name}:{f.lineno}" for f in frames
                    if "/core/" in f.filename]  # fmt: skip
            last = f"{Path(frames[-1].filename).name}:{frames[-1].name}"
            where = " > ".join([*ours[-2:], last])
            return {
                "outcome": "exception",
                "what": f"{type(error).__name__}: {error}"[:200],
                "where": where,
            }


def take_in(folder: Path) -> dict[str, object]:
    """Everything that the intake does with a folder; raises what it raises."""
    found = index(folder, Silent())
    fitness = {record.uid: fitness_of(record) for record in found.series}
    json.dumps(index_document(found, fitness), allow_nan=False)
    best_for_model(found, fitness)
    volumes = 0
    for record in found.series:
        with contextlib.suppress(ThoralensError):
            volume = read(record, Silent())
            assert volume.hu.dtype == "int16"
            assert volume.hu.shape == volume.geometry.shape
            volumes += 1
    files = len(found.series) + len(found.unreadable)
    assert files, "a file is in no series and not listed"
    return {"outcome": "read" if volumes else "listed"}


def forget_peak() -> None:
    """Let `peak_bytes` count from now."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """Most memory that this process held."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def _limit() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = size + ADDRESS_LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Arguments: seed number, first and last mutant, file for tracebacks, real scans or ""."""
    seed_number, first, last, trace, real = sys.argv[1:6]
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # decoders print their complaints
    os.dup2(1, 2)
    traces = Path(trace).open("w")  # noqa: SIM115  # stays open for the fault handler
    faulthandler.enable(traces)
    faulthandler.register(signal.SIGUSR1, traces)
    os.nice(19)
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory(dir=_memory_disk()) as scratch:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seeds = all_seeds(Path(scratch) / "seeds", Path(real) if real else None)
            mutator = Mutator(seeds)
        intake = Intake(seeds, Path(scratch) / "mutants")
        _limit()
        said.write("ready\n")
        for number in range(int(first), int(last)):
            name, operations = mutator.draw(int(seed_number), number)
            said.write(f"begin {number}\n")
            outcome = intake.judge(name, operations)
            said.write(f"end {number} {json.dumps(outcome)}\n")


def _memory_disk() -> str | None:
    return "/dev/shm" if os.path.isdir("/dev/shm") else None
