"""``run.json``: what a run is, and whom it was taught on, so that nothing learned leaks on.

Whoever takes weights out of a run asks here whether they saw the scans that are to be tested.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.data.cohort import Cohort
from core.data.folds import HELD_OUT, TEST, VALIDATION, Folds
from core.training.configuration import TrainingConfiguration, TrainingError
from core.training.input_cache import write_atomically

RUN_FILE = "run.json"
NAME_DIGITS = 16


class RunRecord(BaseModel):
    """What stands in the file.

    Attributes:
        model_id, variant: Of the configuration.
        cohort_sha256: Digest of the cohort's table.
        findings_sha256: Of the table of findings, "" without one.
        folds_sha256: Of who lies in which part; "" where a file does not say.
        taught: Digests of the patients whom any model of the run, or of the run that its initial
            weights come from, was trained or validated on.
        tested: Of those whom a model of the run is tested on.
    """

    model_config = ConfigDict(frozen=True)

    model_id: str = ""
    variant: str = ""
    cohort_sha256: str = ""
    findings_sha256: str = ""
    folds_sha256: str = ""
    taught: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()


def record_of(configuration: TrainingConfiguration, cohort: Cohort, folds: Folds) -> RunRecord:
    """What a run is.

    Raises:
        TrainingError: It begins with the weights of a run that does not say what it is.
    """
    findings = configuration.cohort.findings_csv
    parts = {patient: folds.part_of(patient) for patient in cohort.patients}
    taught = {named(patient) for patient, part in parts.items() if part not in (TEST, HELD_OUT)}
    tested = {named(who) for who, part in parts.items() if part not in (VALIDATION, None)}
    source, _, place = configuration.model.initial.partition(":")
    if source == "run":
        taught |= set(read_record(Path(place)).taught)
    return RunRecord(
        model_id=configuration.model.id,
        variant=configuration.model.variant,
        cohort_sha256=hashlib.sha256(configuration.cohort.csv.read_bytes()).hexdigest(),
        findings_sha256=hashlib.sha256(findings.read_bytes()).hexdigest() if findings else "",
        folds_sha256=folds_digest(folds),
        taught=tuple(sorted(taught)),
        tested=tuple(sorted(tested)),
    )


def folds_digest(folds: Folds) -> str:
    """Of who lies in which part."""
    parts = sorted((patient, str(part)) for patient, part in folds.parts.items())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def named(patient_id: str) -> str:
    """What a patient is called in the file."""
    return hashlib.sha256(patient_id.encode()).hexdigest()[:NAME_DIGITS]


def read_record(folder: Path) -> RunRecord:
    """Of a run that another one begins with.

    Raises:
        TrainingError: It does not say which folds it had.
    """
    found = _stored(folder)
    if found is None or not found.folds_sha256:
        raise TrainingError(
            "The run that the initial weights come from does not say which folds it had.",
            "Run it again: what is finished is kept, and its run.json is written anew.",
        )
    return found


def claim(folder: Path, record: RunRecord) -> None:
    """Write what the run is into its folder, or check that it is the same run.

    Raises:
        TrainingError: The folder holds the run of another model, cohort or deal of folds.
    """
    path = folder / RUN_FILE
    found = _stored(folder)
    is_other = found is not None and any(
        getattr(found, name) != getattr(record, name) for name in found.model_fields_set
    )
    if path.exists() and (found is None or is_other):
        raise TrainingError(
            "The output folder holds the run of another model, another cohort or other folds.",
            "Choose another output folder, or delete this one.",
        )
    write_atomically(path, record.model_dump_json(indent=1).encode())


def _stored(folder: Path) -> RunRecord | None:
    try:
        return RunRecord.model_validate_json((folder / RUN_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
