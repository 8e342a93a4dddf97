"""What `thoralens-core analyse` does: find the series, run the model, check the maps, write all."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.analysis_result import DEFAULT_MODEL_ID, AnalysisRequest
from core.console import print_note
from core.data.fitness import Verdict
from core.data.geometry_gate import fitness_of
from core.data.read_series import fitness_after_reading, read_with_report
from core.data.series_choice import choose_series
from core.errors import ModelInputError
from core.explanation import DEFAULT_METHODS, require_methods
from core.models.bundle_folders import find_bundle
from core.models.clinical_values import scaled
from core.progress import Progress, Span
from core.report.outputs import write_outputs
from core.saliency.targets import MORTALITY, Target, require_target
from core.whole_file import require_writable


@dataclass(frozen=True)
class AnalyseOptions:
    """How to analyse.

    Attributes:
        series_uid: Which series; the one that fits best where it is "".
        model_id: Which model.
        clinical: Values by column name.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        target: What the maps explain.
        methods: The maps to make.
        with_trust: Whether the maps are checked.
    """

    series_uid: str = ""
    model_id: str = DEFAULT_MODEL_ID
    clinical: Mapping[str, float] | None = None
    device: str = "auto"
    precision: str = "auto"
    target: Target = MORTALITY
    methods: tuple[str, ...] = DEFAULT_METHODS
    with_trust: bool = True


def analyse_and_write(
    path: Path, out: Path, options: AnalyseOptions, progress: Progress
) -> tuple[str, ...]:
    """Analyse one series under `path` and write what was found into `out`.

    Args:
        path: Folder that is searched.
        out: Folder, made if it is missing.
        options: How.
        progress: Told of every step.

    Returns:
        The warnings of the prognosis.

    Raises:
        ThoralensError: Anything is refused; what needs no scan, before one is read.
    """
    _refuse_at_once(out, options)
    from core.analysis import analyse, require_fit  # loads torch: seconds
    from core.explaining import with_trust
    from core.inference import choose_engine

    choose_engine(options.device, options.precision)
    request, why_this_series = read_request(path, options, require_fit, Span(progress, 0.0, 0.15))
    print_note(why_this_series)
    result = analyse(request, Span(progress, 0.15, 0.65))
    if options.with_trust:
        result = with_trust(result, Span(progress, 0.65, 0.9))
    write_outputs(out, request, result, Span(progress, 0.9, 1.0))
    return result.prognosis.warnings


def clinical_values(path: Path | None) -> dict[str, float]:
    """The clinical values of a JSON file; none without a file.

    Raises:
        ModelInputError: It cannot be read, or is not one object of numbers.
    """
    if path is None:
        return {}
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ModelInputError(
            f"The clinical values are no readable JSON file ({type(error).__name__}).",
            'Give an object such as {"age_years": 65, "male": 1}.',
        ) from None
    is_plain = isinstance(values, dict) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values.values()
    )
    if not is_plain:
        raise ModelInputError(
            "The clinical values must be one JSON object of numbers.",
            'Give an object such as {"age_years": 65, "male": 1}.',
        )
    return {str(name): float(value) for name, value in values.items()}


def _refuse_at_once(out: Path, options: AnalyseOptions) -> None:
    """Refuse what needs no scan to be refused, before one is read."""
    card = find_bundle(options.model_id).card
    scaled(card, options.clinical or {})
    require_target(options.target, card)
    require_methods(options.methods)
    require_writable(out)


def read_request(
    path: Path, options: AnalyseOptions, require_fit: Callable[[Verdict], None], progress: Progress
) -> tuple[AnalysisRequest, str]:
    """Choose and read the series.

    Args:
        path: Folder or file that is searched.
        options: How it will be analysed.
        require_fit: `core.analysis.require_fit`: here no torch is loaded.
        progress: Told of every step.

    Returns:
        The request, and why this series was chosen.

    Raises:
        ThoralensError: There is none, or the model cannot be used on it.
    """
    choice = choose_series(path, options.series_uid, Span(progress, 0.0, 0.3))
    fitness = fitness_of(choice.record)
    require_fit(fitness.model)
    read = read_with_report(choice.record, Span(progress, 0.3, 1.0))
    fitness = fitness_after_reading(choice.record, fitness, read)
    require_fit(fitness.model)
    request = AnalysisRequest(
        volume=read.volume,
        series=choice.record,
        fitness=fitness,
        model_id=options.model_id,
        clinical=dict(options.clinical or {}),
        device=options.device,
        precision=options.precision,
        target=options.target,
        methods=options.methods,
    )
    return request, choice.reason
