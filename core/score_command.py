"""What `thoralens-core score` does: every scan of a cohort, here or on a Dask cluster.

Each answer is written to a journal beside the result as soon as it is there: a run that was killed
goes on where it stopped. The journal ends with the run.
"""

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from core.console import print_note
from core.data.cohort import Cohort, CohortRow, read_cohort, require_scans
from core.errors import NetworkError, ReportError, ResourcesError
from core.models.bundle_folders import find_bundle
from core.models.cards import ModelCard
from core.progress import Progress
from core.scoring import Scored, ScoreTask, WorkerError, score_scan
from core.whole_file import require_writable, write_whole

RETRIES = 3
"""How often a scan is given to another worker when its own is lost."""

SCHEDULER_TIMEOUT_S = 20


def score_cohort(
    csv_path: Path,
    out: Path,
    *,
    model_id: str,
    scheduler: str = "",
    device: str = "auto",
    precision: str = "auto",
    progress: Progress,
) -> tuple[int, int]:
    """Score every scan of a cohort and write one row for each.

    Columns: ``patient_id``, ``row`` (of the cohort's table), ``model``, ``weights_sha256``, the
    numbers of the prognosis, and ``remark``: the warnings, or why the scan was refused.

    Args:
        csv_path: The cohort; outcomes are not read.
        out: The table to write; it appears whole, in the order of the cohort.
        model_id: Which model.
        scheduler: Address of a Dask scheduler, such as "tcp://head:8786"; "" for this machine. The
            workers must see the scans and the model under the same paths.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        progress: Told of every scan; may cancel.

    Returns:
        How many scans were scored, and how many refused.

    Raises:
        CohortError: The table is not valid, or scans are not there.
        WeightsError: There is no such model.
        NetworkError: The scheduler does not answer.
        ResourcesError: A worker cannot score.
        ReportError: The table cannot be written.
    """
    cohort = read_cohort(csv_path)
    require_scans(cohort)
    require_writable(out.absolute().parent)
    card = find_bundle(model_id).card
    tasks = [_task(row, card, device, precision) for row in cohort.rows]
    with _Journal.opened(out, tasks) as journal:
        open_tasks = [task for task in tasks if task.number not in journal.done]
        if len(open_tasks) < len(tasks):
            print_note(f"{len(tasks) - len(open_tasks)} scans were scored before: going on.")
        answers = _on_cluster(open_tasks, scheduler) if scheduler else map(score_scan, open_tasks)
        for scored in answers:
            journal.add(scored)
            done = len(journal.done)
            progress.step(done / len(tasks), f"Scored scan {done} of {len(tasks)}")
        write_whole(out, _table(cohort, card, journal.done).encode())
        journal.finish()
    refused = sum(not each.values for each in journal.done.values())
    return len(tasks) - refused, refused


def _task(row: CohortRow, card: ModelCard, device: str, precision: str) -> ScoreTask:
    wanted = {column.name for column in card.clinical}
    return ScoreTask(
        number=row.number,
        scan=str(row.scan.absolute()),
        clinical={name: value for name, value in row.clinical.items() if name in wanted},
        model_id=card.id,
        weights_sha256=card.weights_sha256 or card.initialisation_sha256 or "",
        device=device,
        precision=precision,
    )


def _on_cluster(tasks: Sequence[ScoreTask], address: str) -> Iterator[Scored]:
    """Answers of a Dask cluster, as they come."""
    try:
        from distributed import Client, KilledWorker, as_completed
    except ModuleNotFoundError:
        raise ResourcesError(
            "Dask is not installed on this machine.",
            "Install the extra: pip install 'thoralens[cluster]'.",
        ) from None
    try:
        client = Client(address, timeout=SCHEDULER_TIMEOUT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        raise NetworkError(
            "The Dask scheduler does not answer at the address given.",
            "Start it with `dask scheduler`, and give the address that it prints.",
        ) from None
    with client:
        futures = client.map(score_scan, tasks, retries=RETRIES, pure=False)
        try:
            for future in as_completed(futures):  # type: ignore[no-untyped-call]
                yield future.result()
        except KilledWorker:
            raise WorkerError(
                "Several workers were lost over one scan; those scored so far are kept.",
                "Look at the workers' own messages (often too little memory), and start again.",
            ) from None


class _Journal:
    """Answers on disk, one line each, bound to the tasks that they answer."""

    def __init__(self, path: Path, stream: TextIO, done: dict[int, Scored]) -> None:
        self.done = done
        self._path = path
        self._stream = stream

    @classmethod
    @contextmanager
    def opened(cls, out: Path, tasks: Sequence[ScoreTask]) -> Iterator["_Journal"]:
        path = out.with_name(f".{out.name}.journal")
        head = _digest(tasks)
        done = _kept(path, head)
        try:
            write_whole(path, "".join([head + "\n", *map(_line, done.values())]).encode())
            stream = path.open("a", encoding="utf-8")
        except OSError as error:
            raise ReportError(
                f"No journal can be written beside {out.name} ({error.strerror}).",
                "Choose a folder that may be written to.",
            ) from None
        with stream:
            yield cls(path, stream, done)

    def add(self, scored: Scored) -> None:
        """Write one answer down."""
        self.done[scored.number] = scored
        self._stream.write(_line(scored))
        self._stream.flush()

    def finish(self) -> None:
        """The table is there: the journal has done its duty."""
        self._stream.close()
        self._path.unlink()


def _line(scored: Scored) -> str:
    return json.dumps(asdict(scored)) + "\n"


def _digest(tasks: Iterable[ScoreTask]) -> str:
    content = json.dumps([asdict(task) for task in tasks], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _kept(path: Path, head: str) -> dict[int, Scored]:
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


def _table(cohort: Cohort, card: ModelCard, done: Mapping[int, Scored]) -> str:
    columns = dict.fromkeys(name for each in done.values() for name in each.values)
    digest = card.weights_sha256 or card.initialisation_sha256 or ""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["patient_id", "row", "model", "weights_sha256", *columns, "remark"])
    for row in cohort.rows:
        scored = done[row.number]
        cells = [_cell(scored.values.get(name, math.nan)) for name in columns]
        writer.writerow([row.patient_id, row.number, card.id, digest, *cells, scored.remark])
    return text.getvalue()


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.7g}"
