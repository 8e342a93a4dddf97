"""The numbers of a result in words. A number that the result does not hold is never made up."""

from collections.abc import Sequence

from core.analysis_result import AnalysisResult
from core.data.fitness import Fitness, Level, Reason
from core.models.cards import ModelCard
from core.prognosis import FAR_FROM_TRAINING, HorizonRisk

CALIBRATION = "Calibration"
NOT_GIVEN = "not given by this model"
DIGEST_DIGITS = 12
UID_DIGITS = 6


def percent(probability: float | None) -> str:
    """A probability as per cent with one decimal."""
    return NOT_GIVEN if probability is None else f"{100 * probability:.1f} %"


def horizon_name(risk: HorizonRisk) -> str:
    """The horizon of a risk, such as "1 year" or "2.5 years"."""
    return "1 year" if risk.years == 1 else f"{risk.years:g} years"


def interval_words(risk: HorizonRisk) -> str:
    """The interval of a horizon risk; empty without one."""
    if risk.interval is None:
        return ""
    return f"{100 * risk.interval[0]:.1f} to {100 * risk.interval[1]:.1f} %"


def place_words(share: float | None, comparison: str) -> str:
    """A place among other scans, such as "higher than 62 of 100"."""
    return NOT_GIVEN if share is None else f"{comparison} than {100 * share:.0f} of 100"


def provenance_line(result: AnalysisResult) -> str:
    """Weights, device, precision, time, series: enough to tell two runs apart."""
    provenance = result.provenance
    seconds = sum(provenance.seconds.values())
    return (
        f"Weights {provenance.weights_sha256[:DIGEST_DIGITS]}  ·  {provenance.device}  ·  "
        f"{provenance.precision}  ·  {seconds:.1f} s  ·  {result.lungs_and_heart.geometry.shape[0]}"
        f" slices  ·  series …{provenance.series_uid[-UID_DIGITS:]}"
    )


def warning_reasons(result: AnalysisResult, fitness: Fitness) -> tuple[Reason, ...]:
    """Warnings of the geometry gate and of the model, each once; without those of the card box."""
    reasons = (reason.text for reason in fitness.model.reasons)
    told = {*result.card.warnings, *reasons, FAR_FROM_TRAINING}  # that one stands at the numbers
    of_model = [text for text in result.prognosis.warnings if text not in told]
    return (*fitness.model.reasons, *(Reason(Level.WARN, text) for text in of_model))


def card_paragraphs(card: ModelCard) -> tuple[tuple[str, str], ...]:
    """The whole card as (heading, text), in the order in which a reader needs it."""
    window = card.input.hu_window
    shape = " x ".join(map(str, card.input.shape))
    return (
        ("Outcome", card.outcome),
        ("Intended use", card.intended_use),
        ("Not for", card.not_for),
        ("Training cohort", card.training_cohort),
        *((title, _listed(sentences)) for title, sentences in card.facts_of_training),
        *([(CALIBRATION, card.calibration.words)] if card.calibration else []),
        ("Architecture", f"{card.architecture} (variant {card.variant})"),
        ("Input", f"{shape} voxels, {window[0]:g} to {window[1]:g} HU. {card.input.region}."),
        ("Survival head", card.survival.outcome if card.survival else NOT_GIVEN),
        ("What is reproduced", card.reproduced),
        ("What deviates from the paper", _listed(card.deviations)),
        ("Saliency", f"Layer {card.saliency_layer}, threshold {card.gradcam_threshold:g}"),
        ("Citation", f"{card.citation}\nDOI {card.doi}"),
        ("Licence", card.licence),
        ("Weights SHA-256", card.weights_sha256 or card.initialisation_sha256 or "not stated"),
    )


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"– {each}" for each in sentences)
