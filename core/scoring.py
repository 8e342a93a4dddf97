"""Scores one scan of a cohort: what runs on each machine of a cluster.

The scan goes the whole way of `core.analysis.analyse`: a cohort's numbers are those that the window
shows for each of its scans.
"""

import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.analyse_command import AnalyseOptions, read_request
from core.errors import ResourcesError, ThoralensError
from core.explanation import GRADCAM
from core.prognosis import Prognosis
from core.progress import Silent


class WorkerError(ResourcesError):
    """This machine can score no scan at all."""


@dataclass(frozen=True)
class ScoreTask:
    """One scan to be scored.

    Attributes:
        number: Row of the cohort's table.
        scan: Folder or file, as every machine sees it.
        clinical: Values for models that take them.
        model_id: Which model.
        weights_sha256: Which weights: a machine with others refuses.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
    """

    number: int
    scan: str
    clinical: Mapping[str, float]
    model_id: str
    weights_sha256: str
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

    A scan that cannot be used is an answer too: its reason stands in the remark.

    Raises:
        WorkerError: Other weights than the task's, or a process that may not start others.
    """
    from core.analysis import analyse, require_fit

    _require_children()
    options = AnalyseOptions(
        model_id=task.model_id,
        clinical=task.clinical,
        device=task.device,
        precision=task.precision,
        methods=(GRADCAM,),
    )
    try:
        request, _ = read_request(Path(task.scan), options, require_fit, Silent())
        result = analyse(request)
    except ThoralensError as error:
        return Scored(task.number, {}, str(error))
    if result.provenance.weights_sha256 != task.weights_sha256:
        raise WorkerError(
            f"A worker holds other weights of '{task.model_id}' than this machine.",
            "Copy the same models folder to every machine.",
        )
    return Scored(task.number, values_of(result.prognosis), " ".join(result.prognosis.warnings))


def values_of(prognosis: Prognosis) -> dict[str, float]:
    """The numbers of a prognosis by column; what the model does not give is left out."""
    found = {
        "probability": prognosis.mortality_probability,
        "risk_score": prognosis.risk_score,
        "percentile": prognosis.percentile,
        "out_of_distribution": prognosis.out_of_distribution,
        **{f"risk_{each.years:g}y": each.probability for each in prognosis.horizons},
    }
    return {name: value for name, value in found.items() if value is not None}


def _require_children() -> None:
    """Compressed scans are decoded in processes of their own; a daemon may have none."""
    if multiprocessing.current_process().daemon:
        raise WorkerError(
            "This Dask worker may not start processes, which decoding needs.",
            "Start workers with `dask worker --no-nanny ADDRESS`.",
        )
