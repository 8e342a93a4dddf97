"""What Models D and E are before anyone trains them: cards with a seed in place of weights.

The trainer makes the cards of its bundles from them; a network can be had of them without a file.
"""

from pathlib import Path

from core.models.bundle_folders import Bundle
from core.models.cards import read_card

ARCHITECTURES = Path(__file__).resolve().parents[2] / "resources" / "architectures"
FOLDERS = {"D": "mortality-resnet3d-d", "E": "mortality-resnet3d-e"}


def architecture(variant: str) -> Bundle:
    """The untrained bundle of a variant: D or E.

    Raises:
        KeyError: No such variant.
        WeightsError: The card is damaged.
    """
    folder = ARCHITECTURES / FOLDERS[variant]
    return Bundle(folder, read_card(folder))
