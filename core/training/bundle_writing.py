"""From a trained network to a bundle: weights of 16 bits, calibration, reference scans, card.

Platt scaling (Platt 1999) is folded into the last layer: its log odds times slope plus intercept
become the log odds of the network itself, so that panel, maps and "Why here?" speak of one
probability. All on the card is measured with the weights as they are written.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from core.errors import ResourcesError, WeightsError
from core.metrics.calibration import Platt
from core.models.architectures import architecture
from core.models.bundle_folders import REFERENCE_FILE, WEIGHTS_FILE, Bundle
from core.models.bundles import load
from core.models.cards import (
    BackboneSource,
    Calibration,
    CardMetric,
    ClinicalColumn,
    ModelCard,
    ReferenceDescription,
    SurvivalOutput,
    read_card,
)
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.models.reference import Reference
from core.training.configuration import BundleSettings, TrainingConfiguration, TrainingError
from core.training.inheritance import FINDINGS, FINDINGS_FIRST
from core.training.run_record import RunRecord
from core.training.stage_network import BACKBONE

CARD_FILE = "card.json"
SYNTHETIC = "synthetic "


@dataclass(frozen=True, eq=False)
class BundleContent:
    """What goes into a bundle beside the settings.

    Attributes:
        network: Calibrated, its weights rounded as they are written.
        columns: Clinical values that it takes.
        calibration: Folded into the network.
        metrics: On scans that it never saw.
        reference: Scans to compare a new one with.
        reference_of: Which scans the risk scores are of, in words.
        training_deaths: Share of the endpoint's deaths among the labelled training scans.
        record: Of the run: how the network was taught, and what it began with.
    """

    network: MortalityResNet3D
    columns: tuple[ClinicalColumn, ...]
    calibration: Calibration | None
    metrics: tuple[CardMetric, ...]
    reference: Reference
    reference_of: str
    training_deaths: float
    record: RunRecord


def calibrate(network: MortalityResNet3D, scaling: Platt) -> None:
    """Fold Platt scaling into the last layer: log odds' = slope log odds + intercept.

    Raises:
        TrainingError: The slope is not above 0: the score points the wrong way or nowhere.
    """
    if scaling.slope <= 0:
        raise TrainingError(
            f"The model cannot be calibrated: the slope is {scaling.slope:.3g}, so a higher score "
            "does not mean a higher risk.",
            "Train a model that tells deaths from survivors before a bundle is made of it.",
        )
    with torch.no_grad():
        network.classifier.weight.mul_(scaling.slope)
        network.classifier.bias.mul_(scaling.slope)
        network.classifier.bias[DEAD] += scaling.intercept


def round_weights(network: MortalityResNet3D) -> None:
    """Round every weight to what its file will hold."""
    stored = stored_weights(network)
    network.load_state_dict({name: each.float() for name, each in stored.items()})


def stored_weights(network: MortalityResNet3D) -> dict[str, Tensor]:
    """Weights as they are written: 16 bits, but batch norms in 32, whose variances may be small."""
    norms = {
        f"{name}." for name, module in network.named_modules() if isinstance(module, nn.BatchNorm3d)
    }
    return {
        name: (each.float() if name.rpartition(".")[0] + "." in norms else each.half()).contiguous()
        for name, each in network.state_dict().items()
    }


def write_bundle(configuration: TrainingConfiguration, content: BundleContent) -> Path:
    """Write a bundle, whole or not at all; one of the same id is replaced.

    Returns:
        Its folder.

    Raises:
        TrainingError: The configuration asks for no bundle, or the lent backbone is another one.
        ResourcesError: It cannot be written.
    """
    settings = configuration.bundle
    if settings is None:
        raise TrainingError("The configuration has no [bundle].", "Add it.")
    weights = stored_weights(content.network)
    source = None
    if settings.backbone_of is not None:
        source = lender_of(settings.backbone_of, weights)
        weights = {name: each for name, each in weights.items() if not name.startswith(BACKBONE)}
    files = {
        WEIGHTS_FILE: safetensors.torch.save(weights),
        REFERENCE_FILE: content.reference.to_bytes(),
    }
    card = _card(configuration, settings, content, source=source, files=files)
    files[CARD_FILE] = (card.model_dump_json(indent=2) + "\n").encode()
    return _put(settings.folder, configuration.model.id, files)


def lender_of(folder: Path, weights: dict[str, Tensor]) -> BackboneSource:
    """The bundle whose backbone is used, for weights as they are written.

    Raises:
        TrainingError: Its backbone is another one.
    """
    try:
        bundle = Bundle(folder, read_card(folder))
        lent = load(bundle).network.state_dict()
    except WeightsError as error:
        raise TrainingError(
            f"The bundle in backbone_of cannot be used: {error.message}", error.remedy
        ) from None
    same = all(
        torch.equal(lent[name], each.float())
        for name, each in weights.items()
        if name.startswith(BACKBONE)
    )
    if not same or bundle.card.weights_sha256 is None:
        raise TrainingError(
            "The bundle in backbone_of holds another backbone than the trained model.",
            "Write the bundle of the run that the initial weights come from, and name it.",
        )
    return BackboneSource(id=bundle.card.id, weights_sha256=bundle.card.weights_sha256)


def _as_synthetic(content: BundleContent) -> BundleContent:
    """A demonstration was measured on synthetic scans: its card says so beside every number."""
    calibration = content.calibration
    if calibration is not None:
        bins_of = f"{SYNTHETIC}{calibration.bins_of}" if calibration.bins else ""
        changes = {"of": f"{SYNTHETIC}{calibration.of}", "bins_of": bins_of}
        calibration = calibration.model_copy(update=changes)
    return replace(
        content,
        calibration=calibration,
        metrics=tuple(
            each.model_copy(update={"of": f"{SYNTHETIC}{each.of}"}) for each in content.metrics
        ),
        reference_of=f"{SYNTHETIC}{content.reference_of}",
    )


def _card(
    configuration: TrainingConfiguration,
    settings: BundleSettings,
    content: BundleContent,
    *,
    source: BackboneSource | None,
    files: dict[str, bytes],
) -> ModelCard:
    if settings.demonstration:
        content = _as_synthetic(content)
    model = configuration.model
    template = architecture(model.variant).card
    outcome = settings.outcome or template.outcome
    of_curve = template.survival.outcome if template.survival else outcome
    survival = SurvivalOutput(
        outcome=settings.survival_outcome or of_curve,
        breaks_years=model.breaks_years,
        horizons_years=model.horizons_years,
    )
    reference = ReferenceDescription(
        sha256=hashlib.sha256(files[REFERENCE_FILE]).hexdigest(),
        scans=len(content.reference.distances),
        risk_scores=len(content.reference.risk_scores),
        risk_scores_of=content.reference_of,
    )
    changes = {
        "id": model.id,
        "title": settings.title,
        "outcome": outcome,
        "intended_use": settings.intended_use or template.intended_use,
        "training_cohort": settings.training_cohort,
        "demonstration": settings.demonstration,
        "licence": settings.licence,
        "limits": settings.limits,
        "training": content.record.training,
        "deviations": deviations(template, content.record),
        "training_deaths": content.training_deaths,
        "trained": True,
        "weights_sha256": hashlib.sha256(files[WEIGHTS_FILE]).hexdigest(),
        "initialisation_seed": None,
        "initialisation_sha256": None,
        "input": template.input.model_copy(update={"shape": configuration.input.shape}),
        "survival": survival if model.breaks_years else None,
        "clinical": content.columns,
        "metrics": content.metrics,
        "calibration": content.calibration,
        "reference": reference,
        "backbone_of": source,
    }
    return ModelCard.model_validate(dict(template) | changes)


def deviations(template: ModelCard, record: RunRecord) -> tuple[str, ...]:
    """Those of the variant, and that findings took MedicalNet's place where they did."""
    of_variant = tuple(each for each in template.deviations if each != FINDINGS_FIRST)
    return (*of_variant, FINDINGS_FIRST) if record.pretrained == FINDINGS else of_variant


def _put(parent: Path, name: str, files: dict[str, bytes]) -> Path:
    """Write the files into a folder beside, then exchange the folders."""
    folder = parent / name
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".bundle-", dir=parent) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            new.mkdir()
            for file, content in files.items():
                (new / file).write_bytes(content)
            if folder.exists():
                os.replace(folder, old)
            os.replace(new, folder)
    except OSError as error:
        raise ResourcesError(
            f"The bundle could not be written ({error.strerror}).",
            "Choose a folder that may be written to and has space left.",
        ) from None
    return folder
