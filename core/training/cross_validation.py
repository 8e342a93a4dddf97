"""A whole run: prepare scans, train a model for each fold and the final one, write what they say.

Everything that is finished lies on disk; a run that was stopped goes on where it was.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from core.data.cohort import Cohort, read_cohort, require_scans
from core.data.folds import HELD_OUT, Folds, read_folds
from core.models.architectures import architecture
from core.models.cards import ClinicalColumn, InputDescription
from core.models.mortality_resnet3d import MortalityResNet3D
from core.preprocessing.intensity import HU_WINDOW, OUTSIDE_INTENSITY
from core.progress import Progress, Silent, Span
from core.training.bundle_making import make_bundle
from core.training.checkpoint import save_weights
from core.training.configuration import TrainingConfiguration
from core.training.earlier_folds import PREDICTIONS_FILE, rows_of_folds
from core.training.early_checks import require_batches, require_results
from core.training.findings import FindingTable, findings_of_cohort, read_findings
from core.training.inheritance import record_of
from core.training.initial_weights import FINAL, MODEL_FILE, fill_initial, new_network
from core.training.input_cache import InputCache
from core.training.parts import Part, parts_of
from core.training.prediction_table import PredictionRow, write_table
from core.training.predictions import prediction_rows, said_of
from core.training.preparing import prepared_examples
from core.training.processes import Processes, joined_processes
from core.training.run_record import RunRecord, claim
from core.training.stages import Training, train_part

REGION = "lungs and heart (convex hull of the joint lung mask per axial slice)"
PREPARING_SHARE = 0.1
"""Part of a whole run that preparing scans is shown as."""


@dataclass(frozen=True, eq=False)
class _Begun:
    """A run whose tables were read and checked.

    Attributes:
        cohort, folds: Who is in it.
        findings: For stages that learn to name them.
        record: What the run is.
        rows: Predictions of the folds that it made before and keeps.
    """

    cohort: Cohort
    folds: Folds
    findings: FindingTable
    record: RunRecord
    rows: list[PredictionRow]


def train_network(configuration: TrainingConfiguration, progress: Progress = Silent()) -> Path:
    """Train a network on a cohort, or go on with it.

    Args:
        configuration: Of the run.
        progress: Told of every scan and step by the first process; may cancel.

    Returns:
        The output folder: predictions.csv, and for each part a folder with model.safetensors and
        history.csv.

    Raises:
        ThoralensError: Cohort, folds, scans or configuration cannot be used.
    """
    settings = configuration.training
    with joined_processes(settings.device, settings.threads) as processes:
        progress = progress if processes.is_first else Silent()
        begun = _begun(configuration, processes)
        cache = InputCache(configuration.input.cache, described_input(configuration))
        examples = prepared_examples(
            configuration,
            begun.cohort,
            begun.folds,
            columns=clinical_columns(configuration),
            cache=cache,
            processes=processes,
            progress=Span(progress, 0.0, PREPARING_SHARE),
        )
        training = Training(configuration, cache, begun.findings, processes)
        parts = parts_of(examples, begun.folds, configuration.output.parts)
        rows = begun.rows
        for number, part in enumerate(parts):
            start, end = (PREPARING_SHARE + (1 - PREPARING_SHARE) * k / len(parts)
                          for k in (number, number + 1))  # fmt: skip
            span = Span(progress, start, end)
            rows = rows + _trained(part, training, begun.record, rows, span)
            if processes.is_first:
                write_table(configuration.output.folder / PREDICTIONS_FILE, rows)
        processes.wait()
    progress.step(1.0, "Done")
    return configuration.output.folder


def _begun(configuration: TrainingConfiguration, processes: Processes) -> _Begun:
    """Read the tables, look for all that would end the run later, and claim its folder."""
    require_batches(configuration, processes)
    cohort = read_cohort(configuration.cohort.csv)
    require_scans(cohort)
    folds = read_folds(configuration.cohort.folds, cohort)
    path = configuration.cohort.findings_csv
    findings = read_findings(path) if path else findings_of_cohort(cohort)
    record = record_of(configuration, cohort, folds)
    require_results(
        configuration,
        cohort,
        folds,
        record=record,
        findings=findings,
        columns=clinical_columns(configuration),
    )
    rows = rows_of_folds(configuration, record, len(folds.folds))
    if processes.is_first:
        claim(configuration.output.folder, record)
    return _Begun(cohort, folds, findings, record, rows)


def described_input(configuration: TrainingConfiguration) -> InputDescription:
    """What the network is fed, as it will stand on the card."""
    return InputDescription(
        shape=configuration.input.shape,
        hu_window=HU_WINDOW,
        outside_intensity=OUTSIDE_INTENSITY,
        region=REGION,
    )


def clinical_columns(configuration: TrainingConfiguration) -> tuple[ClinicalColumn, ...]:
    """Clinical values that the model takes: none for Model D."""
    if configuration.model.variant == "D":
        return ()
    return configuration.model.clinical or architecture("E").card.clinical


def _trained(
    part: Part,
    training: Training,
    record: RunRecord,
    before: list[PredictionRow],
    progress: Progress,
) -> list[PredictionRow]:
    """Train one part and keep its model; the rows of its predictions.

    The final part also makes the bundle, with the predictions of the folds `before` it.
    """
    configuration = training.configuration
    folder = configuration.output.folder / part.name
    columns = clinical_columns(configuration)
    network = new_network(configuration, columns)
    fill_initial(network, configuration, part.name, record)
    train_part(network, part, training, folder, Span(progress, 0.0, 0.9))
    if training.processes.is_first:
        save_weights(folder / MODEL_FILE, network.state_dict(), {"part": part.name})
    rows = _predicted(network, part, training, record, Span(progress, 0.9, 0.95))
    if part.name == FINAL and configuration.bundle and training.processes.is_first:
        alone = replace(training, processes=Processes(device=training.processes.device))
        span = Span(progress, 0.95, 1.0)
        make_bundle(
            network, part, alone, columns=columns, rows=before, record=record, progress=span
        )
    return rows


def _predicted(
    network: MortalityResNet3D,
    part: Part,
    training: Training,
    record: RunRecord,
    progress: Progress,
) -> list[PredictionRow]:
    """What the part's model says of the scans that it never saw."""
    model = training.configuration.model
    store = training.features(training.configuration.image_shape)
    rows = []
    for fold, examples in ((part.fold, part.test), (HELD_OUT, part.held_out)):
        if examples is None or not len(examples):
            continue
        said = said_of(
            network,
            store.pooled(network, examples.keys, progress),
            examples.clinical,
            breaks_years=model.breaks_years,
            horizons_years=model.horizons_years,
        )
        rows += prediction_rows(
            examples,
            said,
            fold=fold,
            horizons_years=model.horizons_years,
            heads=record.heads,
        )
    return rows
