"""What a result says, as one strict JSON document: `result.json`, also attached to the PDF.

Nothing is computed here: a number that the model did not give stays null.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.analysis_result import AnalysisRequest, AnalysisResult, Provenance
from core.data.fitness import Fitness, Verdict
from core.errors import ReportError
from core.explanation import Explanation
from core.models.cards import ModelCard
from core.prognosis import RESEARCH_USE_ONLY, Prognosis
from core.saliency.map_trust import PART_TITLES, MapTrust
from core.saliency.targets import target_in_words
from core.volume import SaliencyMap

JsonObject = dict[str, Any]


def result_document(
    request: AnalysisRequest,
    result: AnalysisResult,
    *,
    calcium: JsonObject | None = None,
    further: Sequence[Explanation] = (),
) -> JsonObject:
    """Everything a run gave, with the keys of DESIGN section 9; no patient's name or identifier.

    Args:
        request: What was asked.
        result: What the run gave.
        calcium: Document of a calcium reading of the same scan; None where nobody read it.
        further: Maps of other targets, asked for since.

    Returns:
        Plain lists, dicts, strings, finite numbers, booleans and None only.

    Raises:
        ReportError: A number is not finite; the message says which.
    """
    document = {
        "research_use_only": RESEARCH_USE_ONLY,
        "series": _series(request),
        "fitness": fitness_document(request.fitness),
        "model": _model(result.card, result.clinical, result.provenance),
        "prognosis": _prognosis(result.prognosis),
        "lungs": _lungs(result.lung_volumes_l),
        "saliency": [
            *_maps(result, result.saliency, saliency_file),
            *(entry for each in further for entry in _maps(each, each.maps, further_file)),
        ],
        "trust": None if result.trust is None else trust_document(result.trust),
        "calcium": calcium,
        "provenance": _provenance(result.provenance),
    }
    return {key: _plain(value, key) for key, value in document.items()}


def result_json(
    request: AnalysisRequest,
    result: AnalysisResult,
    *,
    calcium: JsonObject | None = None,
    further: Sequence[Explanation] = (),
) -> bytes:
    """`result_document` as UTF-8, indented, the same bytes for the same result."""
    document = result_document(request, result, calcium=calcium, further=further)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def saliency_file(saliency: SaliencyMap) -> str:
    """Name of the NIfTI file of a map of the run."""
    return f"{saliency.method}.nii.gz"


def further_file(saliency: SaliencyMap) -> str:
    """The same for a map of another target, such as "gradcam_horizon-5.nii.gz"."""
    return f"{saliency.method}_{target_in_words(saliency.target).file_word}.nii.gz"


def _series(request: AnalysisRequest) -> JsonObject:
    return {
        "uid": request.series.uid,
        "description": request.series.description,
        "slices": request.volume.geometry.shape[0],
        "spacing_mm": request.volume.geometry.spacing_mm,
    }


def fitness_document(fitness: Fitness) -> JsonObject:
    """Verdicts and reasons for view, model and calcium."""
    return {
        "view": _verdict(fitness.view),
        "model": _verdict(fitness.model),
        "calcium": _verdict(fitness.calcium),
    }


def _verdict(verdict: Verdict) -> JsonObject:
    reasons = [
        {"level": reason.level.word, "text": reason.text, "remedy": reason.remedy}
        for reason in verdict.reasons
    ]
    return {"verdict": verdict.level.word, "reasons": reasons}


def _model(card: ModelCard, clinical: Mapping[str, float], provenance: Provenance) -> JsonObject:
    return {
        "id": card.id,
        "title": card.title,
        "trained": card.trained,
        "demonstration": card.demonstration,
        "weights_sha256": provenance.weights_sha256,
        "clinical": clinical,
    }


def _prognosis(prognosis: Prognosis) -> JsonObject:
    curve = prognosis.survival_curve
    return {
        "outcome": prognosis.outcome,
        "mortality_probability": prognosis.mortality_probability,
        "horizons": [
            {"years": each.years, "probability": each.probability, "interval": each.interval}
            for each in prognosis.horizons
        ],
        "survival_curve": None
        if curve is None
        else {"time_years": curve.time_years, "survival": curve.survival},
        "risk_score": prognosis.risk_score,
        "risk_group": prognosis.risk_group,
        "percentile": prognosis.percentile,
        "out_of_distribution": prognosis.out_of_distribution,
        "warnings": prognosis.warnings,
    }


def _lungs(volumes_l: tuple[float, float]) -> JsonObject:
    right_l, left_l = volumes_l
    return {"right_l": round(right_l, 3), "left_l": round(left_l, 3)}


def _maps(
    source: AnalysisResult | Explanation,
    maps: Sequence[SaliencyMap],
    file_of: Callable[[SaliencyMap], str],
) -> list[JsonObject]:
    """An entry for each map, with the shares that its source knows."""
    return [
        {
            **_saliency(each, file_of(each)),
            "organ_share": source.organ_share.get(each.method) or None,
            "outside_region_share": source.outside_region_share.get(each.method),
        }
        for each in maps
    ]


def _saliency(saliency: SaliencyMap, file: str) -> JsonObject:
    return {
        "method": saliency.method,
        "target": saliency.target,
        "threshold": saliency.threshold,
        "threshold_value": saliency.threshold * saliency.unit_value,
        "unit_value": saliency.unit_value,
        "unit_percentile": saliency.unit_percentile,
        "file": file,
        "native_shape": saliency.geometry.shape,
        "native_grid": {
            "shape": saliency.geometry.shape,
            "cell_mm": saliency.geometry.spacing_mm,
            "affine_lps": saliency.geometry.affine.tolist(),
        },
    }


def trust_document(trust: MapTrust) -> JsonObject:
    """Score, band and every part of the checks of a map."""
    return {
        "score": trust.score,
        "band": trust.band,
        "words": trust.words,
        "parts": [
            {
                "name": part.name,
                "title": PART_TITLES.get(part.name, part.name),
                "value": part.value,
                "words": part.words,
                "seconds": part.seconds,
            }
            for part in trust.parts
        ],
        "not_measured": trust.missing,
    }


def _provenance(provenance: Provenance) -> JsonObject:
    return {
        "versions": provenance.versions,
        "weights_sha256": provenance.weights_sha256,
        "series_uid": provenance.series_uid,
        "device": provenance.device,
        "precision": provenance.precision,
        "steps": provenance.steps,
        "seconds": provenance.seconds,
        "created": provenance.created,
        "run_id": provenance.run_id,
        "note": provenance.note,
    }


def _plain(value: object, where: str) -> Any:
    """The value in JSON's own types; NumPy scalars become Python's."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_plain(each, f"{where}[{number}]") for number, each in enumerate(value)]
    number = float(value)  # type: ignore[arg-type]  # NumPy scalars have no common Python type
    if not math.isfinite(number):
        raise ReportError(
            f"The result holds {number} at {where}, where a finite number was expected.",
            "Run the analysis again; if it stays, the weights of the model are damaged.",
        )
    return int(number) if hasattr(value, "dtype") and value.dtype.kind in "iu" else number
