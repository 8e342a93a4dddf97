"""A whole run: prepare scans, train a model for each fold and the final one, write what they say.

Everything that is finished lies on disk; a run that was stopped goes on where it was.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from core.data.cohort import Cohort, read_cohort, require_scans
from core.data.folds import HELD_OUT, read_folds
from core.models.bundle_folders import find_bundle
from core.models.cards import ClinicalColumn, InputDescription
from core.models.mortality_resnet3d import MortalityResNet3D
from core.preprocessing.intensity import HU_WINDOW, OUTSIDE_INTENSITY
from core.progress import Progress, Silent, Span
from core.training.bundle_making import make_bundle
from core.training.checkpoint import save_weights
from core.training.configuration import TrainingConfiguration, TrainingError
from core.training.examples import Examples, examples_of
from core.training.findings import findings_of_cohort, read_findings
from core.training.initial_weights import FINAL, MODEL_FILE, RUN_FILE, fill_initial, new_network
from core.training.input_cache import InputCache, fill, write_atomically
from core.training.parts import Part, parts_of
from core.training.prediction_table import PredictionRow, write_table
from core.training.predictions import prediction_rows, said_of
from core.training.processes import Processes, joined_processes
from core.training.stages import Training, train_part

MODEL_E = "mortality-resnet3d-e"
REGION = "lungs and heart (convex hull of the joint lung mask per axial slice)"
PREDICTIONS_FILE = "predictions.csv"
PREPARING_SHARE = 0.1
"""Part of a whole run that preparing scans is shown as."""


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
        require_batches(configuration, processes)
        cohort = read_cohort(configuration.cohort.csv)
        require_scans(cohort)
        folds = read_folds(configuration.cohort.folds, cohort)
        cohort_sha256 = hashlib.sha256(configuration.cohort.csv.read_bytes()).hexdigest()
        findings = configuration.cohort.findings_csv
        table = read_findings(findings) if findings else findings_of_cohort(cohort)
        if processes.is_first:
            _claim(configuration, cohort_sha256)
        cache = InputCache(configuration.input.cache, described_input(configuration))
        span = Span(progress, 0.0, PREPARING_SHARE)
        examples = _prepared(configuration, cohort, cache, processes, span)
        training = Training(configuration, cache, table, processes)
        parts = parts_of(examples, folds, configuration.output.parts)
        rows: list[PredictionRow] = []
        for number, part in enumerate(parts):
            start, end = (PREPARING_SHARE + (1 - PREPARING_SHARE) * k / len(parts)
                          for k in (number, number + 1))  # fmt: skip
            span = Span(progress, start, end)
            rows += _trained(part, training, cohort_sha256, rows, span)
            if processes.is_first:
                write_table(configuration.output.folder / PREDICTIONS_FILE, rows)
        processes.wait()
    progress.step(1.0, "Done")
    return configuration.output.folder


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
    return configuration.model.clinical or find_bundle(MODEL_E).card.clinical


def _prepared(
    configuration: TrainingConfiguration,
    cohort: Cohort,
    cache: InputCache,
    processes: Processes,
    progress: Progress,
) -> Examples:
    """The first process fills the cache, then all of them look into it."""
    scans = tuple(row.scan for row in cohort.rows)
    settings = configuration.input
    if not processes.is_first:
        processes.wait()
    keys = fill(
        cache,
        scans,
        workers=configuration.training.workers,
        leave_out_unusable=settings.leave_out_unusable,
        progress=progress,
    )
    if processes.is_first:
        processes.wait()
    return examples_of(cohort.rows, keys, clinical_columns(configuration))


def _trained(
    part: Part,
    training: Training,
    cohort_sha256: str,
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
    fill_initial(network, configuration, part.name, cohort_sha256)
    train_part(network, part, training, folder, Span(progress, 0.0, 0.9))
    if training.processes.is_first:
        save_weights(folder / MODEL_FILE, network.state_dict(), {"part": part.name})
    rows = _predicted(network, part, training, Span(progress, 0.9, 0.95))
    if part.name == FINAL and configuration.bundle and training.processes.is_first:
        alone = replace(training, processes=Processes(device=training.processes.device))
        span = Span(progress, 0.95, 1.0)
        make_bundle(network, part, alone, columns=columns, rows=before, progress=span)
    return rows


def _predicted(
    network: MortalityResNet3D, part: Part, training: Training, progress: Progress
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
        rows += prediction_rows(examples, said, fold=fold, horizons_years=model.horizons_years)
    return rows


def require_batches(configuration: TrainingConfiguration, processes: Processes) -> None:
    """Every process takes the same share of every batch."""
    for stage in configuration.stage:
        share = stage.batch // processes.count
        if stage.batch % processes.count or (stage.at_once and share % stage.at_once):
            raise TrainingError(
                f"A batch of {stage.batch} cannot be shared by {processes.count} processes in "
                f"parts of {stage.at_once or share}.",
                "Choose a batch that is a multiple of the number of processes times at_once.",
            )


def _claim(configuration: TrainingConfiguration, cohort_sha256: str) -> None:
    """Write what the run is into its folder, or check that it is the same run.

    Raises:
        TrainingError: The folder holds the run of another model or cohort.
    """
    path = configuration.output.folder / RUN_FILE
    findings = configuration.cohort.findings_csv
    document = {
        "model_id": configuration.model.id,
        "variant": configuration.model.variant,
        "cohort_sha256": cohort_sha256,
        "findings_sha256": hashlib.sha256(findings.read_bytes()).hexdigest() if findings else "",
    }
    if path.exists() and not _agrees(path, document):
        raise TrainingError(
            "The output folder holds the run of another model or another cohort.",
            "Choose another output folder, or delete this one.",
        )
    write_atomically(path, json.dumps(document, indent=1).encode())


def _agrees(path: Path, document: dict[str, str]) -> bool:
    """Whether what stands in the file is true of this run."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and all(document.get(key) == found[key] for key in found)
