"""From a bundle on disk to a network that may be believed to be the one on the card."""

import hashlib
from dataclasses import dataclass

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from core.errors import WeightsError
from core.models.bundle_folders import REFERENCE_FILE, WEIGHTS_FILE, Bundle
from core.models.cards import ModelCard
from core.models.initialisation import initialise, state_digest
from core.models.mortality_resnet3d import MortalityResNet3D, build
from core.models.reference import Reference, reference_from

BACKBONE = "backbone."


@dataclass(frozen=True)
class LoadedModel:
    """A network with the digest of what it holds.

    Attributes:
        card: What it is.
        network: In evaluation mode, parameters frozen, float32 on the CPU.
        weights_sha256: Of the weights file, or of the state that the card's seed gave.
        reference: Scans to compare a new one with; None where the bundle holds none.
    """

    card: ModelCard
    network: MortalityResNet3D
    weights_sha256: str
    reference: Reference | None = None


def load(bundle: Bundle) -> LoadedModel:
    """Build the network of a bundle and fill it.

    The digest is checked before a byte of the weights is parsed.

    Raises:
        WeightsError: The weights are missing, damaged, or not those of the card's network.
    """
    network = build(bundle.card)
    if bundle.card.weights_sha256 is None:
        digest = _from_seed(bundle, network)
    else:
        digest = _from_file(bundle, network)
    network.eval().requires_grad_(requires_grad=False)
    return LoadedModel(bundle.card, network, digest, _reference(bundle))


def _from_seed(bundle: Bundle, network: MortalityResNet3D) -> str:
    seed = bundle.card.initialisation_seed
    if seed is None:  # the card's own check forbids it
        raise WeightsError("The card names neither weights nor a seed.", "Copy the bundle anew.")
    initialise(network, seed)
    digest = state_digest(network.state_dict())
    if digest != bundle.card.initialisation_sha256:
        raise WeightsError(
            f"The seed of '{bundle.card.id}' gave weights with digest {digest[:12]}, its card "
            f"promises {(bundle.card.initialisation_sha256 or 'none')[:12]}.",
            "This machine computes differently or the card was changed: report it to us.",
        )
    return digest


def _from_file(bundle: Bundle, network: MortalityResNet3D) -> str:
    promised = bundle.card.weights_sha256 or ""
    content = _checked_bytes(bundle, WEIGHTS_FILE, promised)
    try:
        state = _backbone_state(bundle) | safetensors.torch.load(content)
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise WeightsError(
            f"The weights of '{bundle.card.id}' do not fit the network that its card describes "
            f"({type(error).__name__}).",
            "Copy a bundle whose card and weights belong together.",
        ) from None
    return promised


def _backbone_state(bundle: Bundle) -> dict[str, Tensor]:
    """The backbone that another bundle lends; nothing where there is no such bundle."""
    lender, source = bundle.backbone, bundle.card.backbone_of
    if lender is None or source is None:
        return {}
    content = _checked_bytes(lender, WEIGHTS_FILE, source.weights_sha256)
    state: dict[str, Tensor] = safetensors.torch.load(content)
    return {name: value for name, value in state.items() if name.startswith(BACKBONE)}


def _reference(bundle: Bundle) -> Reference | None:
    described = bundle.card.reference
    if described is None:
        return None
    content = _checked_bytes(bundle, REFERENCE_FILE, described.sha256)
    try:
        return reference_from(content)
    except ValueError:
        raise WeightsError(
            f"The reference scans of '{bundle.card.id}' do not follow their format.",
            "Copy a bundle whose card and files belong together.",
        ) from None


def _checked_bytes(bundle: Bundle, file: str, promised: str) -> bytes:
    """What a file of a bundle holds, if it has the digest that a card promises.

    Raises:
        WeightsError: It is missing, or it is another.
    """
    name = bundle.card.id
    try:
        content = (bundle.folder / file).read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The model '{name}' has no {file} that can be read ({error.strerror}).",
            "Copy the whole bundle folder anew.",
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != promised:
        what = "weights" if file == WEIGHTS_FILE else "reference scans"
        raise WeightsError(
            f"The {what} of '{name}' have SHA-256 {digest[:12]}..., the card promises "
            f"{promised[:12]}....",
            "The file is damaged or was exchanged; copy the bundle anew.",
        )
    return content


def parameter_counts(bundle: Bundle) -> dict[str, int]:
    """Number of parameters: of the published model, and of the survival head beside it."""
    with torch.device("meta"):
        network = build(bundle.card)
    total = sum(parameter.numel() for parameter in network.parameters())
    head = network.survival_head
    survival = 0 if head is None else sum(parameter.numel() for parameter in head.parameters())
    return {"published_model": total - survival, "survival_head": survival}
