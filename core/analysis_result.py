"""What a run needs and what it gave. No torch here: the viewer reads these too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.data.fitness import Fitness
from core.data.series import SeriesRecord
from core.explanation import DEFAULT_METHODS
from core.models.cards import ModelCard
from core.prognosis import Prognosis
from core.saliency.map_trust import MapTrust
from core.saliency.targets import MORTALITY, Target
from core.volume import Mask, SaliencyMap, Volume

DEFAULT_MODEL_ID = "mortality-resnet3d-d"


@dataclass(frozen=True)
class AnalysisRequest:
    """Everything a run needs, frozen.

    Attributes:
        volume: The CT as read, in any storage order.
        series: Its headers.
        fitness: Verdicts of the geometry gate.
        model_id: Which bundle.
        clinical: Values by column name, for models that take them.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        models_folder: Where bundles lie besides the bundled ones; None for the user's own folder.
        target: What the maps explain.
        methods: The maps to make, some of `core.explanation.METHODS`.
    """

    volume: Volume
    series: SeriesRecord
    fitness: Fitness
    model_id: str = DEFAULT_MODEL_ID
    clinical: Mapping[str, float] = field(default_factory=dict)
    device: str = "auto"
    precision: str = "auto"
    models_folder: Path | None = None
    target: Target = MORTALITY
    methods: tuple[str, ...] = DEFAULT_METHODS


@dataclass(frozen=True)
class Provenance:
    """How a result was made.

    Attributes:
        versions: Package name -> version, Thoralens and Python among them.
        weights_sha256: Digest of the weights that were used.
        series_uid: Series the pixels came from.
        device: Where the network ran, in words.
        precision: "fp32" or "bf16".
        steps: Names of the steps with their parameters, in order.
        seconds: Step name -> wall time.
        created: ISO 8601 local time with offset.
        run_id: Of this run alone; questions about it name it (`core.explanation`).
        note: Why this device and precision, and what they cost in exactness, in words.
    """

    versions: Mapping[str, str]
    weights_sha256: str
    series_uid: str
    device: str
    precision: str
    steps: tuple[str, ...]
    seconds: Mapping[str, float]
    created: str
    run_id: str = ""
    note: str = ""


@dataclass(frozen=True)
class AnalysisResult:
    """Everything a run gave.

    Attributes:
        prognosis: The model's outputs.
        saliency: Maps on their own grids, not yet thresholded.
        lungs_and_heart: 1 inside the heart-preserving hull, on the reoriented CT's grid.
        card: The model that spoke.
        clinical: The clinical values it was given.
        provenance: How it was made.
        lungs: Anatomical lungs on the reoriented CT's grid: 1 right, 2 left. For showing and
            measuring; the model's region is made of the published mask.
        lung_volumes_l: Right and left, litres.
        regions: `core.preprocessing.organ_regions.Organ` on a coarser grid.
        organ_share: Method -> organ name -> share of that map.
        trust: How far the maps may be trusted; None until it was checked.
        outside_region_share: Method -> share of that map outside what the model is shown; without
            the maps that are empty.
    """

    prognosis: Prognosis
    saliency: tuple[SaliencyMap, ...]
    lungs_and_heart: Mask
    card: ModelCard
    clinical: Mapping[str, float]
    provenance: Provenance
    lungs: Mask
    lung_volumes_l: tuple[float, float]
    regions: Mask
    organ_share: Mapping[str, Mapping[str, float]]
    trust: MapTrust | None = None
    outside_region_share: Mapping[str, float] = field(default_factory=dict)

    def saliency_by(self, method: str) -> SaliencyMap | None:
        """The map of one method, None if it was not made."""
        return next((each for each in self.saliency if each.method == method), None)
