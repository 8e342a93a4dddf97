"""Answers for the window's tests, given in a real child process: made up, and without a network."""

import time

import numpy as np

from core.errors import ResourcesError
from core.explanation import (
    OCCLUSION,
    CheckRequest,
    ExplainRequest,
    Explanation,
    OccludeRequest,
    WhyHereRequest,
)
from core.geometry import VolumeGeometry
from core.progress import Progress
from core.saliency.influence import Influence
from core.saliency.map_trust import FLIP, NOISE, SHIFT, MapTrust, TrustPart, trust_of
from core.saliency.targets import Target
from core.volume import SaliencyMap

STEPS = 4
OUTSIDE_BEYOND_MM = 10_000.0
UNKNOWN_RUN = "a run of long ago"


def explain(request: ExplainRequest, progress: Progress) -> Explanation:
    """One even map for each method."""
    _require_known(request.run_id)
    _pretend(progress, "Explaining")
    return _explanation(request.target, request.methods)


def why_here(request: WhyHereRequest, progress: Progress) -> Influence:
    """Two points less, wherever it is."""
    _require_known(request.run_id)
    _pretend(progress, "Replacing")
    outside = max(np.abs(request.point_mm)) > OUTSIDE_BEYOND_MM
    change = 0.0 if outside else -0.02
    return Influence(
        point_mm=request.point_mm,
        size_mm=request.size_mm,
        target=request.target,
        before=0.31,
        after=0.31 + change,
        change=change,
        change_logit=5 * change,
        repeat_noise=0.0 if outside else 0.002,
        outside=outside,
    )


def occlude(request: OccludeRequest, progress: Progress) -> Explanation:
    """An even map, after a while in which one may cancel."""
    _pretend(progress, "Hiding places", steps=100)
    return _explanation(request.target, (OCCLUSION,))


def check_maps(_request: CheckRequest, progress: Progress) -> MapTrust:
    """Three parts of five."""
    _pretend(progress, "Checking the maps")
    parts = ((SHIFT, 0.9), (NOISE, 0.8), (FLIP, 0.5))
    return trust_of(tuple(TrustPart(name, value, "Made up.", 0.1) for name, value in parts))


def _explanation(target: Target, methods: tuple[str, ...]) -> Explanation:
    grid = VolumeGeometry((2, 2, 2), np.diag([100.0, 100.0, 100.0, 1.0]))
    even = np.ones((2, 2, 2), np.float32)
    maps = tuple(SaliencyMap(even, grid, method, target.words, 0.5) for method in methods)
    return Explanation(maps, {method: {"heart": 0.75, "left lung": 0.25} for method in methods})


def _require_known(run_id: str) -> None:
    if run_id == UNKNOWN_RUN:
        raise ResourcesError("The run is no longer in memory.", "Run the model again.")


def _pretend(progress: Progress, words: str, steps: int = STEPS) -> None:
    for step in range(steps):
        progress.step(step / steps, words)
        time.sleep(0.01)
