"""Where a network's weights come from: a seed, MedicalNet, a bundle, or another run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from core.models.bundle_folders import Bundle
from core.models.bundles import load
from core.models.cards import ClinicalColumn, read_card
from core.models.initialisation import initialise
from core.models.medicalnet_weights import load_medicalnet
from core.models.mortality_resnet3d import MortalityResNet3D
from core.training.checkpoint import load_weights
from core.training.configuration import TrainingConfiguration, TrainingError
from core.training.run_record import RunRecord, read_record
from core.training.seeds import derived_seed
from core.training.stage_network import BACKBONE

MODEL_FILE = "model.safetensors"
FINAL = "final"
FOLD = "fold-"
JOINED = "classifier.weight"
SEED_DIGITS = 2**31


def fold_name(fold: int) -> str:
    """Of the part that leaves a fold out; folds count from 0, names from 1."""
    return f"{FOLD}{fold + 1}"


def new_network(
    configuration: TrainingConfiguration, columns: tuple[ClinicalColumn, ...]
) -> MortalityResNet3D:
    """The network of a configuration, its weights from the seed."""
    breaks = configuration.model.breaks_years
    network = MortalityResNet3D(
        clinical_values=len(columns), intervals=len(breaks) - 1 if breaks else 0
    )
    initialise(network, derived_seed(configuration.training.seed, "weights") % SEED_DIGITS)
    return network


def fill_initial(
    network: MortalityResNet3D, configuration: TrainingConfiguration, part: str, record: RunRecord
) -> None:
    """Fill a new network as `initial` says.

    Args:
        network: With weights from the seed: heads that the source lacks keep them.
        configuration: With `initial`.
        part: Of the run; of another run, the same part is taken.
        record: What this run is.

    Raises:
        WeightsError: The checkpoint or bundle is missing or damaged.
        TrainingError: The other run holds no such part, or was taught on scans that this one tests.
    """
    source, _, place = configuration.model.initial.partition(":")
    if source == "medicalnet":
        load_medicalnet(Path(place), network.backbone)
    elif source == "bundle":
        folder = Path(place)
        take_weights(network, load(Bundle(folder, read_card(folder))).network.state_dict())
    elif source == "run":
        take_weights(network, _of_run(Path(place), part, record))


def require_initial(
    configuration: TrainingConfiguration,
    columns: tuple[ClinicalColumn, ...],
    parts: Sequence[str],
    record: RunRecord,
) -> None:
    """The initial weights of every part are there and fit, before any part is trained.

    Raises:
        WeightsError: The checkpoint or bundle is missing or damaged.
        TrainingError: The other run holds no such part, or was taught on scans that this one tests.
    """
    source = configuration.model.initial.partition(":")[0]
    if source:
        network = new_network(configuration, columns)
        for part in parts if source == "run" else parts[:1]:
            fill_initial(network, configuration, part, record)


def take_weights(network: MortalityResNet3D, given: Mapping[str, Tensor]) -> None:
    """Take what fits by name and shape; the whole backbone must.

    Model E takes Model D's last layer for its image half, with zeros for the clinical half: it
    begins with D's answers.

    Raises:
        TrainingError: The backbone does not fit.
    """
    state = network.state_dict()
    for name, own in state.items():
        found = given.get(name)
        if found is not None and found.shape == own.shape:
            state[name] = found
        elif name.startswith(BACKBONE):
            raise TrainingError(
                "The initial weights hold no backbone of this shape.",
                "Name the output folder of a run, or the bundle, of Model D or E.",
            )
        elif name == JOINED and found is not None and found.shape[1] < own.shape[1]:
            missing = torch.zeros(len(own), own.shape[1] - found.shape[1])
            state[name] = torch.cat((found, missing), dim=1)
    network.load_state_dict(state)


def _of_run(folder: Path, part: str, record: RunRecord) -> dict[str, Tensor]:
    """The same part of a run with the same folds, or the final model of one that knows nobody here.

    Only the model of a fold never saw the scans that the fold is tested on.
    """
    other = read_record(folder)
    if other.folds_sha256 != record.folds_sha256:
        _require_strangers(other, record)
        part = FINAL
    found = load_weights(folder / part / MODEL_FILE)
    if found is None:
        raise TrainingError(
            f"The run that the initial weights come from holds no model of {part}.",
            "Run it first, with the same folds: only the model of a fold never saw the scans that "
            "the fold is tested on.",
        )
    return found[0]


def _require_strangers(other: RunRecord, record: RunRecord) -> None:
    common = len(set(other.taught) & set(record.tested))
    if common:
        raise TrainingError(
            f"The run that the initial weights come from has other folds, and was taught on "
            f"{common} of the {len(record.tested)} patients whom this run validates or tests on.",
            "Run it again with the same folds in another output folder; where these are other "
            "people, give them other names in patient_id.",
        )
