"""Answers to questions about the last run, in the process that did it.

The child process of the viewer calls these by name; each takes (request, progress). Only network
passes are repeated: the scan is neither read nor prepared again (`core.case`).
"""

from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core.analysis_result import AnalysisResult
from core.case import Case, case_of
from core.errors import ModelInputError
from core.explanation import (
    OCCLUSION,
    CheckRequest,
    ExplainRequest,
    Explanation,
    OccludeRequest,
    WhyHereRequest,
    require_methods,
)
from core.inference import predict
from core.models.mortality_resnet3d import MortalityOutput
from core.progress import Progress, Silent
from core.provenance import StepTimes
from core.saliency.case_maps import maps_of
from core.saliency.influence import Influence
from core.saliency.map_trust import MapTrust
from core.saliency.normalise import to_saliency_map
from core.saliency.occlusion import SHIFTS, Named, cube_about, occlusion, replaced
from core.saliency.organ_share import organ_share, outside_region_share
from core.saliency.targets import Target, require_target
from core.saliency.trust import map_trust
from core.volume import SaliencyMap

CPU_SIZE_MM, GPU_SIZE_MM = 60.0, 30.0
"""Edge of the hidden cubes: about 90 passes for lungs of 5 L, some minutes on two CPU cores, and
about 500, where a pass takes milliseconds."""

SIZES_MM = (5.0, 200.0)
"""A cube below a few voxels changes nothing, one above this is the whole chest."""

Image = NDArray[np.float32]


def explain(request: ExplainRequest, progress: Progress = Silent()) -> Explanation:
    """Maps of another target or by another method.

    Raises:
        ModelInputError: No such method, or the model does not give this target.
        ResourcesError: The run is no longer in memory, or memory does not suffice.
    """
    case = case_of(request.run_id)
    require_methods(request.methods)
    require_target(request.target, case.card)
    maps = maps_of(case, request.target, request.methods, progress)
    return _explanation(case, maps)


def why_here(request: WhyHereRequest, progress: Progress = Silent()) -> Influence:
    """Replace one place by its surroundings and ask the network again.

    The noise is the standard deviation of the change over five cubes: the one asked for and four
    that lie a voxel (in all three directions) beside it. A change that is no larger says nothing.

    Args:
        request: Where, how large, which output.
        progress: Told at every layer; may cancel.

    Returns:
        Before (as the run said) and after; `outside` and no change where the model is shown nothing
        of the cube.

    Raises:
        ModelInputError: The model does not give this target, or the size makes no sense.
        ResourcesError: The run is no longer in memory, or memory does not suffice.
    """
    case = case_of(request.run_id)
    require_target(request.target, case.card)
    _require_size(request.size_mm)
    index = case.grid.to_index(request.point_mm)
    edge = request.size_mm / np.array(case.grid.spacing_mm)
    cubes = [cube_about(index + shift, edge, case.grid.shape) for shift in ((0, 0, 0), *SHIFTS)]
    if not case.inside[cubes[0]].any():
        return _nothing_changes(case, request)
    answers = []
    for number, cube in enumerate(cubes):
        image = replaced(case.image, case.inside, cube, case.grid)
        span = _pass(request, progress, number, len(cubes))
        answers.append(_answer(case, request.target, image, span))
    noise = np.std([probability for probability, _ in answers], ddof=1)
    before = _said(case, request.target, case.inference.output)
    return _influence(request, before, answers[0], float(noise))


def occlude(request: OccludeRequest, progress: Progress = Silent()) -> Explanation:
    """The occlusion map: how much the target falls (above 0) or rises when a place is replaced.

    One whole forward pass for each cube: nothing is estimated from a smaller network or a part of
    the input. On a CPU the cubes are larger, so that it ends within minutes.

    Args:
        request: Of which run, which output, how fine.
        progress: Told at every layer, with the number of passes and the time left; may cancel.

    Raises:
        ModelInputError: The model does not give this target, or a size makes no sense.
        ResourcesError: The run is no longer in memory, or memory does not suffice.
    """
    case = case_of(request.run_id)
    require_target(request.target, case.card)
    affordable = CPU_SIZE_MM if case.engine.device.type == "cpu" else GPU_SIZE_MM
    size_mm = affordable if request.size_mm is None else request.size_mm
    step_mm = size_mm if request.step_mm is None else request.step_mm
    _require_size(size_mm)
    _require_size(step_mm)

    def value(image: Image, span: Progress) -> float:
        return _answer(case, request.target, image, span)[1]

    raw, cells = occlusion(
        case.image, case.inside, case.grid, value, progress, size_mm=size_mm, step_mm=step_mm
    )
    saliency = to_saliency_map(
        raw,
        cells,
        method=OCCLUSION,
        target=request.target.words,
        threshold=case.card.gradcam_threshold,
    )
    return _explanation(case, (saliency,))


def check_maps(request: CheckRequest, progress: Progress = Silent()) -> MapTrust:
    """How far the maps of the run may be trusted (`core.saliency.trust`).

    Raises:
        ResourcesError: The run is no longer in memory, or memory does not suffice.
    """
    return map_trust(case_of(request.run_id), progress)


def with_trust(result: AnalysisResult, progress: Progress = Silent()) -> AnalysisResult:
    """The result of the run that was done last, with the check of its maps and the time it took.

    Raises:
        ResourcesError: The run is no longer in memory, or memory does not suffice.
    """
    made, times = result.provenance, StepTimes()
    with times.step("trust"):
        trust = check_maps(CheckRequest(made.run_id), progress)
    seconds = {**made.seconds, **times.seconds}
    return replace(result, trust=trust, provenance=replace(made, seconds=seconds))


def _answer(case: Case, target: Target, image: Image, progress: Progress) -> tuple[float, float]:
    """Probability and value of the target for one image: one forward pass."""
    output = predict(
        case.network, image[None], case.clinical, engine=case.engine, progress=progress
    )
    return _said(case, target, output)


def _said(case: Case, target: Target, output: MortalityOutput) -> tuple[float, float]:
    """Probability and value of the target, of one scan's output."""
    probability = target.probabilities(output, case.breaks_years)
    return float(probability), float(target.values(output, case.breaks_years))


def _pass(request: WhyHereRequest, progress: Progress, number: int, count: int) -> Progress:
    words = f"Replacing {request.size_mm:g} mm: pass {number + 1} of {count}"
    return Named(progress, number / count, (number + 1) / count, words)


def _nothing_changes(case: Case, request: WhyHereRequest) -> Influence:
    """The model is not shown the place: no pass is needed to know what replacing it does."""
    risk, _ = _said(case, request.target, case.inference.output)
    return Influence(
        request.point_mm, request.size_mm, request.target, risk, risk, 0.0, 0.0, 0.0, outside=True
    )


def _influence(
    request: WhyHereRequest,
    before: tuple[float, float],
    after: tuple[float, float],
    repeat_noise: float,
) -> Influence:
    """The answer, of (probability, value) before and after."""
    return Influence(
        point_mm=request.point_mm,
        size_mm=request.size_mm,
        target=request.target,
        before=before[0],
        after=after[0],
        change=after[0] - before[0],
        change_logit=after[1] - before[1],
        repeat_noise=repeat_noise,
        outside=False,
    )


def _explanation(case: Case, maps: tuple[SaliencyMap, ...]) -> Explanation:
    shares = {each.method: organ_share(each, case.regions) for each in maps}
    return Explanation(maps, shares, outside_region_share(maps, case.shown))


def _require_size(size_mm: float) -> None:
    smallest, largest = SIZES_MM
    if not (isfinite(size_mm) and smallest <= size_mm <= largest):
        raise ModelInputError(
            f"A place of {size_mm:g} mm cannot be replaced.",
            f"Choose a size of {smallest:g} to {largest:g} mm.",
        )
