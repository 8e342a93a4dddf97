"""The maps of a case: any target by any method, using again what the run already gave."""

import numpy as np
from numpy.typing import NDArray

from core.case import Case
from core.explanation import GRADCAM, GRADIENT, SIGNED_GRADIENT, SMOOTHGRAD
from core.inference import Maps, infer
from core.progress import Progress, Span
from core.saliency.grad_cam import cell_geometry
from core.saliency.gradient import gradient_saliency
from core.saliency.head_cam import head_cam
from core.saliency.normalise import GRADIENT_PERCENTILE, to_saliency_map
from core.saliency.smooth_grad import SAMPLES, smooth_gradient
from core.saliency.targets import Target
from core.volume import SaliencyMap

Values = NDArray[np.float32]


def maps_of(
    case: Case, target: Target, methods: tuple[str, ...], progress: Progress
) -> tuple[SaliencyMap, ...]:
    """One map for each method, in the order given.

    GradCAM costs nothing: it is made of the features of the run. The gradient of the run's own
    target is used again; another target needs a pass. SmoothGrad takes `smooth_grad.SAMPLES`.

    Args:
        case: Of the run.
        target: What the maps explain.
        methods: Some of `core.explanation.METHODS`.
        progress: Told at every layer of every pass; may cancel.

    Raises:
        ModelInputError: The model does not give this target.
        ResourcesError: Not enough memory.
        WeightsError: The network gave a number that is not finite.
    """
    wanted = set(methods)
    own_share = 1 / (1 + SAMPLES) if SMOOTHGRAD in wanted else 1.0
    raw: dict[str, Values] = {}
    if GRADCAM in wanted:
        raw[GRADCAM] = _gradcam(case, target)
    if {GRADIENT, SIGNED_GRADIENT} & wanted:
        raw[SIGNED_GRADIENT] = _own_gradient(case, target, Span(progress, 0, own_share))
        raw[GRADIENT] = gradient_saliency(raw[SIGNED_GRADIENT])
    if SMOOTHGRAD in wanted:
        raw[SMOOTHGRAD] = gradient_saliency(
            smooth_gradient(
                case.image,
                lambda image, span: _gradient(case, target, image, span),
                Span(progress, own_share, 1) if len(raw) > 1 else progress,
            )
        )
    return tuple(_map(case, target, method, raw[method]) for method in methods)


def _gradcam(case: Case, target: Target) -> Values:
    if target == case.target:
        return case.inference.gradcam
    return head_cam(case.network, case.inference.features, case.clinical, target, case.breaks_years)


def _own_gradient(case: Case, target: Target, progress: Progress) -> Values:
    """Signed gradient of the case's own image."""
    if target == case.target and case.inference.gradient is not None:
        return case.inference.gradient
    return _gradient(case, target, case.image, progress)


def _gradient(case: Case, target: Target, image: Values, progress: Progress) -> Values:
    inference = infer(
        case.network,
        image,
        case.clinical,
        engine=case.engine,
        progress=progress,
        target=target,
        breaks_years=case.breaks_years,
        wants=Maps(gradient=True),
    )
    if inference.gradient is None:
        raise ValueError("a gradient was wanted and none was given")
    return inference.gradient


def _map(case: Case, target: Target, method: str, raw: Values) -> SaliencyMap:
    depth, height, width = raw.shape
    of_cells = method == GRADCAM
    return to_saliency_map(
        raw,
        cell_geometry(case.grid, (depth, height, width)) if of_cells else case.grid,
        method=method,
        target=target.words,
        threshold=case.card.gradcam_threshold,
        unit_percentile=100.0 if of_cells else GRADIENT_PERCENTILE,
    )
