"""From a CT as it is stored to what the network is fed: the same for reading and for training.

`core.analysis` and the trainer's cache (`core.training.input_cache`) both call `prepare_input`: a
network never sees other inputs in the reading room than those that it was trained on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.geometry import VolumeGeometry
from core.models.cards import InputDescription
from core.preprocessing.heart_region import lungs_and_heart
from core.preprocessing.intensity import HU_WINDOW, OUTSIDE_INTENSITY, to_intensity
from core.preprocessing.lung_mask import Lungs, find_lungs
from core.preprocessing.reorient import reorient
from core.preprocessing.resample import model_grid, resample
from core.progress import Progress, Silent, Span
from core.provenance import StepTimes
from core.volume import Mask, Volume

INTENSITY_SCALE = 255.0
"""The network's intensities run from 0 to 1."""


@dataclass(frozen=True, eq=False)
class PreparedInput:
    """Input of the network with what was found on the way to it.

    Attributes:
        volume: The scan, reoriented.
        image: (D, H, W) float32, intensities 0..1.
        grid: Where the voxels of `image` lie.
        inside: True for the voxels of `image` in the region: all that the model is shown.
        lungs: Of the scan.
        region: Lungs and heart, on the scan's grid.
    """

    volume: Volume
    image: NDArray[np.float32]
    grid: VolumeGeometry
    inside: NDArray[np.bool_]
    lungs: Lungs
    region: Mask


def prepare_input(
    stored: Volume,
    described: InputDescription,
    progress: Progress = Silent(),
    *,
    times: StepTimes | None = None,
) -> PreparedInput:
    """Reorient, find lungs and heart, scale intensities, resample to the model's grid.

    Args:
        stored: The CT in any storage order.
        described: What the network is fed.
        progress: Told of every step; may cancel.
        times: Filled with the wall time of each step.

    Raises:
        ModelInputError: No lungs are found.
        WeightsError: The network wants other intensities than are made here.
    """
    require_our_intensities(described)
    times = times or StepTimes()
    with times.step("reorient"):
        volume = reorient(stored)
    with times.step("lungs"):
        lungs = find_lungs(volume, Span(progress, 0.0, 0.7))
    with times.step("heart region"):
        progress.step(0.7, "Keeping the heart")
        region = lungs_and_heart(lungs.model)
    with times.step("intensity and resampling"):
        progress.step(0.85, "Resampling to the model's grid")
        grid = model_grid(region, described.shape)
        intensity = to_intensity(volume, region)
        resampled = resample(intensity, volume.geometry, grid, described.outside_intensity)
        image = (resampled / INTENSITY_SCALE).astype(np.float32)
        inside = resample(region.labels, region.geometry, grid, outside=0) >= 0.5
    return PreparedInput(volume, image, grid, inside, lungs, region)


def require_our_intensities(described: InputDescription, whose: str = "the model") -> None:
    """Refuse a network that was made for other intensities than are prepared here.

    Raises:
        WeightsError: With both.
    """
    wanted = (*described.hu_window, described.outside_intensity)
    made = (*HU_WINDOW, OUTSIDE_INTENSITY)
    if wanted != made:
        words = [f"{low:g}..{high:g} HU, outside {out:g}" for low, high, out in (wanted, made)]
        raise WeightsError(
            f"The card of {whose} describes an input of {words[0]}; this version makes {words[1]}.",
            "Use a model made for this input, or correct card.json.",
        )
