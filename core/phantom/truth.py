"""The truth behind a phantom's picture: masks as one bit field, and amounts as a JSON document.

Bit k of the field is 1 where finding k is: findings may lie in each other, as a plaque lies in the
heart. NIfTI holds it as int16.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.phantom.outcome import Outcome, hazards
from core.phantom.plaque import Plaque
from core.phantom.protocol import Protocol
from core.phantom.subject import Finding, Subject

BITS: Mapping[Finding, int] = {finding: 1 << k for k, finding in enumerate(Finding)}
"""Value of each finding in the bit field."""

FORMAT = "thoralens phantom truth 1"
MASKS_NAME = "truth.nii.gz"
"""The bit field, beside the document."""

NOTICE = "Synthetic: no person was scanned. Research use only. Not for diagnosis or treatment."


class TruthMasks(Mapping[Finding, NDArray[np.bool_]]):
    """Masks of all findings on one grid; each is unpacked when it is asked for.

    Args:
        labels: Bit field, int16 (slice, row, column).
    """

    def __init__(self, labels: NDArray[np.int16]) -> None:
        self.labels = labels.view()
        self.labels.flags.writeable = False

    def __getitem__(self, finding: Finding) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = (self.labels & np.int16(BITS[finding])) != 0
        return mask

    def __iter__(self) -> Iterator[Finding]:
        return iter(BITS)

    def __len__(self) -> int:
        return len(BITS)

    def voxels(self) -> dict[Finding, int]:
        """Number of voxels of each finding."""
        counts = np.bincount(self.labels.ravel(), minlength=1 << len(BITS))
        values = np.arange(counts.size)
        return {finding: int(counts[values & bit != 0].sum()) for finding, bit in BITS.items()}


def packed(
    masks: Mapping[Finding, NDArray[np.bool_]], shape: tuple[int, int, int]
) -> NDArray[np.int16]:
    """One bit field from masks of one shape."""
    labels = np.zeros(shape, np.int16)
    for finding, mask in masks.items():
        labels |= mask * np.int16(BITS[finding])
    return labels


def truth_document(
    subject: Subject,
    protocol: Protocol,
    *,
    plaques: Iterable[Plaque],
    volumes_ml: Mapping[Finding, float],
    outcome: Outcome | None = None,
) -> dict[str, Any]:
    """All that is known of a phantom, ready for JSON.

    Args:
        subject: Who was painted.
        protocol: How the body was scanned.
        plaques: Every plaque that was painted; places in patient LPS mm.
        volumes_ml: What the masks hold.
        outcome: End of the follow-up, if one was drawn.
    """
    return {
        "format": FORMAT,
        "notice": NOTICE,
        "subject": _plain(subject),
        "protocol": _plain(protocol),
        "plaques": [_plain(plaque) for plaque in plaques],
        "volumes_ml": {finding.value: round(ml, 3) for finding, ml in volumes_ml.items()},
        "masks": MASKS_NAME,
        "bits": {finding.value: bit for finding, bit in BITS.items()},
        "hazards_per_year": {cause.value: hazard for cause, hazard in hazards(subject).items()},
        "outcome": None if outcome is None else _plain(outcome),
    }


def _plain(value: Any) -> Any:
    """Dataclasses, enumerations and arrays as JSON knows them."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
