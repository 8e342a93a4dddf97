"""Which model bundles this machine holds, and whether their weights are what the cards promise.

A bundle lies in ``resources/models/<id>`` (ours) or ``<user data>/models/<id>`` (the user's own,
made by the trainer). Reads cards and digests only: no torch.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from core.errors import WeightsError
from core.models.cards import BackboneSource, ModelCard, read_card

BUNDLED = Path(__file__).resolve().parents[2] / "resources" / "models"
WEIGHTS_FILE = "weights.safetensors"
REFERENCE_FILE = "reference.safetensors"

STATES = {
    "present": "weights present and undamaged",
    "seed": "NOT trained: weights come from a seed, its numbers mean nothing",
    "missing": "weights missing: copy the bundle anew",
    "damaged": "weights damaged: copy the bundle anew",
}
DEMONSTRATION_ALONE = "demonstration: trained on synthetic people alone"


@dataclass(frozen=True)
class Bundle:
    """A model bundle on disk.

    Attributes:
        folder: Where it lies.
        card: Its card.
    """

    folder: Path
    card: ModelCard

    @property
    def weights(self) -> str:
        """One of present, missing, damaged; or seed, where the card names no weights file.

        Weights that may not be read count as missing.
        """
        if self.card.weights_sha256 is None:
            return "seed"
        states = [self._state(WEIGHTS_FILE, self.card.weights_sha256)]
        if self.card.reference:
            states.append(self._state(REFERENCE_FILE, self.card.reference.sha256))
        if self.card.backbone_of:
            states.append(self._backbone_state(self.card.backbone_of))
        return next((state for state in states if state != "present"), "present")

    @property
    def state_in_words(self) -> str:
        """What `weights` says, what to do about it, and whether they are a demonstration."""
        words = STATES[self.weights]
        return f"{words}; {DEMONSTRATION_ALONE}" if self.card.demonstration else words

    @property
    def backbone(self) -> "Bundle | None":
        """The bundle whose backbone this one uses; None where it has its own.

        Raises:
            WeightsError: That bundle is not here.
        """
        source = self.card.backbone_of
        return None if source is None else find_bundle(source.id, self.folder.parent)

    def _backbone_state(self, source: BackboneSource) -> str:
        try:
            found = find_bundle(source.id, self.folder.parent)
        except WeightsError:
            return "missing"
        return found._state(WEIGHTS_FILE, source.weights_sha256)

    def _state(self, name: str, sha256: str) -> str:
        try:
            with (self.folder / name).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return "missing"
        return "present" if found == sha256 else "damaged"


def user_models_folder() -> Path:
    """Where a user's own bundles are looked for."""
    return Path(platformdirs.user_data_dir("thoralens", appauthor=False)) / "models"


def bundles(extra: Path | None = None) -> tuple[Bundle, ...]:
    """All bundles: the bundled ones, then the user's, in order of their ids.

    Args:
        extra: Folder of bundles to use instead of the user's own.

    Raises:
        WeightsError: A card is damaged, or two bundles carry one id.
    """
    found: dict[str, Bundle] = {}
    for parent in (BUNDLED, extra or user_models_folder()):
        for bundle in _in_folder(parent):
            if bundle.card.id in found:
                raise WeightsError(
                    f"Two model bundles carry the id '{bundle.card.id}'.",
                    "Give your own bundle another id in its card.json.",
                )
            found[bundle.card.id] = bundle
    return tuple(found.values())


def list_cards(extra: Path | None = None) -> tuple[ModelCard, ...]:
    """Cards of all bundles."""
    return tuple(bundle.card for bundle in bundles(extra))


def our_cards() -> tuple[ModelCard, ...]:
    """Cards of the bundled models alone."""
    return tuple(bundle.card for bundle in _in_folder(BUNDLED))


def _in_folder(parent: Path) -> Iterator[Bundle]:
    for card in sorted(parent.glob("*/card.json")):
        yield Bundle(card.parent, read_card(card.parent))


def find_bundle(model_id: str, extra: Path | None = None) -> Bundle:
    """The bundle with this id; one of ours is given whatever a user's folder holds.

    Raises:
        WeightsError: There is none; the message names those that exist.
    """
    ours = next((each for each in _in_folder(BUNDLED) if each.card.id == model_id), None)
    if ours is not None:
        return ours
    found = bundles(extra)
    for bundle in found:
        if bundle.card.id == model_id:
            return bundle
    names = ", ".join(bundle.card.id for bundle in found)
    raise WeightsError(
        f"There is no model '{model_id}'; this machine holds: {names}.",
        "Choose one of these, or copy the bundle's folder into the models folder.",
    )
