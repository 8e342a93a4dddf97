"""How far the score depends on what nobody chose: noise, where the slices begin, two conventions.

The same lesions are weighed again and again (seeded draws) with the threshold moved by the noise of
each lesion's mean (SD / root n), 8 or 4 neighbours, the least area one pixel more or less, and,
where slices are thin or overlap, with slices of about 3 mm that begin at another one. What differs
is the interval; the share of draws in another category is the chance that the category changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.calcium.categories import agatston_bin
from core.calcium.lesion import Voxels, measure, ordered
from core.calcium.marking import MarkedLesion
from core.calcium.reading import Reading
from core.calcium.rule import EIGHT, FOUR, Rule
from core.calcium.thick_reading import at_phase, grouping_of
from core.progress import Progress, Silent
from core.volume import Volume

DRAWS = 200
SEED = 20260101
CENTRAL_PERCENT = (2.5, 97.5)


@dataclass(frozen=True)
class Uncertainty:
    """Spread of the total score.

    Attributes:
        low: 2.5th percentile of the draws.
        high: 97.5th percentile.
        least: Smallest draw.
        greatest: Largest draw.
        category_change: Chance (0..1) that the category is another one.
        phase_scores: Total for each first slice of the slices of about 3 mm; empty where the scan's
            own neither are thin nor overlap.
        noise_hu: Standard deviation that was assumed, None: not measured, threshold not moved.
        slices: Which were weighed, in words with their true distance; "" for the scan's own.
    """

    low: float
    high: float
    least: float
    greatest: float
    category_change: float
    phase_scores: tuple[float, ...]
    noise_hu: float | None
    slices: str = ""


def uncertainty(
    reading: Reading, noise_hu: float | None, progress: Progress = Silent()
) -> Uncertainty:
    """Spread of the total of a reading.

    Args:
        reading: Marked lesions; those of "other" do not count.
        noise_hu: Standard deviation of blood; None where it is not known.
        progress: Stepped once a draw; may cancel.
    """
    made = grouping_of(reading)
    draws = _drawn(made.step)
    totals = np.empty(DRAWS)
    phase_scores = []
    for phase in range(made.step):  # one at a time: each holds slices of its own
        chosen = np.flatnonzero(draws.phases == phase)
        found, totals[chosen] = _of_phase(reading, draws, phase, noise_hu or 0.0, progress)
        phase_scores.append(found)
    low, high = np.percentile(totals, CENTRAL_PERCENT)
    present = agatston_bin(reading.score().total.agatston)
    changed = float(np.mean([agatston_bin(total) != present for total in totals]))
    return Uncertainty(
        low=float(low),
        high=float(high),
        least=float(totals.min()),
        greatest=float(totals.max()),
        category_change=changed,
        phase_scores=tuple(phase_scores) if made.step > 1 else (),
        noise_hu=noise_hu,
        slices=made.words,
    )


@dataclass(frozen=True, eq=False)
class _Draws:
    """What chance decides of each draw; those of one phase follow each other."""

    phases: NDArray[np.int64]
    connectivity: NDArray[np.int64]
    pixels: NDArray[np.int64]


def _drawn(phases: int) -> _Draws:
    rng = np.random.default_rng(SEED)
    return _Draws(
        phases=np.sort(rng.integers(phases, size=DRAWS)),
        connectivity=rng.choice((EIGHT, FOUR), size=DRAWS),
        pixels=rng.integers(-1, 2, size=DRAWS),
    )


def _of_phase(
    reading: Reading, draws: _Draws, phase: int, noise_hu: float, progress: Progress
) -> tuple[float, list[float]]:
    """Score of a phase, and those of its draws."""
    varied = at_phase(reading, phase)
    widened = _with_rim(varied)
    shifts_hu = _shifts_hu(phase, len(_coronary(widened)), noise_hu)
    totals = []
    for number in np.flatnonzero(draws.phases == phase).tolist():
        progress.step(number / DRAWS, "Estimating the uncertainty")
        totals.append(_total(widened, draws, number, shifts_hu[number]))
    return varied.score().total.agatston, totals


def _shifts_hu(phase: int, lesions: int, noise_hu: float) -> NDArray[np.float64]:
    """(draws, lesions): noise of one voxel of each."""
    return noise_hu * np.random.default_rng((SEED, phase)).standard_normal((DRAWS, lesions))


def _total(phase: Reading, draws: _Draws, number: int, shifts_hu: NDArray[np.float64]) -> float:
    connectivity, pixels = int(draws.connectivity[number]), int(draws.pixels[number])
    return sum(
        _weighed(phase.volume, lesion, phase.rule, connectivity, pixels, shift_hu)
        for lesion, shift_hu in zip(_coronary(phase), shifts_hu, strict=True)
    )


def _coronary(reading: Reading) -> Sequence[MarkedLesion]:
    return [lesion for lesion in reading.marks.lesions if lesion.vessel.is_coronary]


def _weighed(
    volume: Volume,
    lesion: MarkedLesion,
    rule: Rule,
    connectivity: int,
    pixels: int,
    shift_hu: float,
) -> float:
    moved = shift_hu / np.sqrt(len(lesion.voxels))
    pixel_mm2 = volume.geometry.spacing_mm[1] * volume.geometry.spacing_mm[2]
    varied = Rule(
        rule.name,
        _shifted(rule, moved),
        rule.kvp,
        connectivity,
        max(rule.least_area_mm2 + pixels * pixel_mm2, 0.0),
    )
    found = measure(volume, lesion.voxels, varied)
    return 0.0 if found is None else found.agatston


def _shifted(rule: Rule, moved_hu: float) -> tuple[int, int, int, int]:
    """The threshold and every cut point moved alike: noise moves the values, not the rule."""
    first, second, third, fourth = (round(point + moved_hu) for point in rule.cut_points_hu)
    return first, second, third, fourth


def _with_rim(reading: Reading) -> Reading:
    """Each lesion with its neighbours under the threshold: noise may lift them over it."""
    marks = reading.marks
    lesions = tuple(
        replace(each, voxels=_rimmed(reading.volume, each.voxels, reading.rule.threshold_hu))
        for each in marks.lesions
    )
    done = () if not reading.done else ((reading.edits[-1], replace(marks, lesions=lesions)),)
    return replace(reading, done=done)


def _rimmed(volume: Volume, voxels: Voxels, threshold_hu: int) -> Voxels:
    shape = volume.geometry.shape
    steps = [(0, row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    around = (voxels[:, None] + np.array(steps)).reshape(-1, 3)
    around = around[np.all((around >= 0) & (around < shape), axis=1)]
    rim = around[volume.hu[tuple(around.T)] < threshold_hu]
    return ordered(np.concatenate((voxels, rim)), shape)
