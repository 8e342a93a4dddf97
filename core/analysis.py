"""The main job: from a CT to a prognosis and to maps of where the model looked.

The viewer's child process, the command line and the trainer's evaluation all call `analyse`: what
the radiologist sees is what was validated.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.data.fitness import Level, Verdict
from core.errors import ModelInputError
from core.geometry import VolumeGeometry
from core.inference import Inference, choose_engine, infer
from core.models.bundle_folders import find_bundle
from core.models.bundles import LoadedModel, load
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import (
    PREPROCESSING,
    SALIENCY_TARGET,
    clinical_tensor,
    to_prognosis,
)
from core.preprocessing.heart_region import lungs_and_heart
from core.preprocessing.intensity import to_intensity
from core.preprocessing.lung_mask import find_lungs, lung_warnings
from core.preprocessing.reorient import reorient
from core.preprocessing.resample import model_grid, resample
from core.progress import Progress, Silent, Span
from core.provenance import StepTimes, provenance
from core.saliency.grad_cam import cell_geometry
from core.saliency.normalise import GRADIENT_PERCENTILE, to_saliency_map
from core.volume import SaliencyMap

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
    with times.step("load model"):
        progress.step(0.0, "Loading the model")
        bundle = find_bundle(request.model_id, request.models_folder)
        card, model = bundle.card, _loaded(bundle.folder, request.model_id, request.models_folder)
        clinical = clinical_tensor(card, request.clinical)
        engine = choose_engine(request.device, request.precision)
    with times.step("reorient"):
        volume = reorient(request.volume)
    with times.step("lung mask"):
        lungs = find_lungs(volume, Span(progress, 0.02, 0.40))
    with times.step("heart region"):
        progress.step(0.40, "Keeping the heart")
        region = lungs_and_heart(lungs)
    with times.step("intensity and resampling"):
        progress.step(0.45, "Resampling to the model's grid")
        grid = model_grid(region, card.input.shape)
        intensity = resample(
            to_intensity(volume, region), volume.geometry, grid, card.input.outside_intensity
        )
    with times.step("model and maps"):
        image = (intensity / INTENSITY_SCALE).astype(np.float32)
        inference = infer(
            model.network, image, clinical, engine=engine, progress=Span(progress, 0.50, 0.98)
        )
    with times.step("result"):
        maps = _saliency_maps(card, inference, grid)
        prognosis = to_prognosis(card, inference.output).with_warnings(
            *(reason.text for reason in request.fitness.model.reasons),
            *lung_warnings(lungs),
            *_empty_map_warnings(maps),
        )
    progress.step(1.0, "Done")
    return AnalysisResult(
        prognosis=prognosis,
        saliency=maps,
        lungs_and_heart=region,
        card=card,
        clinical=dict(request.clinical),
        provenance=provenance(
            request,
            model.weights_sha256,
            engine.device_name,
            engine.precision,
            PREPROCESSING,
            times,
        ),
    )


def warm_up(model_id: str, models_folder: Path | None = None) -> None:
    """Load a model ahead of its first run."""
    _loaded(find_bundle(model_id, models_folder).folder, model_id, models_folder)


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


@lru_cache(maxsize=2)
def _loaded(_folder: Path, model_id: str, models_folder: Path | None) -> LoadedModel:
    return load(find_bundle(model_id, models_folder))


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
