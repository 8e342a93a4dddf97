"""Fuzz the intake: ``python -m tests.fuzz.intake --files 20000 --seed 1 --out FOLDER``.

Mutants are read in a child process with limits. A finding is a crash, a hang over 5 s, more than
1 GB of memory, or an exception that is not ours. The run goes on where it was interrupted; it ends
with `summary.json` in the folder, and every finding lies in `findings.jsonl` with its recipe.
"""

import argparse
import collections
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutations import Mutator
from tests.fuzz.seeds import all_seeds

HANG_S = 5.0
"""Of the child's processor time: the machine may be busy with other things."""

SLEEPING_S = 60.0
"""Of the clock: a child that waits for ever uses no processor time."""

MEMORY_MB = 1024
START_S = 300.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Child:
    """The reading process and what it said last."""

    process: subprocess.Popen[bytes]
    trace: Path
    buffer: bytes = b""

    def line(self, timeout_s: float) -> str | None:
        """The next line, "" at the end of the output, None where none came in time."""
        end = time.monotonic() + timeout_s
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                return ""
            self.buffer += chunk
        text, _, self.buffer = self.buffer.partition(b"\n")
        return text.decode()

    def processor_s(self) -> float:
        """Processor time so far."""
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def end_with_trace(self) -> str:
        """Ask where it hangs, then end it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(0.5)
            self.process.kill()
        self.process.wait()
        return self.trace.read_text()[:1500]


class Run:
    """A fuzz run that can be taken up again."""

    def __init__(self, out: Path, seed: int, files: int, real: str) -> None:
        self.out, self.seed, self.files, self.real = out, seed, files, real
        out.mkdir(parents=True, exist_ok=True)
        self._state = out / "state.json"
        state = json.loads(self._state.read_text()) if self._state.exists() else {}
        self.next = state.get("next", 0)
        self.counts = collections.Counter(state.get("counts", {}))
        self.slowest_s, self.largest_mb = state.get("slowest_s", 0.0), state.get("largest_mb", 0)

    def go(self) -> None:
        """Until every mutant was read."""
        while self.next < self.files:
            self._with_one_child()
        (self.out / "summary.json").write_text(json.dumps(self.summary(), indent=1))

    def summary(self) -> dict[str, object]:
        """Numbers of the run."""
        return {
            "files": self.next,
            "seed": self.seed,
            "counts": dict(self.counts),
            "slowest_s": self.slowest_s,
            "largest_mb": self.largest_mb,
        }

    def _with_one_child(self) -> None:
        trace = self.out / "trace.txt"
        arguments = [str(self.seed), str(self.next), str(self.files), str(trace), self.real]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", *arguments], cwd=ROOT,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        child = Child(process, trace)
        try:
            if child.line(START_S) != "ready":
                raise SystemExit("the reading process did not start: run tests.fuzz.worker itself")
            while self._one_mutant(child):
                pass
        finally:
            child.end_with_trace()
            self._save()

    def _one_mutant(self, child: Child) -> bool:
        """Follow one mutant; False where the child has ended."""
        begun = child.line(HANG_S)
        if not begun:
            return False
        number = int(begun.split()[1])
        started, processor_s = time.monotonic(), child.processor_s()
        line = child.line(1.0)
        while line is None:
            if (
                child.processor_s() - processor_s > HANG_S
                or time.monotonic() - started > SLEEPING_S
            ):
                self._found(number, {"outcome": "hang", "where": child.end_with_trace()})
                return False
            line = child.line(1.0)
        if not line:
            code = child.process.wait()
            self._found(number, {"outcome": "crash", "what": code, "where": child.end_with_trace()})
            return False
        self._take(number, json.loads(line.split(" ", 2)[2]))
        return True

    def _take(self, number: int, outcome: dict[str, object]) -> None:
        seconds, megabytes = outcome["seconds"], outcome["megabytes"]
        self.slowest_s = max(self.slowest_s, seconds)
        self.largest_mb = max(self.largest_mb, megabytes)
        if outcome["outcome"] == "exception":
            self._found(number, outcome)
            return
        if megabytes > MEMORY_MB:
            self._found(number, {**outcome, "outcome": "memory"})
            return
        if seconds > HANG_S:
            self._found(number, {**outcome, "outcome": "hang"})
            return
        self._count(number, str(outcome["outcome"]))

    def _found(self, number: int, finding: dict[str, object]) -> None:
        with (self.out / "findings.jsonl").open("a") as file:
            file.write(json.dumps({"number": number, **finding}) + "\n")
        self._count(number, str(finding["outcome"]))

    def _count(self, number: int, outcome: str) -> None:
        self.counts[outcome] += 1
        self.next = number + 1
        if self.next % 200 == 0:
            self._save()

    def _save(self) -> None:
        self._state.write_text(json.dumps({"next": self.next, **self.summary()}))


def recipe(seed: int, number: int, real: str) -> tuple[str, tuple[object, ...]]:
    """Name of the seed and the operations of a mutant, to write down as a fault."""
    with tempfile.TemporaryDirectory() as scratch:
        seeds = all_seeds(Path(scratch), Path(real) if real else None)
        return Mutator(seeds).draw(seed, number)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", type=int, help="print the recipe of this mutant and end")
    default = os.environ.get("THORALENS_TEST_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--real", default=default if os.path.isdir(default) else "")
    options = parser.parse_args()
    if options.recipe is not None:
        sys.stdout.write(repr(recipe(options.seed, options.recipe, options.real)) + "\n")
        return
    run = Run(options.out, options.seed, options.files, options.real)
    run.go()
    sys.stdout.write(json.dumps(run.summary(), indent=1) + "\n")


if __name__ == "__main__":
    main()
