"""The main job: from a CT to a prognosis and to maps of where the model looked.

The viewer's child process, the command line and the trainer's evaluation all call `analyse`: what
the radiologist sees is what was validated.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.data.fitness import Level, Verdict
from core.errors import ModelInputError, WeightsError
from core.geometry import VolumeGeometry
from core.inference import Inference, choose_engine, infer
from core.models.bundle_folders import Bundle, find_bundle
from core.models.bundles import LoadedModel, load
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import (
    PREPROCESSING,
    SALIENCY_TARGET,
    clinical_tensor,
    to_prognosis,
)
from core.preprocessing.heart_region import lungs_and_heart
from core.preprocessing.intensity import HU_WINDOW, OUTSIDE_INTENSITY, to_intensity
from core.preprocessing.lung_mask import find_lungs, lung_warnings
from core.preprocessing.reorient import reorient
from core.preprocessing.resample import model_grid, resample
from core.progress import Progress, Silent, Span
from core.provenance import StepTimes, provenance
from core.saliency.grad_cam import cell_geometry
from core.saliency.normalise import GRADIENT_PERCENTILE, to_saliency_map
from core.volume import Mask, SaliencyMap, Volume

INTENSITY_SCALE = 255.0


def analyse(request: AnalysisRequest, progress: Progress = Silent()) -> AnalysisResult:
    """Run a model on a CT.

    Args:
        request: Volume, model, clinical values, device.
        progress: Told of every step; may cancel.

    Returns:
        Prognosis, saliency maps on their own grids, the region the model saw, provenance.

    Raises:
        ModelInputError: The series or the clinical values are not what the model was made for.
        WeightsError: The bundle is missing or damaged.
        ResourcesError: Too little memory, or no such device.
    """
    times = StepTimes()
    require_fit(request.fitness.model)
    _require_every_slice(request.volume)
    with times.step("load model"):
        progress.step(0.0, "Loading the model")
        model = _loaded(find_bundle(request.model_id, request.models_folder))
        _require_our_preprocessing(model.card)
        clinical = clinical_tensor(model.card, request.clinical)
        engine = choose_engine(request.device, request.precision)
    prepared = _prepare(request.volume, model.card, times, Span(progress, 0.02, 0.50))
    with times.step("model and maps"):
        span = Span(progress, 0.50, 0.98)
        inference = infer(model.network, prepared.image, clinical, engine=engine, progress=span)
    with times.step("result"):
        maps = _saliency_maps(model.card, inference, prepared.grid)
        prognosis = to_prognosis(model.card, inference.output).with_warnings(
            *(reason.text for reason in request.fitness.model.reasons),
            *prepared.warnings,
            *_empty_map_warnings(maps),
        )
    progress.step(1.0, "Done")
    return AnalysisResult(
        prognosis=prognosis,
        saliency=maps,
        lungs_and_heart=prepared.region,
        card=model.card,
        clinical=dict(request.clinical),
        provenance=provenance(request, model.weights_sha256, engine, PREPROCESSING, times),
    )


@dataclass(frozen=True)
class _Prepared:
    """Input of the network with what was found on the way to it."""

    image: NDArray[np.float32]
    grid: VolumeGeometry
    region: Mask
    warnings: tuple[str, ...]


def _prepare(stored: Volume, card: ModelCard, times: StepTimes, progress: Progress) -> _Prepared:
    with times.step("reorient"):
        volume = reorient(stored)
    with times.step("lung mask"):
        lungs = find_lungs(volume, Span(progress, 0.0, 0.8))
    with times.step("heart region"):
        progress.step(0.8, "Keeping the heart")
        region = lungs_and_heart(lungs)
    with times.step("intensity and resampling"):
        progress.step(0.9, "Resampling to the model's grid")
        grid = model_grid(region, card.input.shape)
        intensity = to_intensity(volume, region)
        resampled = resample(intensity, volume.geometry, grid, card.input.outside_intensity)
        image = (resampled / INTENSITY_SCALE).astype(np.float32)
    return _Prepared(image, grid, region, lung_warnings(lungs))


def warm_up(model_id: str, models_folder: Path | None = None) -> None:
    """Load a model ahead of its first run."""
    _loaded(find_bundle(model_id, models_folder))


def require_fit(verdict: Verdict) -> None:
    """Refuse a series that the model was not made for.

    Raises:
        ModelInputError: With the reasons and the first remedy.
    """
    if verdict.level is not Level.BLOCK:
        return
    blocking = [reason for reason in verdict.reasons if reason.level is Level.BLOCK]
    raise ModelInputError(
        "The model cannot be used on this series: " + " ".join(each.text for each in blocking),
        blocking[0].remedy,
    )


def _require_every_slice(volume: Volume) -> None:
    """Slices that no file holds would be computed as air: refused whatever the gate was told."""
    if volume.missing_slices:
        raise ModelInputError(
            f"The model needs every slice; {len(volume.missing_slices)} of "
            f"{volume.geometry.shape[volume.missing_axis]} are in no readable file.",
            "Export the series again, completely.",
        )


def _require_our_preprocessing(card: ModelCard) -> None:
    """Refuse a card whose network was made for other intensities than we prepare."""
    described = (*card.input.hu_window, card.input.outside_intensity)
    prepared = (*HU_WINDOW, OUTSIDE_INTENSITY)
    if described != prepared:
        wanted, made = (
            f"{low:g}..{high:g} HU, outside {out:g}" for low, high, out in (described, prepared)
        )
        raise WeightsError(
            f"The card of '{card.id}' describes an input of {wanted}; this version makes {made}.",
            "Use a model made for this input, or correct card.json.",
        )


@lru_cache(maxsize=2)
def _loaded(bundle: Bundle) -> LoadedModel:
    """Load once: the key holds the whole card, so that an exchanged bundle is another one."""
    return load(bundle)


def _saliency_maps(
    card: ModelCard, inference: Inference, grid: VolumeGeometry
) -> tuple[SaliencyMap, ...]:
    cells = inference.gradcam.shape
    gradcam = to_saliency_map(
        inference.gradcam,
        cell_geometry(grid, (cells[0], cells[1], cells[2])),
        method="gradcam",
        target=SALIENCY_TARGET,
        threshold=card.gradcam_threshold,
    )
    gradient = to_saliency_map(
        inference.gradient,
        grid,
        method="gradient",
        target=SALIENCY_TARGET,
        threshold=card.gradcam_threshold,
        unit_percentile=GRADIENT_PERCENTILE,
    )
    return gradcam, gradient


def _empty_map_warnings(maps: tuple[SaliencyMap, ...]) -> tuple[str, ...]:
    return tuple(
        f"The {each.method} map is empty: nothing in this scan raises the {each.target}."
        for each in maps
        if not each.values.any()
    )
