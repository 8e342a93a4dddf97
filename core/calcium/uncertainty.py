"""How far the score depends on what nobody chose: noise, where the slices begin, two conventions.

The same lesions are weighed again and again (seeded draws) with the threshold moved by the noise of
each lesion's mean (SD / root n), 8 or 4 neighbours, the least area one pixel more or less, and, in
thin slices, with averages that begin at another slice. What differs is the interval; the share of
draws in another category is the chance that the category changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.calcium.categories import agatston_bin
from core.calcium.lesion import Voxels, measure, ordered
from core.calcium.marking import MarkedLesion
from core.calcium.reading import Reading
from core.calcium.rule import EIGHT, FOUR, Rule
from core.calcium.thin_slices import averaged, slices_in_normal
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
        phase_scores: Total for each first slice of the 3 mm averages; empty where slices are thick.
        noise_hu: Standard deviation that was assumed, None: not measured, threshold not moved.
    """

    low: float
    high: float
    least: float
    greatest: float
    category_change: float
    phase_scores: tuple[float, ...]
    noise_hu: float | None


def uncertainty(
    reading: Reading, noise_hu: float | None, progress: Progress = Silent()
) -> Uncertainty:
    """Spread of the total of a reading.

    Args:
        reading: Marked lesions; those of "other" do not count.
        noise_hu: Standard deviation of blood; None where it is not known.
        progress: Stepped once a draw; may cancel.
    """
    phases = _phases(reading)
    widened = [_with_rim(phase) for phase in phases]
    spread = noise_hu or 0.0
    rng = np.random.default_rng(SEED)
    totals = np.empty(DRAWS)
    for draw in range(DRAWS):
        progress.step(draw / DRAWS, "Estimating the uncertainty")
        phase = widened[rng.integers(len(phases))]
        connectivity = int(rng.choice((EIGHT, FOUR)))
        pixels = int(rng.integers(-1, 2))
        totals[draw] = sum(
            _weighed(phase.volume, lesion, reading.rule, connectivity, pixels, spread * shift)
            for lesion, shift in zip(
                _coronary(phase), rng.standard_normal(len(_coronary(phase))), strict=True
            )
        )
    low, high = np.percentile(totals, CENTRAL_PERCENT)
    present = agatston_bin(reading.score().total.agatston)
    changed = float(np.mean([agatston_bin(total) != present for total in totals]))
    phase_scores = tuple(phase.score().total.agatston for phase in phases)
    return Uncertainty(
        low=float(low),
        high=float(high),
        least=float(totals.min()),
        greatest=float(totals.max()),
        category_change=changed,
        phase_scores=phase_scores if len(phases) > 1 else (),
        noise_hu=noise_hu,
    )


def _phases(reading: Reading) -> tuple[Reading, ...]:
    """The reading on the averages of every phase; the reading itself where slices are thick."""
    count = slices_in_normal(reading.volume)
    if count == 1:
        return (reading,)
    return tuple(reading.replayed(volume=averaged(reading.volume, phase)) for phase in range(count))


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
