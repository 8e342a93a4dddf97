"""What would end a run at its very end is looked for before its first scan is prepared."""

from core.data.cohort import Cohort
from core.data.folds import HELD_OUT, TEST, VALIDATION, Folds
from core.models.cards import ClinicalColumn
from core.training.bundle_writing import lender_of, stored_weights
from core.training.configuration import (
    MORTALITY,
    SURVIVAL,
    TrainingConfiguration,
    TrainingError,
)
from core.training.findings import FindingTable, require_findings
from core.training.initial_weights import FINAL, fill_initial, new_network, require_initial
from core.training.parts import part_names
from core.training.processes import Processes
from core.training.reference_fit import FEWEST_TRAINING_SCANS
from core.training.run_record import RunRecord
from core.whole_file import require_writable

FEWEST_REFERENCE_SCANS = 20
"""Scans that a model was not trained on, for a bundle to compare a new one with."""


def require_batches(configuration: TrainingConfiguration, processes: Processes) -> None:
    """Every process takes the same share of every batch.

    Raises:
        TrainingError: A batch cannot be shared.
    """
    for stage in configuration.stage:
        share = stage.batch // processes.count
        if stage.batch % processes.count or (stage.at_once and share % stage.at_once):
            raise TrainingError(
                f"A batch of {stage.batch} cannot be shared by {processes.count} processes in "
                f"parts of {stage.at_once or share}.",
                "Choose a batch that is a multiple of the number of processes times at_once.",
            )


def require_results(
    configuration: TrainingConfiguration,
    cohort: Cohort,
    folds: Folds,
    *,
    record: RunRecord,
    findings: FindingTable,
    columns: tuple[ClinicalColumn, ...],
) -> None:
    """Every part can begin, results can be written, and a bundle made where one is asked for.

    Args:
        configuration: Of the run.
        cohort: Of the run.
        folds: Of the cohort.
        record: What the run is.
        findings: For stages that learn to name them.
        columns: Clinical values that the model takes.

    Raises:
        TrainingError: Initial weights or findings are missing, or the bundle cannot be made.
        WeightsError: The initial weights are missing or damaged.
        ReportError: A folder takes no files.
    """
    require_writable(configuration.output.folder)
    unseen = (VALIDATION, TEST, HELD_OUT)
    training = tuple(row for row in cohort.rows if folds.part_of(row.patient_id) not in unseen)
    for stage in configuration.stage:
        if stage.has_findings:
            require_findings(findings, training, stage.columns)
    if configuration.bundle is not None:
        require_writable(configuration.bundle.folder)
        _require_bundle(configuration, record, len(training))
        places = [folds.part_of(row.patient_id) for row in cohort.rows]
        require_reference(places.count(VALIDATION) + places.count(TEST))
    names = part_names(folds, configuration.output.parts)
    require_initial(configuration, columns, names, record)
    if configuration.bundle is not None and configuration.bundle.backbone_of is not None:
        network = new_network(configuration, columns)
        fill_initial(network, configuration, FINAL, record)
        lender_of(configuration.bundle.backbone_of, stored_weights(network))  # frozen: it stays


def _require_bundle(configuration: TrainingConfiguration, record: RunRecord, trained: int) -> None:
    """There is a final model, its heads are taught, and scans are enough to know their like."""
    if FINAL not in configuration.output.parts:
        raise TrainingError(
            "A bundle is made of the final model, and parts names the folds alone.",
            'Set parts = ["final"] or ["folds", "final"], or take [bundle] out.',
        )
    needed = {MORTALITY, SURVIVAL} if configuration.model.breaks_years else {MORTALITY}
    untaught = sorted(needed.difference(record.heads))
    if untaught:
        raise TrainingError(
            f"The bundle would hold a head that nothing has taught: {', '.join(untaught)}. What "
            "an earlier run taught it is lost where a stage moves the backbone.",
            "Add a stage for it (or breaks_years = [] for no survival head). If the run in "
            "initial did teach it, start that run again: what is finished is kept, and its "
            "run.json is written anew.",
        )
    if trained < FEWEST_TRAINING_SCANS:
        raise TrainingError(
            f"A bundle needs {FEWEST_TRAINING_SCANS} training scans to tell which scans are like "
            f"them; the folds hold {trained}.",
            "Train on a larger cohort, or without [bundle].",
        )


def require_reference(scans: int) -> None:
    """Enough scans that the model was not trained on.

    Raises:
        TrainingError: Too few.
    """
    if scans < FEWEST_REFERENCE_SCANS:
        raise TrainingError(
            f"A bundle compares a new scan with at least {FEWEST_REFERENCE_SCANS} that the model "
            f"was not trained on; validation and test hold {scans}.",
            "Make the folds with larger validation and test parts.",
        )
