"""The stages of one part, one after the other: each begins with the weights of the one before."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from core.inference import choose_engine
from core.models.initialisation import state_digest
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Progress, Span
from core.training.augmentation import Augmentation
from core.training.batches import ScanReader
from core.training.checkpoint import StageState, load_weights, save_weights
from core.training.configuration import (
    Shape,
    StageSettings,
    TrainingConfiguration,
)
from core.training.examples import Examples
from core.training.feature_scale import (
    FeatureScale,
    begin_anew,
    feature_scale,
    first_layer,
    fold_scale,
)
from core.training.findings import FindingTable, finding_scale
from core.training.history import write_history
from core.training.input_cache import InputCache
from core.training.joint import make_joint
from core.training.loop import ScanSet, StageWork, train_stage
from core.training.objectives import Objective, targets_of
from core.training.parts import Part
from core.training.pooled_features import FeatureStore
from core.training.processes import Processes
from core.training.seeds import derived_seed
from core.training.stage_network import StageNetwork

DIGEST = "digest"
HISTORY = "history"
FEATURES_FOLDER = "features"
CHECKPOINT_FILE = "checkpoint.safetensors"
SEEDS = 2**31


@dataclass(frozen=True, eq=False)
class Training:
    """What all parts of a run share.

    Attributes:
        configuration: Of the run.
        cache: Of prepared scans.
        findings: For stages that learn to name them.
        processes: That train together.
    """

    configuration: TrainingConfiguration
    cache: InputCache
    findings: FindingTable
    processes: Processes

    def reader(self, shape: Shape, *, with_augmentation: bool) -> ScanReader:
        """Of prepared scans at a shape."""
        settings = self.configuration.training
        augmentation = Augmentation() if with_augmentation and settings.augmentation else None
        return ScanReader(self.cache, shape, augmentation, settings.workers)

    def features(self, shape: Shape) -> FeatureStore:
        """Pooled features at a shape."""
        settings = self.configuration.training
        return FeatureStore(
            self.configuration.input.cache / FEATURES_FOLDER,
            self.reader(shape, with_augmentation=False),
            settings.device,
            settings.precision,
            self.processes,
        )

    @property
    def precision(self) -> str:
        """Of the backbone's training: "bf16" where it is asked for, or native and not ruled out."""
        settings = self.configuration.training
        on_gpu = self.processes.device.type == "cuda"
        if settings.precision == "auto" and on_gpu:
            return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
        return choose_engine(self.processes.device.type, settings.precision).precision


def train_part(
    network: MortalityResNet3D, part: Part, training: Training, folder: Path, progress: Progress
) -> list[StageState]:
    """Train all stages of a part; stages that were finished before are taken from disk.

    Args:
        network: With its initial weights; ends with the trained ones, on the CPU.
        part: Scans.
        training: Configuration, cache, processes.
        folder: Of the part.
        progress: Told of every step; may cancel.

    Returns:
        The states of the stages, their histories within.

    Raises:
        TrainingError: A stage cannot be done as it was asked for.
    """
    stages = training.configuration.stage
    if training.processes.is_first:
        for left_over in folder.glob("*.part"):  # of a process that was killed while it wrote
            left_over.unlink(missing_ok=True)
    finished = []
    for number, stage in enumerate(stages):
        span = Span(progress, number / len(stages), (number + 1) / len(stages))
        place = (training.configuration.training.seed, part.name, number + 1)
        finished.append(
            _stage(network, stage, place, part, training=training, folder=folder, progress=span)
        )
    if training.processes.is_first:
        write_history(folder, stages, finished)
    return finished


def _stage(
    network: MortalityResNet3D,
    stage: StageSettings,
    place: tuple[int | str, ...],
    part: Part,
    *,
    training: Training,
    folder: Path,
    progress: Progress,
) -> StageState:
    """Train one stage, or take it from disk where it was finished before."""
    digest = _digest(network, stage, part, training)
    name = f"{place[-1]}-{stage.name}"
    path = folder / f"stage-{name}.safetensors"
    done = load_weights(path)
    if done is not None and done[1].get(DIGEST) == digest:
        network.load_state_dict(done[0])
        return StageState(**json.loads(done[1][HISTORY]))
    sets = _sets(network, stage, part, training, progress)
    model = _model(network, stage, place, training)
    breaks = torch.tensor(training.configuration.model.breaks_years, dtype=torch.float32)
    work = StageWork(
        stage=stage,
        digest=digest,
        place=place,
        name=name,
        words=f"{part.name}, {stage.name}",
        objective=Objective(stage, breaks),
        training=sets.training,
        validation=sets.validation,
        reader=training.reader(training.configuration.stage_shape(stage), with_augmentation=True),
        checkpoint=folder / CHECKPOINT_FILE,
        checkpoint_s=training.configuration.training.checkpoint_s,
        processes=training.processes,
    )
    state = train_stage(model, work, progress)
    network.cpu().eval()
    layer = first_layer(network, stage.name)
    if sets.scale is not None and layer is not None:
        fold_scale(layer, sets.scale)
    if training.processes.is_first:
        document = {DIGEST: digest, HISTORY: json.dumps(asdict(state))}
        save_weights(path, network.state_dict(), document)
        work.checkpoint.unlink(missing_ok=True)
    training.processes.wait()
    return state


@dataclass(frozen=True, eq=False)
class _Sets:
    """Scans of a stage, and how the pooled features among them were scaled."""

    training: ScanSet
    validation: ScanSet
    scale: FeatureScale | None = None


def _sets(
    network: MortalityResNet3D,
    stage: StageSettings,
    part: Part,
    training: Training,
    progress: Progress,
) -> _Sets:
    """Images by their keys; of a frozen backbone pooled features, computed once.

    The fixed first layers of a hybrid stage take them as they are, a head that learns in SD.
    """
    both = [_of_stage(part.training, stage), _of_stage(part.validation, stage)]
    findings = None
    if stage.has_findings:
        findings = finding_scale(training.findings, both[0].rows, stage.columns)
    targets = [targets_of(examples, findings) for examples in both]
    if not stage.is_frozen:
        return _Sets(ScanSet(both[0].keys, targets[0]), ScanSet(both[1].keys, targets[1]))
    store = training.features(training.configuration.stage_shape(stage))
    pooled = [store.pooled(network, each.keys, Span(progress, 0.0, 0.0)) for each in both]
    scale = None if stage.name == "hybrid" else feature_scale(pooled[0])
    if scale is not None:
        pooled = [scale(each) for each in pooled]
    return _Sets(
        ScanSet(both[0].keys, targets[0], pooled[0]),
        ScanSet(both[1].keys, targets[1], pooled[1]),
        scale,
    )


def _model(
    network: MortalityResNet3D,
    stage: StageSettings,
    place: tuple[int | str, ...],
    training: Training,
) -> StageNetwork:
    """The stage's network on its device; new heads begin from the seed."""
    if stage.is_frozen and stage.name != "hybrid":
        begin_anew(network, stage.name, derived_seed(*place, "heads") % SEEDS)
    torch.manual_seed(derived_seed(*place, "findings head"))
    model = StageNetwork(network, len(stage.columns) * stage.has_findings, training.precision)
    make_joint(model, training.processes)
    model.to(training.processes.device)
    model.network.backbone.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload] # torch's own hint
    return model


def _of_stage(examples: Examples, stage: StageSettings) -> Examples:
    """Scans that the stage can learn from: mortality needs a label."""
    return examples.take(examples.has_label) if stage.name in ("mortality", "hybrid") else examples


def _digest(
    network: MortalityResNet3D, stage: StageSettings, part: Part, training: Training
) -> str:
    """Of all that the result of a stage depends on."""
    settings = training.configuration.training
    digest = hashlib.sha256(stage.model_dump_json().encode())
    augmented = Augmentation() if settings.augmentation else None
    digest.update(f"{settings.seed} {augmented} {training.precision}".encode())
    digest.update(f"{part.name} {training.configuration.stage_shape(stage)}".encode())
    digest.update(json.dumps(training.configuration.model.breaks_years).encode())
    for examples in (part.training, part.validation):
        digest.update("\n".join(examples.keys).encode())
        for values in (examples.labels, examples.has_label, examples.events, examples.time_years):
            digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(examples.clinical.tobytes())
    digest.update(state_digest(network.state_dict()).encode())
    return digest.hexdigest()
