"""How far a saliency map may be trusted: one score and its parts. No torch: the viewer reads it.

Formula: score = 100 sqrt(w s). w is the part `WEIGHTS`: how much of the picture goes when the
network forgets what it learned. s is the weighted mean of the other parts (`STABILITY_WEIGHTS`):
whether the picture stays where it should. The geometric mean, because neither makes up for the
other: an edge detector is perfectly stable and shows nothing of the model (Adebayo et al. 2018,
arXiv:1810.03292), noise depends on every weight and shows nothing of the patient. A part that could
not be measured is left out of the formula and named.

What it is not: no value says that a map is right. Arun et al. 2021 (doi:10.1148/ryai.2021200267)
found that none of eight methods on chest radiographs held all of utility, repeatability and
sensitivity to weights. Weights and bands are ours, not calibrated on any cohort.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

WEIGHTS = "weights"
SHIFT = "shift"
NOISE = "noise"
FLIP = "flip"
AGREEMENT = "agreement"

STABILITY_WEIGHTS: Mapping[str, float] = {SHIFT: 2.0, NOISE: 2.0, FLIP: 1.0, AGREEMENT: 1.0}
"""Shift and noise must not matter at all. A mirrored chest may (the heart lies left), and gradient
and GradCAM answer different questions: these two count half."""

PART_TITLES: Mapping[str, str] = {
    WEIGHTS: "Depends on what was learned",
    SHIFT: "Stays under a small shift",
    NOISE: "Stays under noise",
    FLIP: "Stays when mirrored",
    AGREEMENT: "Gradient and GradCAM agree",
}

CONSISTENT_FROM, DOUBTFUL_FROM = 70, 40
"""Scores from which a map is called consistent, and doubtful."""


@dataclass(frozen=True)
class TrustPart:
    """One check.

    Attributes:
        name: One of the keys of `PART_TITLES`.
        value: 0..1; 1 is what a trustworthy map would give.
        words: What was done and seen.
        seconds: Wall time it took.
    """

    name: str
    value: float
    words: str
    seconds: float


@dataclass(frozen=True)
class MapTrust:
    """How far the GradCAM of one case may be trusted.

    Attributes:
        score: 0..100, by the formula of this module.
        parts: What was measured, in the order of `PART_TITLES`.
        words: The band ("not trustworthy", "doubtful" or "consistent"; never "correct"), and what
            limits the statement.
    """

    score: int
    parts: tuple[TrustPart, ...]
    words: str

    @property
    def band(self) -> str:
        """The band alone."""
        return band(self.score)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the parts that could not be measured."""
        return tuple(name for name in PART_TITLES if name not in {part.name for part in self.parts})

    @property
    def seconds(self) -> float:
        """Wall time of all parts."""
        return sum(part.seconds for part in self.parts)


def band(score: int) -> str:
    """The word for a score."""
    if score >= CONSISTENT_FROM:
        return "consistent"
    return "doubtful" if score >= DOUBTFUL_FROM else "not trustworthy"


def trust_score(values: Mapping[str, float]) -> int:
    """The score of the parts that were measured.

    Args:
        values: Part name -> 0..1, clipped here; a missing part is left out.

    Returns:
        0..100; 0 where no part was measured.
    """
    clipped = {name: min(max(value, 0.0), 1.0) for name, value in values.items()}
    stable = {name: value for name, value in clipped.items() if name in STABILITY_WEIGHTS}
    factors = []
    if stable:
        total = sum(STABILITY_WEIGHTS[name] for name in stable)
        factors.append(sum(STABILITY_WEIGHTS[name] * stable[name] for name in stable) / total)
    if WEIGHTS in clipped:
        factors.append(clipped[WEIGHTS])
    if len(factors) == 2:
        return round(100 * sqrt(factors[0] * factors[1]))
    return round(100 * factors[0]) if factors else 0


def trust_of(parts: tuple[TrustPart, ...], *, remark: str = "") -> MapTrust:
    """Parts with their score and words.

    Args:
        parts: What was measured.
        remark: What limits the statement, as a sentence; follows the band.
    """
    score = trust_score({part.name: part.value for part in parts})
    trust = MapTrust(score, parts, band(score))
    sentences = [f"{trust.band}."]
    if trust.missing:
        titles = ", ".join(PART_TITLES[name] for name in trust.missing)
        sentences.append(f"Not measured, not counted: {titles}.")
    if remark:
        sentences.append(remark)
    return MapTrust(score, parts, " ".join(sentences)) if len(sentences) > 1 else trust
