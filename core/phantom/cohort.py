"""A cohort of synthetic people: a scan, the truth and an outcome each, and the tables over them.

    FOLDER/cohort.json              what was asked for; a cohort of other people is not mixed in
    FOLDER/subjects/P.../           scan.nii, scan.nii.gz or scan/*.dcm; truth.json; truth.nii.gz
    FOLDER/cohort.csv, truth.csv    written last, when every subject is there
    FOLDER/cohort-shuffled.csv      where asked for: the same scans, nothing to be learned

A subject's folder appears whole or not at all, so that work that was killed goes on where it was.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import CohortError, ReportError
from core.phantom.cohort_tables import cohort_table, truth_table
from core.phantom.imaging import COHORT_VERSION, ScanOrder, image_members
from core.phantom.member import Member
from core.phantom.outcome import shuffled
from core.progress import Progress, Silent, Span
from core.whole_file import write_whole

PEOPLE = "subjects"
"""Name of the folder that holds a folder for each member."""


def make_cohort(
    folder: Path,
    members: Sequence[Member],
    order: ScanOrder,
    *,
    workers: int = 1,
    progress: Progress = Silent(),
) -> Path:
    """Image all members and write their tables; goes on with what an earlier run left.

    The same members and order give the same bytes, whatever the number of workers.

    Args:
        folder: New, empty, or of an earlier run with the same members and order.
        members: Who is imaged, each once.
        order: How.
        workers: Processes that paint and scan; one of the full size takes about 1 GB.
        progress: Told of every member; may cancel, which keeps what is finished.

    Returns:
        Path of `cohort.csv`.

    Raises:
        CohortError: The folder holds another cohort or something else.
        ReportError: The disk refused.
        ResourcesError: A worker was killed.
    """
    try:
        people = _claim(folder, _settings(members, order))
        left = [member for member in members if not (people / member.patient_id).exists()]
        rest = Span(progress, 1 - len(left) / max(len(members), 1), 1.0)
        image_members(left, people, order, workers=workers, progress=rest)
    except OSError as error:
        raise ReportError(
            f"The cohort could not be written: {error.strerror}.",
            "Free disk space, or choose a folder that you may write to; then run it again: it goes "
            "on where it was.",
        ) from None  # the cause holds a path
    write_whole(folder / "truth.csv", truth_table(members, order.size))
    write_whole(folder / "cohort.csv", cohort_table(members, _scan_pattern(order)))
    return folder / "cohort.csv"


def write_shuffled_table(
    folder: Path, members: Sequence[Member], order: ScanOrder, *, seed: int
) -> Path:
    """Write `cohort-shuffled.csv`: the same scans with each other's outcomes.

    The control in which nothing can be learned: a model that tells its deaths from its living has
    seen what it should not. Nobody is matched any more.

    Args:
        folder: Of the cohort.
        members: As it was made of.
        order: As it was made with.
        seed: Of the shuffling.

    Returns:
        Path of the table.

    Raises:
        ReportError: The disk refused.
    """
    others = shuffled([member.outcome for member in members], seed)
    strangers = [
        replace(member, outcome=outcome, matched_set="")
        for member, outcome in zip(members, others, strict=True)
    ]
    path = folder / "cohort-shuffled.csv"
    write_whole(path, cohort_table(strangers, _scan_pattern(order)))
    return path


def _scan_pattern(order: ScanOrder) -> str:
    return f"{PEOPLE}/{{}}/{order.form.scan_name}"


def _settings(members: Sequence[Member], order: ScanOrder) -> dict[str, object]:
    """What tells this cohort from others."""
    people = "\n".join(repr(member) for member in members)
    return {
        "format": f"thoralens phantom cohort {COHORT_VERSION}",
        "size": order.size.value,
        "form": order.form.value,
        "subjects": len(members),
        "people_sha256": hashlib.sha256(people.encode()).hexdigest(),
    }


def _claim(folder: Path, settings: dict[str, object]) -> Path:
    """Make the folder this cohort's, or see that it is; returns the folder of the people."""
    note = folder / "cohort.json"
    if note.exists():
        if _noted(note) != settings:
            raise _foreign("one that holds a cohort of other people or settings")
    elif folder.exists() and any(folder.iterdir()):
        raise _foreign("one that holds other files")
    people = folder / PEOPLE
    people.mkdir(parents=True, exist_ok=True)
    write_whole(note, (json.dumps(settings, indent=2) + "\n").encode())
    return people


def _noted(note: Path) -> object:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        raise _foreign("one whose cohort.json is damaged") from None


def _foreign(found: str) -> CohortError:
    return CohortError(
        "Expected a new or empty folder, or one in which this very cohort was begun, found "
        f"{found}.",
        "Choose another folder, or give the same settings as before.",
    )
