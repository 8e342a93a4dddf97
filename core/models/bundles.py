"""From a bundle on disk to a network that may be believed to be the one on the card."""

import hashlib
from dataclasses import dataclass

import safetensors
import safetensors.torch
import torch

from core.errors import WeightsError
from core.models.bundle_folders import WEIGHTS_FILE, Bundle
from core.models.cards import ModelCard
from core.models.initialisation import initialise, state_digest
from core.models.mortality_resnet3d import MortalityResNet3D, build


@dataclass(frozen=True)
class LoadedModel:
    """A network with the digest of what it holds.

    Attributes:
        card: What it is.
        network: In evaluation mode, parameters frozen, float32 on the CPU.
        weights_sha256: Of the weights file, or of the state that the card's seed gave.
    """

    card: ModelCard
    network: MortalityResNet3D
    weights_sha256: str


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
    return LoadedModel(bundle.card, network.eval().requires_grad_(requires_grad=False), digest)


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
    name = bundle.card.id
    try:
        content = (bundle.folder / WEIGHTS_FILE).read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The model '{name}' has no {WEIGHTS_FILE} that can be read ({error.strerror}).",
            "Copy the whole bundle folder anew.",
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != bundle.card.weights_sha256:
        raise WeightsError(
            f"The weights of '{name}' have SHA-256 {digest[:12]}..., the card promises "
            f"{(bundle.card.weights_sha256 or '')[:12]}....",
            "The file is damaged or was exchanged; copy the bundle anew.",
        )
    try:
        state = safetensors.torch.load(content)
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise WeightsError(
            f"The weights of '{name}' do not fit the network that its card describes "
            f"({type(error).__name__}).",
            "Copy a bundle whose card and weights belong together.",
        ) from None
    return digest


def parameter_counts(bundle: Bundle) -> dict[str, int]:
    """Number of parameters: of the published model, and of the survival head beside it."""
    with torch.device("meta"):
        network = build(bundle.card)
    total = sum(parameter.numel() for parameter in network.parameters())
    head = network.survival_head
    survival = 0 if head is None else sum(parameter.numel() for parameter in head.parameters())
    return {"published_model": total - survival, "survival_head": survival}
