"""What would end a run at its very end is looked for before its first scan is prepared."""

from core.data.cohort import Cohort
from core.data.folds import HELD_OUT, TEST, VALIDATION, Folds
from core.errors import WeightsError
from core.models.bundle_folders import Bundle
from core.models.bundles import load
from core.models.cards import read_card
from core.training.configuration import BundleSettings, TrainingConfiguration, TrainingError
from core.training.processes import Processes
from core.training.reference_fit import FEWEST_TRAINING_SCANS
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


def require_results(configuration: TrainingConfiguration, cohort: Cohort, folds: Folds) -> None:
    """Results can be written, and a bundle made where one is asked for.

    Raises:
        TrainingError: The bundle cannot be made.
        ReportError: A folder takes no files.
    """
    require_writable(configuration.output.folder)
    if configuration.bundle is None:
        return
    require_writable(configuration.bundle.folder)
    _require_lender(configuration.bundle)
    places = [folds.part_of(row.patient_id) for row in cohort.rows]
    require_reference(places.count(VALIDATION) + places.count(TEST))
    trained = sum(place not in (VALIDATION, TEST, HELD_OUT) for place in places)
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


def _require_lender(settings: BundleSettings) -> None:
    """The bundle that lends its backbone is there and whole."""
    if settings.backbone_of is None:
        return
    try:
        load(Bundle(settings.backbone_of, read_card(settings.backbone_of)))
    except WeightsError as error:
        raise TrainingError(
            f"The bundle in backbone_of cannot be used: {error.message}", error.remedy
        ) from None
