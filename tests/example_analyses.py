"""Analyses for the window's tests: run in a real child process, with a made-up result."""

import time
from dataclasses import replace

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.models.bundle_folders import find_bundle
from core.progress import Progress
from tests.results import example_result

STEPS = 8


def answer(request: AnalysisRequest, progress: Progress) -> AnalysisResult:
    """A result on the request's own volume, after a few steps."""
    for step in range(STEPS):
        progress.step(step / STEPS, "Pretending")
        time.sleep(0.01)
    card = find_bundle(request.model_id).card
    _, result = example_result(request.volume)
    said = replace(result.prognosis, outcome=card.outcome, warnings=card.warnings)
    return replace(result, card=card, prognosis=said, clinical=dict(request.clinical))


def go_on_for_long(_request: AnalysisRequest, progress: Progress) -> None:
    """Half a minute of steps."""
    for step in range(3000):
        progress.step(step / 3000, "Counting")
        time.sleep(0.01)
