"""``run.json``: what a run is, whom it was taught on and what, so that nothing learned leaks on.

Whoever takes weights out of a run asks here whether they saw the scans that are to be tested.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.data.folds import Folds
from core.training.configuration import SURVIVAL, TrainingError
from core.training.input_cache import write_atomically

RUN_FILE = "run.json"
NAME_DIGITS = 16
IDENTITY = ("model_id", "variant", "cohort_sha256", "findings_sha256", "folds_sha256", "taught")
"""What a folder's run keeps for good; stages may be changed, and what follows from them."""


class RunRecord(BaseModel):
    """What stands in the file.

    Attributes:
        model_id, variant: Of the configuration.
        cohort_sha256: Digest of the cohort's table.
        findings_sha256: Of the table of findings, "" without one.
        folds_sha256: Of who lies in which part; "" where a file does not say.
        taught: Digests of the patients whom any model of the run, or of the run that its initial
            weights come from, was trained or validated on.
        tested: Of those whom a model of the run is validated or tested on.
        heads: What was taught to tell something, by this run or by what it began with:
            "mortality", "survival". A head that is not here holds random numbers.
        breaks_years: Of the survival head.
        pretrained: What the backbone learned first: "medicalnet", "findings" or "".
        training: How all of it was taught, in sentences.
    """

    model_config = ConfigDict(frozen=True)

    model_id: str = ""
    variant: str = ""
    cohort_sha256: str = ""
    findings_sha256: str = ""
    folds_sha256: str = ""
    taught: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    breaks_years: tuple[float, ...] = ()
    pretrained: str = ""
    training: tuple[str, ...] = ()

    @property
    def tells_survival(self) -> bool:
        """There is a survival head, and it was taught."""
        return SURVIVAL in self.heads


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


def stored_record(folder: Path, record: RunRecord) -> RunRecord | None:
    """What the folder says of its run; None where nothing does.

    Raises:
        TrainingError: The folder holds the run of another model, cohort or deal of folds.
    """
    found = _stored(folder)
    is_other = found is not None and any(
        getattr(found, name) != getattr(record, name)
        for name in IDENTITY
        if name in found.model_fields_set
    )
    if (folder / RUN_FILE).exists() and (found is None or is_other):
        raise TrainingError(
            "The output folder holds the run of another model, another cohort or other folds.",
            "Choose another output folder, or delete this one.",
        )
    return found


def claim(folder: Path, record: RunRecord) -> None:
    """Write what the run is into its folder, or check that it is the same run.

    Raises:
        TrainingError: The folder holds the run of another model, cohort or deal of folds.
    """
    stored_record(folder, record)
    write_atomically(folder / RUN_FILE, record.model_dump_json(indent=1).encode())


def _stored(folder: Path) -> RunRecord | None:
    try:
        return RunRecord.model_validate_json((folder / RUN_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
