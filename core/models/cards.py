"""The card of a model: what it is, what it was trained on, what goes in and what comes out.

A bundle is a folder with ``card.json`` (this schema) and, once trained, ``weights.safetensors``,
and ``reference.safetensors`` with the cohort that a new scan is compared with.
"""

from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import WeightsError
from core.prognosis import DEMONSTRATION, NOT_TRAINED, deaths_in_training

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(gt=0, multiple_of=8)]
"""Voxels along one axis of a network's input: whole cells of its last layer."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputDescription(_Frozen):
    """What the network is fed."""

    shape: tuple[Side, Side, Side]
    hu_window: tuple[float, float]
    outside_intensity: float
    region: str


class ClinicalColumn(_Frozen):
    """One clinical value, scaled to 0..1 between `minimum` and `maximum`.

    With `yes_or_no` it is 0 (no) or 1 (yes) and nothing between.
    """

    name: str
    title: str
    unit: str = ""
    minimum: float
    maximum: float
    yes_or_no: bool = False

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if not self.minimum < self.maximum:
            raise ValueError(f"minimum {self.minimum:g} must lie below maximum {self.maximum:g}")
        if self.yes_or_no and (self.minimum, self.maximum) != (0, 1):
            raise ValueError("a yes_or_no value runs from 0 to 1")
        return self

    def fault(self, value: float) -> str | None:
        """Why the value cannot be used, in words; None where it can."""
        if self.yes_or_no:
            return None if value in (0, 1) else "must be 0 (no) or 1 (yes)"
        if isfinite(value) and self.minimum <= value <= self.maximum:
            return None
        return f"must lie between {self.minimum:g} and {self.maximum:g} {self.unit}".rstrip()


class SurvivalOutput(_Frozen):
    """Intervals of the discrete-time survival head."""

    outcome: str
    breaks_years: tuple[float, ...]
    horizons_years: tuple[float, ...]

    @model_validator(mode="after")
    def _check_breaks(self) -> Self:
        require_breaks(self.breaks_years, self.horizons_years)
        return self


def require_breaks(breaks_years: tuple[float, ...], horizons_years: tuple[float, ...]) -> None:
    """Intervals that a survival head can have, and horizons that lie within them.

    Raises:
        ValueError: They do not.
    """
    rising = all(before < after for before, after in pairwise(breaks_years))
    finite = all(map(isfinite, breaks_years))
    if len(breaks_years) < 2 or breaks_years[0] != 0 or not rising or not finite:
        raise ValueError(f"breaks_years must rise from 0, got {breaks_years}")
    if not all(0 < horizon <= breaks_years[-1] for horizon in horizons_years):
        raise ValueError("horizons_years must lie after 0 and not beyond the last break")


class CardMetric(_Frozen):
    """How good the model was on scans that it never saw.

    `low` and `high` bound the 95 % interval; `of` says which scans, in words.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    scans: int
    of: str

    @property
    def words(self) -> str:
        """Such as "AUC 0.812 (0.750 to 0.870), 250 test scans"."""
        is_bounded = self.low is not None and self.high is not None
        bounds = f" ({self.low:.3f} to {self.high:.3f})" if is_bounded else ""
        return f"{self.name} {self.value:.3f}{bounds}, {self.scans} {self.of}"


class CalibrationBin(_Frozen):
    """Scans of like predicted probability, and the share of them that died."""

    scans: int
    predicted: float
    observed: float
    low: float
    high: float


class Calibration(_Frozen):
    """Platt scaling that is part of the weights already: a probability is what the model says.

    The log odds of the network as it was trained, times `slope`, plus `intercept`, were fitted on
    `scans` scans; `of` says which, in words. `bins` are the points of the calibration plot, after
    scaling, on other scans: `bins_of` says which.
    """

    slope: Annotated[float, Field(gt=0)]
    intercept: float
    scans: int
    of: str
    bins: tuple[CalibrationBin, ...] = ()
    bins_of: str = ""

    @property
    def words(self) -> str:
        """How the probabilities were fitted, and on which scans the plot was made."""
        fitted = (
            f"Platt scaling, slope {self.slope:.2f}, intercept {self.intercept:.2f}, fitted on "
            f"{self.scans} {self.of}. It is part of the weights."
        )
        if not self.bins:
            return fitted
        return f"{fitted}\nPoints with 95 % intervals: {self.bins_of}."


class ReferenceDescription(_Frozen):
    """The scans that a new one is compared with (``reference.safetensors``).

    Features are those of `scans` training scans, risk scores those of `risk_scores` scans that the
    model was not trained on; `risk_scores_of` says which, in words.
    """

    sha256: Sha256
    scans: int
    risk_scores: int
    risk_scores_of: str


class BackboneSource(_Frozen):
    """Another bundle whose backbone this one uses, and the digest of that bundle's weights."""

    id: str
    weights_sha256: Sha256


class ModelCard(_Frozen):
    """Everything a reader must know about a model before believing a number of it.

    `weights_sha256` is the digest of ``weights.safetensors``; a bundle without weights has
    `initialisation_seed` and the digest of what that seed gives (`initialisation_sha256`) instead.
    `training` says how it was taught, in words; `training_deaths` is the share of the endpoint's
    deaths among the scans that it was taught and calibrated on.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    citation: str
    doi: str
    architecture: str
    variant: str
    outcome: str
    intended_use: str
    not_for: str
    training_cohort: str
    training: tuple[str, ...] = ()
    training_deaths: Annotated[float, Field(gt=0, lt=1)] | None = None
    reproduced: str
    deviations: tuple[str, ...]
    input: InputDescription
    survival: SurvivalOutput | None
    clinical: tuple[ClinicalColumn, ...] = ()
    saliency_layer: str
    gradcam_threshold: Annotated[float, Field(ge=0, le=1)]
    licence: str
    trained: bool
    demonstration: bool
    weights_sha256: Sha256 | None = None
    initialisation_seed: int | None = None
    initialisation_sha256: Sha256 | None = None
    limits: tuple[str, ...] = ()
    metrics: tuple[CardMetric, ...] = ()
    calibration: Calibration | None = None
    reference: ReferenceDescription | None = None
    backbone_of: BackboneSource | None = None

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        if self.trained and self.weights_sha256 is None:
            raise ValueError("a trained model needs weights_sha256")
        if not self.trained and self.initialisation_seed is None and self.weights_sha256 is None:
            raise ValueError("a card names either weights_sha256 or initialisation_seed")
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must stand beside every number of this model."""
        return tuple(each for each in (*self.weights_warnings, self.scale_warning) if each)

    @property
    def weights_warnings(self) -> tuple[str, ...]:
        """That the weights are random or a demonstration: nothing else on the card counts then."""
        if not self.trained:
            return (NOT_TRAINED,)
        return (DEMONSTRATION,) if self.demonstration else ()

    @property
    def scale_warning(self) -> str:
        """Among whom a probability of this model is a probability; "" where nobody knows."""
        if not self.trained or self.training_deaths is None:
            return ""
        return deaths_in_training(self.training_deaths)

    def compared_with(self, count: int) -> str:
        """Whom a risk score is compared with, such as "351 unseen scans"; 0 where nobody knows."""
        scans = "synthetic scans" if self.demonstration else "unseen scans"
        return f"{count} {scans}" if count else scans

    @property
    def facts_of_training(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """How good it is, its limits, how it was taught: titles, each with its sentences."""
        measured = tuple(metric.words for metric in self.metrics)
        found = (("Measured", measured), ("Limits", self.limits), ("Training", self.training))
        return tuple((title, sentences) for title, sentences in found if sentences)


def read_card(folder: Path) -> ModelCard:
    """Read and check ``card.json`` of a bundle.

    Raises:
        WeightsError: No card, or one that does not follow the schema; the message names the field.
    """
    try:
        return ModelCard.model_validate_json((folder / "card.json").read_bytes())
    except FileNotFoundError:
        raise WeightsError(
            f"The model bundle '{folder.name}' holds no card.json.",
            "A bundle is a folder with card.json and weights.safetensors; copy it anew.",
        ) from None
    except OSError as error:
        raise WeightsError(
            f"The card of the model bundle '{folder.name}' cannot be read ({error.strerror}).",
            "Check that you may read the models folder, or copy the bundle anew.",
        ) from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'card'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise WeightsError(
            f"The card of the model bundle '{folder.name}' is not valid: {faults}.",
            "Correct card.json, or copy the bundle anew.",
        ) from None
