"""The journal of `thoralens-core score`: answers on disk, one line each, as soon as they are there.

Its first line is bound to the tasks, the files of their scans and the version of Thoralens: answers
to anything else are never taken over. It ends with the run.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from core.errors import ReportError
from core.provenance import versions
from core.scoring import Scored, ScoreTask
from core.whole_file import write_whole


class Journal:
    """Answers of this run and of one that was killed.

    Attributes:
        done: By number of the task.
    """

    def __init__(self, path: Path, stream: TextIO, done: dict[int, Scored]) -> None:
        self.done = done
        self._path = path
        self._stream = stream

    @classmethod
    @contextmanager
    def opened(cls, out: Path, tasks: Sequence[ScoreTask]) -> Iterator["Journal"]:
        """The journal beside the table `out`; one without an answer is not left behind.

        Raises:
            ReportError: It cannot be written.
        """
        path = out.with_name(f".{out.name}.journal")
        head = head_of(tasks)
        done = kept_answers(path, head)
        try:
            write_whole(path, "".join([head + "\n", *map(_line, done.values())]).encode())
            stream = path.open("a", encoding="utf-8")
        except OSError as error:
            raise ReportError(
                f"No journal can be written beside {out.name} ({error.strerror}).",
                "Choose a folder that may be written to.",
            ) from None
        try:
            with stream:
                yield cls(path, stream, done)
        finally:
            if not done:
                path.unlink(missing_ok=True)

    def add(self, scored: Scored) -> None:
        """Write one answer down."""
        self.done[scored.number] = scored
        self._stream.write(_line(scored))
        self._stream.flush()

    def finish(self) -> None:
        """The table is there: the journal has done its duty."""
        self._stream.close()
        self._path.unlink()


def head_of(tasks: Iterable[ScoreTask]) -> str:
    """First line of a journal: a digest of tasks, size and time of scans' files, and versions."""
    content = [versions(), *([asdict(task), _files(Path(task.scan))] for task in tasks)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def kept_answers(path: Path, head: str) -> dict[int, Scored]:
    """Answers of an earlier run of the very same tasks; a line cut short is not one."""
    try:
        first, *lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    if first != head:
        return {}
    done = {}
    for line in lines:
        try:
            scored = Scored(**json.loads(line))
        except (ValueError, TypeError):
            break
        done[scored.number] = scored
    return done


def _line(scored: Scored) -> str:
    return json.dumps(asdict(scored)) + "\n"


def _files(scan: Path) -> tuple[int, int, int]:
    """Count of a scan's files, their bytes, and the newest time of change in ns."""
    files = [scan]
    if scan.is_dir():
        files = [Path(folder) / name for folder, _, names in os.walk(scan) for name in names]
    try:
        stats = [file.stat() for file in files]
    except OSError:  # it is told when the scan is read
        return len(files), 0, 0
    newest = max((each.st_mtime_ns for each in stats), default=0)
    return len(files), sum(each.st_size for each in stats), newest
