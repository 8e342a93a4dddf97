"""The main job: from a CT to a prognosis and to maps of where the model looked.

The viewer's child process, the command line and the trainer's evaluation all call `analyse`: what
the radiologist sees is what was validated.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from torch import Tensor

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.case import Case, keep
from core.data.fitness import Level, Verdict
from core.errors import ModelInputError
from core.explanation import GRADIENT, SIGNED_GRADIENT, require_methods
from core.inference import Engine, Inference, Maps, choose_engine, infer, prepare
from core.model_input import PreparedInput, prepare_input, require_our_intensities
from core.models.bundle_folders import Bundle, find_bundle
from core.models.bundles import LoadedModel, load
from core.models.mortality_resnet3d import (
    PREPROCESSING,
    clinical_tensor,
    to_prognosis,
)
from core.models.reference import placed
from core.preprocessing.lung_mask import lung_volumes_l, lung_warnings
from core.preprocessing.organ_regions import organ_regions
from core.prognosis import Prognosis
from core.progress import Progress, Silent, Span
from core.provenance import StepTimes, provenance
from core.saliency.case_maps import maps_of
from core.saliency.organ_share import organ_share, outside_region_share
from core.saliency.targets import require_target
from core.volume import Mask, SaliencyMap, Volume


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
        require_our_intensities(model.card.input, f"'{model.card.id}'")
        require_target(request.target, model.card)
        clinical = clinical_tensor(model.card, request.clinical)
        engine = prepare(model.network, choose_engine(request.device, request.precision))
    prepared, regions = _prepare(request.volume, model, times, Span(progress, 0.02, 0.40))
    with times.step("model"):
        span = Span(progress, 0.40, 0.80)
        inference = _infer(request, model, prepared, clinical, engine=engine, progress=span)
    made = provenance(request, model.weights_sha256, inference.engine, PREPROCESSING, times)
    case = _case(
        request, made.run_id, model, prepared, regions=regions, clinical=clinical, found=inference
    )
    with times.step("maps"):
        maps = maps_of(case, request.target, request.methods, Span(progress, 0.80, 0.95))
    with times.step("organ shares"):
        shares = {each.method: organ_share(each, regions) for each in maps}
        outside = outside_region_share(maps, case.shown)
    prognosis = _prognosis(model, inference).with_warnings(
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
        regions=regions,
        organ_share=shares,
        outside_region_share=outside,
    )


def _prognosis(model: LoadedModel, inference: Inference) -> Prognosis:
    """What the model says, with the scan's place among those that the model was made of."""
    said = to_prognosis(model.card, inference.output)
    if model.reference is None:
        return said
    pooled = inference.features.mean(dim=(2, 3, 4))[0].numpy()
    return placed(said, model.reference, pooled)


def _infer(
    request: AnalysisRequest,
    model: LoadedModel,
    prepared: PreparedInput,
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


def _prepare(
    volume: Volume, model: LoadedModel, times: StepTimes, progress: Progress
) -> tuple[PreparedInput, Mask]:
    """The network's input, and the organs for telling what a map shows."""
    prepared = prepare_input(volume, model.card.input, Span(progress, 0.0, 0.85), times=times)
    with times.step("organ regions"):
        progress.step(0.85, "Telling heart, vessels and bones apart")
        return prepared, organ_regions(prepared.volume, prepared.lungs)


def _case(
    request: AnalysisRequest,
    run_id: str,
    model: LoadedModel,
    prepared: PreparedInput,
    *,
    regions: Mask,
    clinical: Tensor | None,
    found: Inference,
) -> Case:
    """What questions about the run need."""
    return Case(
        run_id=run_id,
        card=model.card,
        network=model.network,
        image=prepared.image,
        grid=prepared.grid,
        inside=prepared.inside,
        regions=regions,
        clinical=clinical,
        engine=found.engine,
        target=request.target,
        inference=found,
    )


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
