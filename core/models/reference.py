"""Where a scan stands among the scans that a model was made of: by its risk, and by its likeness.

Distance: of pooled features from their mean after whitening (Mahalanobis 1936); the whitening is
that of probabilistic principal components (Tipping & Bishop, J R Stat Soc B 1999;61:611), which
treats all small directions alike. What lies far from every training scan was never learned.
"""

from dataclasses import dataclass, replace

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from core.prognosis import FAR_FROM_TRAINING, Prognosis

Floats = NDArray[np.float32]
NAMES = ("mean", "whitening", "distances", "risk_scores")


@dataclass(frozen=True, eq=False)
class Reference:
    """Of one model.

    Attributes:
        mean: (features,) of the training scans.
        whitening: (features, directions).
        distances: Rising, of the training scans.
        risk_scores: Rising, of scans that the model was not trained on.
    """

    mean: Floats
    whitening: Floats
    distances: Floats
    risk_scores: Floats

    def distance(self, pooled: Floats) -> NDArray[np.float64]:
        """Of pooled features (..., features) from the mean: (...,)."""
        apart = (np.asarray(pooled, np.float64) - self.mean) @ self.whitening.astype(np.float64)
        return np.asarray(np.linalg.norm(apart, axis=-1))

    def out_of_distribution(self, pooled: Floats) -> float:
        """Share of the training scans, 0..1, that lie closer to their mean than this scan."""
        return _share_below(self.distances, float(self.distance(pooled)))

    def percentile(self, risk_score: float) -> float:
        """Share of the reference scans, 0..1, with a lower risk score; equal ones count half."""
        below = _share_below(self.risk_scores, risk_score)
        upto = np.searchsorted(self.risk_scores, risk_score, side="right") / len(self.risk_scores)
        return float((below + upto) / 2)

    def to_bytes(self) -> bytes:
        """As a safetensors file."""
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in NAMES}
        content: bytes = safetensors.numpy.save(arrays)
        return content


def reference_from(content: bytes) -> Reference:
    """Read what `Reference.to_bytes` wrote.

    Raises:
        ValueError: It is something else.
    """
    try:
        arrays = safetensors.numpy.load(content)
        mean, whitening, distances, risk_scores = (arrays[name] for name in NAMES)
    except (safetensors.SafetensorError, KeyError) as error:
        raise ValueError(f"not a reference: {type(error).__name__}") from None
    fits = whitening.ndim == 2 and mean.shape == whitening.shape[:1]
    if not fits or not len(distances) or not len(risk_scores):
        raise ValueError(f"not a reference: {mean.shape=}, {whitening.shape=}")
    return Reference(mean, whitening, distances, risk_scores)


def placed(prognosis: Prognosis, reference: Reference, pooled: Floats) -> Prognosis:
    """The prognosis with its percentile and its likeness; with a warning where it is unlike.

    Args:
        prognosis: Of one scan.
        reference: Of the model.
        pooled: (features,) of the scan.
    """
    found = replace(
        prognosis,
        percentile=reference.percentile(prognosis.risk_score),
        compared_with=len(reference.risk_scores),
        out_of_distribution=reference.out_of_distribution(pooled),
    )
    return found.with_warnings(FAR_FROM_TRAINING) if found.is_far_from_training else found


def _share_below(rising: Floats, value: float) -> float:
    return float(np.searchsorted(rising, value, side="left") / len(rising))
