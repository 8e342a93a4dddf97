"""Sanity checks of one case's GradCAM: does it show the model, and does it stay where it should?

After Adebayo et al. 2018, Sanity checks for saliency maps (arXiv:1810.03292), and Arun et al. 2021
(doi:10.1148/ryai.2021200267). Four forward passes, no backward pass through the backbone. Maps are
compared over the cells that lie in lungs and heart: outside, the constant surroundings would make
any two maps alike. Whether a map stays is Pearson's correlation, which its hot cells decide as they
do on the screen: ranks would count the order of the cold cells, which nobody sees. Whether it goes
is the larger of Pearson's and Spearman's (Adebayo's measure): either may betray one drawing.
The score: `core.saliency.map_trust`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import shift as shifted
from torch import Tensor

from core.case import Case
from core.inference import features
from core.models.backbones import CELL_STRIDE
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Progress, Silent, Span
from core.saliency.forgetting import forgetful, forgetful_head, turn_around
from core.saliency.head_cam import head_cam
from core.saliency.map_trust import (
    AGREEMENT,
    FLIP,
    NOISE,
    SHIFT,
    WEIGHTS,
    MapTrust,
    TrustPart,
    trust_of,
)
from core.saliency.sanity import block_means, hottest_overlap, pearson, spearman

Cells = NDArray[np.float32]

SHIFT_VOXELS = 2
"""A quarter of a cell along each axis: far below what the map can show."""

NOISE_HU = 20.0
"""Standard deviation on the network's grid: about what a low-dose CT has left after resampling."""

NOISE_SEED = 20181003
HEAD_SEEDS = (11, 12, 13, 14)
"""Of the heads that learned nothing: several, since one may by chance weigh as the trained one."""

CASCADE_SEED = 21
FEWEST_CELLS = 8
"""With fewer cells inside lungs and heart, a correlation over them would say nothing."""

NOT_TRAINED = "The model was never trained: whatever the map shows was not learned from patients."
SYNTHETIC = "The model learned from synthetic people alone: of a patient its map says nothing."


def map_trust(case: Case, progress: Progress = Silent()) -> MapTrust:
    """Check the GradCAM of a case.

    Args:
        case: The last run, kept warm.
        progress: Told at every layer of every pass; may cancel.

    Returns:
        Score, parts and words. A map that is the same everywhere has score 0 and no parts. The
        part `AGREEMENT` is missing where the run made no gradient.

    Raises:
        ResourcesError: Not enough memory.
    """
    subject = _Subject(case, np.asarray(case.inference.gradcam), _inside(case))
    if np.ptp(subject.original[subject.inside]) == 0:
        what = "empty" if not subject.original.any() else "the same everywhere"
        return MapTrust(0, (), f"not trustworthy. The map is {what} within lungs and heart.")
    checks: tuple[Callable[[_Subject, Progress], TrustPart | None], ...]
    checks = (_weights, _shift, _noise, _flip, _agreement)
    found = []
    for number, check in enumerate(checks):
        start = time.perf_counter()
        span = Span(progress, number / len(checks), (number + 1) / len(checks))
        part = check(subject, span)
        if part is not None:
            found.append(_timed(part, start))
    progress.step(1.0, "The map is checked")
    return trust_of(tuple(found), remark=_remark(case.card))


def _remark(card: ModelCard) -> str:
    """What a stable map still does not say, by the weights."""
    if not card.trained:
        return NOT_TRAINED
    return SYNTHETIC if card.demonstration else ""


@dataclass(frozen=True, eq=False)
class _Subject:
    """The map that is judged, and what can make others like it.

    Attributes:
        case: Of the run.
        original: GradCAM of the run, raw (d, h, w).
        inside: True for the cells that are compared.
    """

    case: Case
    original: Cells
    inside: NDArray[np.bool_]

    def map_of(self, network: MortalityResNet3D, layer: Tensor) -> Cells:
        """GradCAM of the case's target by the heads of a network, on features (1, 512, d, h, w)."""
        case = self.case
        return head_cam(network, layer, case.clinical, case.target, case.breaks_years)

    def looked_at(self, image: NDArray[np.float32], progress: Progress) -> Cells:
        """GradCAM of another image by the same network."""
        case = self.case
        layer = features(case.network, image[None], engine=case.engine, progress=progress)
        return self.map_of(case.network, layer)

    def alike(self, other: Cells) -> float:
        """Pearson's correlation with the original over the cells inside."""
        return pearson(self.original[self.inside], other[self.inside])

    def same_drawing(self, network: MortalityResNet3D, layer: Tensor) -> float:
        """Likeness, 0..1, of what a network with random heads draws for the target and against it.

        The sign of random heads is chance, and GradCAM hides what lowers the target: of both
        directions the one that is more like the original counts.
        """
        drawn = [self.map_of(network, layer)]
        turn_around(network)
        drawn.append(self.map_of(network, layer))
        return max(0.0, *(m(each) for m in (self.alike, self.ranked_alike) for each in drawn))

    def ranked_alike(self, other: Cells) -> float:
        """Spearman's correlation with the original over the cells inside."""
        return spearman(self.original[self.inside], other[self.inside])

    def overlap_words(self, other: Cells) -> str:
        """Correlation and overlap of the hottest cells, in words."""
        shared = hottest_overlap(self.original[self.inside], other[self.inside])
        return f"correlation {_said(self.alike(other))}, hottest tenth shared {100 * shared:.0f} %"


def _weights(subject: _Subject, progress: Progress) -> TrustPart:
    """Forget from the top: the head (in several ways), then the head and layer 4.

    Value: 1 - the mean correlation of the two steps (`same_drawing`). A network that was never
    trained draws another picture with other random weights, as a trained one does: correlations
    cannot tell. But it has learned nothing that the picture could owe to it: its value is 0.
    """
    case = subject.case
    heads = [
        subject.same_drawing(forgetful_head(case.network, seed), case.inference.features)
        for seed in HEAD_SEEDS
    ]
    network = forgetful(case.network, CASCADE_SEED)
    layer = features(network, case.image[None], engine=case.engine, progress=progress)
    deeper = subject.same_drawing(network, layer)
    likeness = (float(np.mean(heads)) + deeper) / 2
    words = (
        f"Correlation with random weights in the head {np.mean(heads):.2f}, "
        f"in layer 4 and head {deeper:.2f}; 0 is expected."
    )
    if not case.card.trained:
        return _part(WEIGHTS, 0.0, f"Nothing was learned, hence 0. {words}")
    return _part(WEIGHTS, 1 - likeness, words)


def _shift(subject: _Subject, progress: Progress) -> TrustPart:
    """Move the scan by `SHIFT_VOXELS` along every axis, and the map back by the same way."""
    case = subject.case
    moved = np.full_like(case.image, _surroundings(case))
    kept, given = slice(SHIFT_VOXELS, None), slice(None, -SHIFT_VOXELS)
    moved[kept, kept, kept] = case.image[given, given, given]
    cells = subject.looked_at(moved, progress)
    back = shifted(cells, -SHIFT_VOXELS / CELL_STRIDE, order=1, mode="nearest")
    words = f"Scan moved by {SHIFT_VOXELS} voxels: {subject.overlap_words(back)}."
    return _part(SHIFT, subject.alike(back), words)


def _noise(subject: _Subject, progress: Progress) -> TrustPart:
    """Add noise inside the region, the same for every run."""
    case = subject.case
    low, high = case.card.input.hu_window
    noise = np.random.Generator(np.random.PCG64(NOISE_SEED)).standard_normal(
        case.image.shape, dtype=np.float32
    )
    noise *= np.float32(NOISE_HU / (high - low))
    noise[~case.inside] = 0
    cells = subject.looked_at(np.clip(case.image + noise, 0, 1), progress)
    words = f"Noise of {NOISE_HU:g} HU added: {subject.overlap_words(cells)}."
    return _part(NOISE, subject.alike(cells), words)


def _flip(subject: _Subject, progress: Progress) -> TrustPart:
    """Mirror left and right, and the map back.

    A model that knows on which side the heart lies may answer otherwise: the part counts half.
    """
    mirrored = subject.looked_at(np.ascontiguousarray(_mirrored(subject.case.image)), progress)
    back = _mirrored(mirrored)
    words = f"Scan mirrored left to right: {subject.overlap_words(back)}."
    return _part(FLIP, subject.alike(back), words)


def _agreement(subject: _Subject, _progress: Progress) -> TrustPart | None:
    """Absolute input gradient, averaged over each cell, beside GradCAM. None without a gradient.

    Compared by ranks: the two have no unit in common.
    """
    gradient = subject.case.inference.gradient
    if gradient is None:
        return None
    depth, height, width = subject.original.shape
    cells = block_means(np.abs(gradient), (depth, height, width)).astype(np.float32)
    alike = subject.ranked_alike(cells)
    words = f"Gradient averaged over GradCAM's cells: correlation of ranks {_said(alike)}."
    return _part(AGREEMENT, alike, words)


def _mirrored(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mirror columns about column 0, which comes back at the far side.

    Cell i looks at the voxels around 8 i: only about voxel 0 does the mirror map cells to cells.
    """
    return np.roll(values[..., ::-1], 1, axis=-1)


def _surroundings(case: Case) -> np.float32:
    """Intensity 0..1 of what lies outside lungs and heart."""
    return np.float32(case.card.input.outside_intensity / 255.0)


def _inside(case: Case) -> NDArray[np.bool_]:
    """The cells that lie at least half in lungs and heart; all of them where those are too few."""
    depth, height, width = case.inference.gradcam.shape
    inside: NDArray[np.bool_] = block_means(case.inside, (depth, height, width)) >= 0.5
    return inside if inside.sum() >= FEWEST_CELLS else np.ones_like(inside)


def _said(correlation: float) -> str:
    return f"{correlation:.2f}".replace("-", "\N{MINUS SIGN}")


def _part(name: str, value: float, words: str) -> TrustPart:
    return TrustPart(name, float(np.clip(value, 0, 1)), words, 0.0)


def _timed(part: TrustPart, start: float) -> TrustPart:
    return TrustPart(part.name, part.value, part.words, round(time.perf_counter() - start, 3))
