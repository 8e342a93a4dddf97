"""Scores one scan of a cohort: what runs on each machine of a cluster.

The scan goes the whole way of `core.analysis.analyse`: a cohort's numbers are those that the window
shows for each of its scans.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.analyse_command import AnalyseOptions, read_request
from core.bugs import understood
from core.errors import ModelInputError, ResourcesError, SeriesError, ThoralensError
from core.explanation import GRADCAM
from core.models.bundle_folders import Bundle, find_bundle
from core.prognosis import Prognosis
from core.progress import Silent

USABLE = ("present", "seed")
"""States of a bundle's weights with which a scan can be scored."""

MOUNT = (
    "Check on every machine that the disk or share with the scans is there under the same path, "
    "then start again: what was scored is kept."
)

UNFORESEEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a scan may make our own code or a library raise where nobody thought of it."""


class WorkerError(ResourcesError):
    """This machine lacks what scoring needs: no scan is refused for it."""


@dataclass(frozen=True)
class ScoreTask:
    """One scan to be scored; what may name a patient is no part of its `repr`, which Dask logs.

    Attributes:
        number: Row of the cohort's table.
        scan: Folder or file, as every machine sees it.
        clinical: Values for models that take them.
        model_id: Which model.
        card_sha256: `card_digest` of its bundle: a machine that holds another one refuses.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
    """

    number: int
    scan: str = field(repr=False)
    clinical: Mapping[str, float] = field(repr=False)
    model_id: str
    card_sha256: str
    device: str = "auto"
    precision: str = "auto"


@dataclass(frozen=True)
class Scored:
    """What became of a task.

    Attributes:
        number: Of the task.
        values: Column to number; empty where the scan was refused.
        remark: Warnings, or the reason of the refusal and its remedy.
    """

    number: int
    values: Mapping[str, float]
    remark: str


def score_scan(task: ScoreTask) -> Scored:
    """Read a scan and run the model on it.

    A scan that cannot be used is an answer too: its reason stands in the remark. What this machine
    lacks is none, or a whole cohort would be refused for it.

    Raises:
        WorkerError: Another bundle than the task's, damaged weights, too little memory, no such
            device or one that failed, a scan or share that this machine does not see, or a process
            that may not start others.
    """
    _require_children()
    _require_bundle(task)
    try:
        prognosis = _prognosis(task)
    except (SeriesError, ModelInputError) as error:
        return _refused(task, str(error))
    except (ThoralensError, MemoryError) as error:
        lack = understood(error)
        raise _lacking(task, lack.message, lack.remedy) from None
    except UNFORESEEN as error:  # one scan must not end them all
        if isinstance(error, OSError) and error.errno is not None:  # else a library's own word
            raise _lacking(task, f"the system failed ({error.strerror}).", MOUNT) from None
        return _refused(task, bug_words(error))
    return Scored(task.number, values_of(prognosis), " ".join(prognosis.warnings))


def _refused(task: ScoreTask, remark: str) -> Scored:
    """The answer for a scan that cannot be used.

    Raises:
        WorkerError: This machine does not see the scan, and so can say nothing of it.
    """
    if not os.access(task.scan, os.R_OK):
        raise _lacking(task, "it does not see the scan, or may not read it.", MOUNT)
    return Scored(task.number, {}, remark)


def _lacking(task: ScoreTask, message: str, remedy: str) -> WorkerError:
    return WorkerError(f"A machine cannot score row {task.number} of the cohort: {message}", remedy)


def bug_words(error: Exception) -> str:
    """What the table says of a scan that met a fault of Thoralens; nobody is named."""
    kind = type(error).__name__
    return f"A bug in reading this scan ({kind}). Report it; `thoralens-core analyse` tells more."


def _prognosis(task: ScoreTask) -> Prognosis:
    from core.analysis import analyse, require_fit  # loads torch: seconds
    from core.inference import choose_engine

    options = AnalyseOptions(
        model_id=task.model_id,
        clinical=task.clinical,
        device=task.device,
        precision=task.precision,
        methods=(GRADCAM,),
    )
    request, _ = read_request(Path(task.scan), options, require_fit, Silent())
    is_on_cpu = choose_engine(task.device, task.precision).device.type == "cpu"
    try:
        return analyse(request).prognosis
    except RuntimeError:
        if is_on_cpu:
            raise
        # Once CUDA has failed in a process it fails for every later scan.
        raise ResourcesError(
            "the GPU failed.",
            "Restart the worker, and look at the GPU's driver; `--device cpu` does without it.",
        ) from None


def values_of(prognosis: Prognosis) -> dict[str, float]:
    """The numbers of a prognosis by column; what the model does not give is left out."""
    found = {
        "probability": prognosis.mortality_probability,
        "risk_score": prognosis.risk_score,
        "percentile": prognosis.percentile,
        "out_of_distribution": prognosis.out_of_distribution,
        **{f"survival_{each.years:g}y": 1 - each.probability for each in prognosis.horizons},
    }
    return {name: value for name, value in found.items() if value is not None}


def card_digest(bundle: Bundle) -> str:
    """SHA-256 of all that the card states, the digests of weights and reference among it."""
    return hashlib.sha256(bundle.card.model_dump_json().encode()).hexdigest()


def require_weights(bundle: Bundle) -> None:
    """Check that the files are those that the card promises.

    Raises:
        WorkerError: They are missing or damaged.
    """
    if bundle.weights not in USABLE:
        raise WorkerError(
            f"The weights of the model '{bundle.card.id}' are {bundle.weights}.",
            "Copy the model's whole folder again, to every machine that scores.",
        )


def _require_bundle(task: ScoreTask) -> None:
    """Before the scan is read: what is asked for is here."""
    try:
        bundle = find_bundle(task.model_id)
    except ThoralensError as error:
        raise WorkerError(f"A machine cannot score: {error.message}", error.remedy) from None
    if card_digest(bundle) != task.card_sha256:
        raise WorkerError(
            f"A worker holds another model under the id '{task.model_id}' than this machine.",
            "Copy the same models folder to every machine.",
        )
    require_weights(bundle)


def _require_children() -> None:
    """Compressed scans are decoded in processes of their own; a daemon may have none."""
    if multiprocessing.current_process().daemon:
        raise WorkerError(
            "This Dask worker may not start processes, which decoding needs.",
            "Start workers with `dask worker --no-nanny ADDRESS`.",
        )
