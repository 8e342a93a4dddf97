"""What a run needs and what it gave. No torch here: the viewer reads these too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.data.fitness import Fitness
from core.data.series import SeriesRecord
from core.models.cards import ModelCard
from core.prognosis import Prognosis
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
    """

    volume: Volume
    series: SeriesRecord
    fitness: Fitness
    model_id: str = DEFAULT_MODEL_ID
    clinical: Mapping[str, float] = field(default_factory=dict)
    device: str = "auto"
    precision: str = "auto"
    models_folder: Path | None = None


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
    """

    versions: Mapping[str, str]
    weights_sha256: str
    series_uid: str
    device: str
    precision: str
    steps: tuple[str, ...]
    seconds: Mapping[str, float]
    created: str


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
    """

    prognosis: Prognosis
    saliency: tuple[SaliencyMap, ...]
    lungs_and_heart: Mask
    card: ModelCard
    clinical: Mapping[str, float]
    provenance: Provenance

    def saliency_by(self, method: str) -> SaliencyMap | None:
        """The map of one method, None if it was not made."""
        return next((each for each in self.saliency if each.method == method), None)
