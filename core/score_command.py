"""What `thoralens-core score` does: every scan of a cohort, here or on a Dask cluster.

Each answer is written to a journal beside the result as soon as it is there: a run that was killed
goes on where it stopped. The journal ends with the run.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.console import print_note
from core.data.cause_groups import CauseGroup
from core.data.cohort import Cohort, CohortRow, mortality_label, read_cohort, require_scans
from core.data.folds import HELD_OUT, TEST
from core.errors import NetworkError, ResourcesError
from core.models.bundle_folders import Bundle, find_bundle
from core.models.cards import ModelCard
from core.progress import Progress
from core.score_journal import Journal
from core.scoring import Scored, ScoreTask, WorkerError, card_digest, require_weights, score_scan
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

    Columns: ``patient_id``, ``row`` (of the cohort's table), ``model``, ``weights_sha256``; where
    the cohort holds outcomes ``fold``, ``label``, ``event`` and ``time_years``, so that `evaluate`
    reads the table as predictions of its test set; the numbers of the prognosis; and ``remark``:
    the warnings, or why the scan was refused.

    Args:
        csv_path: The cohort; ``patient_id`` and ``scan`` are enough.
        out: The table to write; it appears whole, in the order of the cohort.
        model_id: Which model.
        scheduler: Address of a Dask scheduler, such as "tcp://head:8786"; "" for this machine. The
            workers must see the scans and the model under the same paths. They unpickle what the
            scheduler sends, and so does this machine: only one that is trusted.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        progress: Told of every scan; may cancel.

    Returns:
        How many scans were scored, and how many refused.

    Raises:
        CohortError: The table is not valid, or scans are not there.
        WeightsError: There is no such model, or a card is damaged.
        NetworkError: The scheduler does not answer.
        ResourcesError: A worker, or this machine, cannot score: weights, memory, a device, or a
            share with scans that it does not see.
        ReportError: The table cannot be written.
    """
    cohort = read_cohort(csv_path, outcomes=False)
    require_scans(cohort)
    require_writable(out.absolute().parent)
    bundle = find_bundle(model_id)
    require_weights(bundle)
    if not scheduler:
        _require_device(device, precision)
    tasks = [_task(row, bundle, device, precision) for row in cohort.rows]
    with Journal.opened(out, tasks) as journal:
        open_tasks = [task for task in tasks if task.number not in journal.done]
        if len(open_tasks) < len(tasks):
            print_note(f"{len(tasks) - len(open_tasks)} scans were scored before: going on.")
        answers = _on_cluster(open_tasks, scheduler) if scheduler else map(score_scan, open_tasks)
        for scored in answers:
            journal.add(scored)
            done = len(journal.done)
            progress.step(done / len(tasks), f"Scored scan {done} of {len(tasks)}")
        write_whole(out, score_table(cohort, bundle.card, journal.done).encode())
        journal.finish()
    refused = sum(not each.values for each in journal.done.values())
    return len(tasks) - refused, refused


def _require_device(device: str, precision: str) -> None:
    """Of this machine, before a scan is read; a cluster's workers look for themselves."""
    from core.inference import choose_engine  # loads torch: seconds

    choose_engine(device, precision)


def _task(row: CohortRow, bundle: Bundle, device: str, precision: str) -> ScoreTask:
    wanted = {column.name for column in bundle.card.clinical}
    return ScoreTask(
        number=row.number,
        scan=str(row.scan.absolute()),
        clinical={name: value for name, value in row.clinical.items() if name in wanted},
        model_id=bundle.card.id,
        card_sha256=card_digest(bundle),
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
        numbers = {future: task.number for future, task in zip(futures, tasks, strict=True)}
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            try:
                yield future.result()
            except KilledWorker:
                raise WorkerError(
                    f"Several workers were lost over one scan, row {numbers[future]} of the "
                    "cohort; those scored so far are kept.",
                    "Look at the workers' own messages (often too little memory), and start again.",
                ) from None


def score_table(cohort: Cohort, card: ModelCard, done: Mapping[int, Scored]) -> str:
    """The table that `score_cohort` writes, from the answers by number of the row."""
    columns = dict.fromkeys(name for each in done.values() for name in each.values)
    outcome = tuple(_outcome(cohort.rows[0])) if cohort.has_outcomes else ()
    digest = card.weights_sha256 or card.initialisation_sha256 or ""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["patient_id", "row", "model", "weights_sha256", *outcome, *columns, "remark"])
    for row in cohort.rows:
        scored = done[row.number]
        known = _outcome(row)
        writer.writerow(
            [
                row.patient_id,
                row.number,
                card.id,
                digest,
                *(known[name] for name in outcome),
                *(_cell(scored.values.get(name, math.nan)) for name in columns),
                scored.remark,
            ]
        )
    return text.getvalue()


def _outcome(row: CohortRow) -> dict[str, str]:
    """What `core.training.prediction_table` reads beside the scores; other deaths have no part."""
    label = mortality_label(row)
    fold = HELD_OUT if row.group is CauseGroup.LUNG_CANCER else ""
    return {
        "fold": fold if label is None else TEST,
        "label": "" if label is None else str(int(label)),
        "event": str(int(row.event)),
        "time_years": repr(row.time_years),
    }


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.7g}"
