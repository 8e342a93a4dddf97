"""Does the map point at the disease? Asked of phantoms that have one disease and nothing else.

A healthy person is given much of one of the diseases that raise the outcome; the whole way of
`core.analysis.analyse` follows, and every map is held against the mask under which the disease was
painted. How many times the disease raises the person's true hazard stands beside. The control is
the same network with weights of chance.

Loss of muscle and effusions lie outside of the lungs and the heart, which is all that the model is
shown: no map can point at them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.data.fitness import Fitness
from core.data.series import SeriesRecord
from core.explaining import occlude
from core.explanation import DEFAULT_METHODS, OccludeRequest
from core.metrics.calibration import wilson
from core.models.bundle_folders import find_bundle
from core.models.initialisation import initialise, state_digest
from core.models.mortality_resnet3d import build
from core.phantom.disease import draw_subject
from core.phantom.outcome import oracle_score
from core.phantom.protocol import Size, draw_protocol
from core.phantom.scanner import Scan, image
from core.phantom.subject import Diseases, Finding, Subject, Vessel
from core.progress import Progress, Span
from core.saliency.truth_scores import TruthScores, truth_scores
from core.volume import Mask, SaliencyMap, Volume

HEALTHY = Diseases()
DOMINANT: Mapping[Finding, Diseases] = {
    Finding.HEART: replace(HEALTHY, heart_scale=1.32),
    Finding.EMPHYSEMA: replace(HEALTHY, centrilobular=0.15, panlobular=0.20),
    Finding.FIBROSIS: replace(HEALTHY, fibrosis=0.20),
    Finding.CORONARY_CALCIUM: replace(
        HEALTHY, coronary_agatston={Vessel.LAD: 1200.0, Vessel.LCX: 400.0, Vessel.RCA: 800.0}
    ),
}
"""The one disease of each group, within the amounts of `core.phantom.disease`."""

CONTROL_SEED = 77
CONTROL_ID = "control-weights-of-chance"
OCCLUSION_SIZE_MM = 40.0


@dataclass(frozen=True)
class Measured:
    """One map of one phantom.

    Attributes:
        finding: The one disease.
        seed: Of the person.
        hazard_ratio: True hazard of the outcome against that of the same person without it.
        method: Of the map.
        probability: What the model said.
        scores: Against the mask.
    """

    finding: Finding
    seed: int
    hazard_ratio: float
    method: str
    probability: float
    scores: TruthScores


def dominant_subject(finding: Finding, seed: int) -> Subject:
    """Age, sex and build of a person of the cohort, and one disease."""
    return replace(draw_subject(seed), diseases=DOMINANT[finding])


@dataclass(frozen=True, eq=False)
class Studied:
    """One phantom with everything that was found.

    Attributes:
        finding: The one disease.
        hazard_ratio: As in `Measured`.
        probability: What the model said.
        volume: The scan.
        truth: Mask of the disease.
        region: What the model was shown.
        maps: Not thresholded.
        measured: Of each map.
    """

    finding: Finding
    hazard_ratio: float
    probability: float
    volume: Volume
    truth: Mask
    region: Mask
    maps: tuple[SaliencyMap, ...]
    measured: tuple[Measured, ...]


def study(
    model_id: str,
    subjects: Sequence[tuple[Finding, int]],
    *,
    models_folder: Path | None,
    with_occlusion: bool,
    progress: Progress,
) -> Iterator[Studied]:
    """Run the model on each phantom and hold its maps against the truth.

    Args:
        model_id: Which model.
        subjects: Finding and seed of each.
        models_folder: Where bundles lie besides the bundled ones.
        with_occlusion: Also the occlusion map: a minute for each on a CPU.
        progress: Told of every phantom; may cancel.
    """
    for number, (finding, seed) in enumerate(subjects):
        span = Span(progress, number / len(subjects), (number + 1) / len(subjects))
        subject = dominant_subject(finding, seed)
        scan = image(subject, draw_protocol(subject, Size.WORKING), Span(span, 0.0, 0.4))
        probability, maps, region = _maps(
            scan, model_id, models_folder, with_occlusion, Span(span, 0.4, 1.0)
        )
        truth = Mask(scan.truth[finding].astype(np.uint8), scan.volume.geometry)
        ratio = oracle_score(subject) / oracle_score(replace(subject, diseases=HEALTHY))
        measured = [
            Measured(
                finding, seed, ratio, each.method, probability, truth_scores(each, truth, region)
            )
            for each in maps
        ]
        yield Studied(
            finding, ratio, probability, scan.volume, truth, region, maps, tuple(measured)
        )


def _maps(
    scan: Scan, model_id: str, models_folder: Path | None, with_occlusion: bool, progress: Progress
) -> tuple[float, tuple[SaliencyMap, ...], Mask]:
    request = AnalysisRequest(
        scan.volume,
        SeriesRecord("2.25.1", ()),
        Fitness(),
        model_id=model_id,
        models_folder=models_folder,
        methods=DEFAULT_METHODS,
    )
    result = analyse(request, Span(progress, 0.0, 0.3))
    maps = result.saliency
    if with_occlusion:
        question = OccludeRequest(result.provenance.run_id, size_mm=OCCLUSION_SIZE_MM)
        maps += occlude(question, Span(progress, 0.3, 1.0)).maps
    probability = result.prognosis.mortality_probability
    return float("nan") if probability is None else probability, maps, result.lungs_and_heart


def write_control(model_id: str, folder: Path, models_folder: Path | None = None) -> str:
    """A bundle of the same network with weights of chance, for `study`.

    Returns:
        Its id; `folder` is the models folder that holds it.
    """
    card = find_bundle(model_id, models_folder).card
    network = build(card)
    initialise(network, CONTROL_SEED)
    control = card.model_copy(
        update={
            "id": CONTROL_ID,
            "title": f"{card.title}: weights of chance",
            "trained": False,
            "demonstration": False,
            "weights_sha256": None,
            "reference": None,
            "calibration": None,
            "metrics": (),
            "backbone_of": None,
            "initialisation_seed": CONTROL_SEED,
            "initialisation_sha256": state_digest(network.state_dict()),
        }
    )
    (folder / CONTROL_ID).mkdir(parents=True)
    (folder / CONTROL_ID / "card.json").write_text(control.model_dump_json(indent=2))
    return CONTROL_ID


def summary(measured: Sequence[Measured]) -> list[dict[str, float | str]]:
    """One row for each finding and method, and one over all findings for each method.

    Means over the phantoms; the pointing game with its 95 % interval (Wilson).
    """
    rows: list[dict[str, float | str]] = []
    for method in dict.fromkeys(each.method for each in measured):
        own = [each for each in measured if each.method == method]
        groups = {finding.value: [m for m in own if m.finding is finding] for finding in DOMINANT}
        for name, group in {**groups, "all": own}.items():
            if group:
                rows.append({"finding": name, "method": method, **_means(group)})
    return rows


def _means(group: Sequence[Measured]) -> dict[str, float | str]:
    names = [each.name for each in fields(TruthScores)]
    means = {name: float(np.mean([asdict(m.scores)[name] for m in group])) for name in names}
    low, high = wilson(round(sum(m.scores.hit for m in group)), len(group))
    return {
        "phantoms": len(group),
        **means,
        "hit_low": low,
        "hit_high": high,
        "probability": float(np.mean([m.probability for m in group])),
        "hazard_ratio": float(np.mean([m.hazard_ratio for m in group])),
    }
