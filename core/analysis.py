"""The main job: from a CT to a prognosis and to maps of where the model looked.

The viewer's child process, the command line and the trainer's evaluation all call `analyse`: what
the radiologist sees is what was validated.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.case import Case, keep
from core.data.fitness import Level, Verdict
from core.errors import ModelInputError, WeightsError
from core.explanation import GRADIENT, SIGNED_GRADIENT, require_methods
from core.geometry import VolumeGeometry
from core.inference import Engine, Inference, Maps, choose_engine, infer, prepare
from core.models.bundle_folders import Bundle, find_bundle
from core.models.bundles import LoadedModel, load
from core.models.cards import ModelCard
from core.models.mortality_resnet3d import (
    PREPROCESSING,
    clinical_tensor,
    to_prognosis,
)
from core.preprocessing.heart_region import lungs_and_heart
from core.preprocessing.intensity import HU_WINDOW, OUTSIDE_INTENSITY, to_intensity
from core.preprocessing.lung_mask import Lungs, find_lungs, lung_volumes_l, lung_warnings
from core.preprocessing.organ_regions import organ_regions
from core.preprocessing.reorient import reorient
from core.preprocessing.resample import model_grid, resample
from core.progress import Progress, Silent, Span
from core.provenance import StepTimes, provenance
from core.saliency.case_maps import maps_of
from core.saliency.organ_share import organ_share, outside_region_share
from core.saliency.targets import Target, require_target
from core.volume import Mask, SaliencyMap, Volume

INTENSITY_SCALE = 255.0


def analyse(request: AnalysisRequest, progress: Progress = Silent()) -> AnalysisResult:
    """Run a model on a CT.

    Args:
        request: Volume, model, clinical values, device.
        progress: Told of every step; may cancel.

    Returns:
        Prognosis, saliency maps on their own grids, the region the model saw, provenance. The case
        is kept for questions about it (`core.explaining`); a run that ends otherwise leaves the
        one before.

    Raises:
        ModelInputError: The series or the clinical values are not what the model was made for.
        WeightsError: The bundle is missing or damaged.
        ResourcesError: Too little memory, or no such device.
    """
    times = StepTimes()
    _require_usable(request)
    with times.step("load model"):
        progress.step(0.0, "Loading the model")
        model = _loaded(find_bundle(request.model_id, request.models_folder))
        _require_our_preprocessing(model.card)
        require_target(request.target, model.card)
        clinical = clinical_tensor(model.card, request.clinical)
        engine = prepare(model.network, choose_engine(request.device, request.precision))
    prepared = _prepare(request.volume, model.card, times, Span(progress, 0.02, 0.40))
    with times.step("model"):
        span = Span(progress, 0.40, 0.80)
        inference = _infer(request, model, prepared, clinical, engine=engine, progress=span)
    made = provenance(request, model.weights_sha256, inference.engine, PREPROCESSING, times)
    case = prepared.case(made.run_id, model, clinical, request.target, inference)
    with times.step("maps"):
        maps = maps_of(case, request.target, request.methods, Span(progress, 0.80, 0.95))
    with times.step("organ shares"):
        shares = {each.method: organ_share(each, prepared.regions) for each in maps}
        outside = outside_region_share(maps, case.shown)
    prognosis = to_prognosis(model.card, inference.output).with_warnings(
        *(reason.text for reason in request.fitness.model.reasons),
        *lung_warnings(prepared.lungs),
        *_empty_map_warnings(maps),
    )
    progress.step(1.0, "Done")
    keep(case)  # after the last place where Cancel acts
    return AnalysisResult(
        prognosis=prognosis,
        saliency=maps,
        lungs_and_heart=prepared.region,
        card=model.card,
        clinical=dict(request.clinical),
        provenance=replace(made, seconds=dict(times.seconds)),
        lungs=prepared.lungs.anatomical,
        lung_volumes_l=lung_volumes_l(prepared.lungs.anatomical),
        regions=prepared.regions,
        organ_share=shares,
        outside_region_share=outside,
    )


def _infer(
    request: AnalysisRequest,
    model: LoadedModel,
    prepared: "_Prepared",
    clinical: Tensor | None,
    *,
    engine: Engine,
    progress: Progress,
) -> Inference:
    """Prognosis and GradCAM; the gradient only where a map is made of it."""
    survival = model.card.survival
    return infer(
        model.network,
        prepared.image,
        clinical,
        engine=engine,
        progress=progress,
        target=request.target,
        breaks_years=None if survival is None else survival.breaks_years,
        wants=Maps(gradient=bool({GRADIENT, SIGNED_GRADIENT} & set(request.methods))),
    )


@dataclass(frozen=True, eq=False)
class _Prepared:
    """Input of the network with what was found on the way to it."""

    image: NDArray[np.float32]
    grid: VolumeGeometry
    inside: NDArray[np.bool_]
    lungs: Lungs
    region: Mask
    regions: Mask

    def case(
        self,
        run_id: str,
        model: LoadedModel,
        clinical: Tensor | None,
        target: Target,
        inference: Inference,
    ) -> Case:
        """With the network and its answer: what questions about the run need."""
        return Case(
            run_id=run_id,
            card=model.card,
            network=model.network,
            image=self.image,
            grid=self.grid,
            inside=self.inside,
            regions=self.regions,
            clinical=clinical,
            engine=inference.engine,
            target=target,
            inference=inference,
        )


def _prepare(stored: Volume, card: ModelCard, times: StepTimes, progress: Progress) -> _Prepared:
    with times.step("reorient"):
        volume = reorient(stored)
    with times.step("lungs"):
        lungs = find_lungs(volume, Span(progress, 0.0, 0.6))
    with times.step("heart region"):
        progress.step(0.6, "Keeping the heart")
        region = lungs_and_heart(lungs.model)
    with times.step("organ regions"):
        progress.step(0.7, "Telling heart, vessels and bones apart")
        regions = organ_regions(volume, lungs)
    with times.step("intensity and resampling"):
        progress.step(0.9, "Resampling to the model's grid")
        grid = model_grid(region, card.input.shape)
        intensity = to_intensity(volume, region)
        resampled = resample(intensity, volume.geometry, grid, card.input.outside_intensity)
        image = (resampled / INTENSITY_SCALE).astype(np.float32)
        inside = resample(region.labels, region.geometry, grid, outside=0) >= 0.5
    return _Prepared(image, grid, inside, lungs, region, regions)


def warm_up(model_id: str, models_folder: Path | None = None) -> None:
    """Load a model and make it ready for the device that "auto" chooses, ahead of its first run."""
    network = _loaded(find_bundle(model_id, models_folder)).network
    prepare(network, choose_engine("auto", "auto"))


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


def _require_usable(request: AnalysisRequest) -> None:
    """Slices that no file holds would be computed as air: refused whatever the gate was told."""
    require_methods(request.methods)
    require_fit(request.fitness.model)
    volume = request.volume
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


def _empty_map_warnings(maps: tuple[SaliencyMap, ...]) -> tuple[str, ...]:
    return tuple(
        f"The {each.method} map is empty: nothing in this scan raises the {each.target}."
        for each in maps
        if not each.values.any()
    )
