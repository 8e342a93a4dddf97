"""What a training run is, as one frozen TOML file: nothing is chosen anywhere else."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ThoralensError
from core.models.cards import ClinicalColumn, Side, require_breaks
from core.training.clinical_settings import ClinicalSettings
from core.training.setting_faults import fault_words

StageName = Literal["findings", "mortality", "survival", "hybrid"]
Precision = Literal["auto", "fp32", "bf16"]
Device = Literal["auto", "cpu", "cuda"]
Part = Literal["folds", "final"]
Kind = Literal["mortality_resnet3d", "svm", "gradient_boosting", "random_forest"]
Shape = tuple[Side, Side, Side]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]

NETWORK: Kind = "mortality_resnet3d"
MOST_WORKERS = 256
FINDINGS_WEIGHT_DECAY = 1e-5
"""Of findings stages where none is given: the paper's 5e-3 is meant for its few hundred scans."""

FEWEST_FINDINGS_AT_ONCE = 8
"""Between two scans features in SD are 1 and -1 whatever they were: nothing is left to learn."""

MORTALITY, SURVIVAL = "mortality", "survival"
HEADS = {"mortality": MORTALITY, "hybrid": MORTALITY, "survival": SURVIVAL}
"""Which head a stage teaches."""


class TrainingError(ThoralensError):
    """A training run cannot be started or continued as it was asked for."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CohortSettings(_Frozen):
    """Where the cohort and its folds lie.

    `findings_csv`: a table with one row for each patient_id and the columns of "findings" stages;
    without it these are clinical columns of the cohort.
    """

    csv: Path
    folds: Path
    findings_csv: Path | None = None


class ModelSettings(_Frozen):
    """What is trained.

    `initial` is where the weights come from: "" (from the seed), "medicalnet:PATH" (a checkpoint),
    "bundle:PATH" (a bundle's folder; it does not say whom it was trained on: whoever names it
    answers for that) or "run:PATH" (an output folder: with the same folds, of each fold its own
    weights, so that no scan that a fold is tested on was ever trained on; with other folds the
    final model, if it knows nobody of this cohort). `clinical` are Model E's values; where it is
    empty, those of the bundled Model E. `breaks_years`: empty for no survival head.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    kind: Kind = NETWORK
    variant: Literal["D", "E"] = "D"
    initial: Annotated[str, Field(pattern=r"^$|^(medicalnet|bundle|run):.+")] = ""
    breaks_years: tuple[float, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    horizons_years: tuple[float, ...] = (1, 3, 5)
    clinical: tuple[ClinicalColumn, ...] = ()

    @model_validator(mode="after")
    def _check_breaks(self) -> Self:
        if self.breaks_years:
            require_breaks(self.breaks_years, self.horizons_years)
        return self


class InputSettings(_Frozen):
    """What the network is fed; where prepared scans are kept.

    `leave_out_unusable`: a scan that the model cannot be used on is left out, else it stops all.
    """

    shape: Shape = (128, 256, 256)
    cache: Path = Path("cache")
    leave_out_unusable: bool = False


class StageSettings(_Frozen):
    """One stage of training.

    A frozen "mortality" or "survival" stage begins its head anew: what an earlier stage taught that
    head is gone.

    Attributes:
        name: Which loss. "findings": squared error of named numeric columns of the cohort in units
            of their SD, by a head that is thrown away (stands in for MedicalNet's pre-training).
            "mortality": cross entropy, classes drawn evenly. "survival": discrete-time hazards.
            "hybrid": mortality by the last layer of Model E alone, image branch frozen.
        epochs: At most.
        batch: Scans per step, over all processes.
        at_once: Scans of a process that pass through the network together; a larger batch is summed
            up of several passes. None: all.
        learning_rate: Of the heads, at the start.
        backbone_factor: Times this, of the backbone; 0 freezes it and its pooled features are
            computed once, without augmentation.
        schedule: "constant", or "cosine" down to 0 at the last epoch.
        weight_decay: L2, as in Adam's paper; 1e-5 for findings where none is given.
        early_stop_epochs: Stop after so many epochs that are no better on the validation scans.
        shape: A smaller input, by means over blocks of the whole one.
        columns: Of "findings" (`core.training.findings`).
        findings_weight: Of the findings loss, added to that of the stage; needs `columns`.
    """

    name: StageName
    epochs: Count
    batch: Count = 24
    at_once: Count | None = None
    learning_rate: Positive = 1e-4
    backbone_factor: Annotated[float, Field(ge=0)] = 0.1
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: Annotated[float, Field(ge=0)] = 5e-3
    early_stop_epochs: Count | None = None
    shape: Shape | None = None
    columns: tuple[str, ...] = ()
    findings_weight: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _decay_of_findings(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("name") == "findings":
            return {"weight_decay": FINDINGS_WEIGHT_DECAY} | given
        return given

    @property
    def is_frozen(self) -> bool:
        """The backbone stays as it is."""
        return self.name == "hybrid" or self.backbone_factor == 0

    @property
    def has_findings(self) -> bool:
        """A head for findings is trained beside."""
        return self.name == "findings" or self.findings_weight > 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.has_findings and not self.columns:
            raise ValueError("findings need columns of the cohort to learn")
        if self.has_findings and (self.at_once or self.batch) < FEWEST_FINDINGS_AT_ONCE:
            raise ValueError(
                f"findings need at least {FEWEST_FINDINGS_AT_ONCE} scans that pass at once: their "
                "head takes features in units of how these differ"
            )
        if self.at_once is not None and self.batch % self.at_once:
            raise ValueError(f"batch {self.batch} must be a multiple of at_once {self.at_once}")
        return self


class TrainingSettings(_Frozen):
    """How the machine is used. `checkpoint_s`: seconds between checkpoints."""

    seed: int = 2024
    precision: Precision = "auto"
    augmentation: bool = True
    workers: Annotated[int, Field(gt=0, le=MOST_WORKERS)] = 2
    device: Device = "auto"
    threads: Annotated[int, Field(gt=0, le=MOST_WORKERS)] | None = None
    checkpoint_s: Annotated[float, Field(ge=0)] = 60.0


class OutputSettings(_Frozen):
    """Where results go, and which parts are run: a model for each fold, and one of all folds."""

    folder: Path
    parts: tuple[Part, ...] = ("folds", "final")


class BundleSettings(_Frozen):
    """What stands on the card of the bundle that is made of the final model.

    `outcome`, `survival_outcome` and `intended_use` are those of the variant where they are empty.
    `backbone_of`: folder of Model D's bundle, whose backbone Model E's bundle uses.
    """

    folder: Path
    title: str
    training_cohort: str
    outcome: str = ""
    survival_outcome: str = ""
    intended_use: str = ""
    demonstration: bool = False
    licence: str = "Apache-2.0"
    limits: tuple[str, ...] = ()
    backbone_of: Path | None = None


class TrainingConfiguration(_Frozen):
    """A whole run."""

    cohort: CohortSettings
    model: ModelSettings
    input: InputSettings = InputSettings()
    stage: tuple[StageSettings, ...] = ()
    training: TrainingSettings = TrainingSettings()
    clinical: ClinicalSettings = ClinicalSettings()
    output: OutputSettings
    bundle: BundleSettings | None = None

    @property
    def image_shape(self) -> Shape:
        """Input at which the model is judged: that of the last stage."""
        return self.stage_shape(self.stage[-1]) if self.stage else self.input.shape

    def stage_shape(self, stage: StageSettings) -> Shape:
        """Input of one stage."""
        return stage.shape or self.input.shape

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.model.kind == NETWORK) != bool(self.stage):
            raise ValueError("a network needs stages, and only a network has them")
        if self.bundle and self.image_shape != self.input.shape:
            raise ValueError("the last stage of a bundled model must train at the input's shape")
        for stage in self.stage:
            for side, whole in zip(self.stage_shape(stage), self.input.shape, strict=True):
                if whole % side:
                    raise ValueError(f"a side of {side} is no whole part of {whole}")
            if stage.name == "hybrid" and self.model.variant != "E":
                raise ValueError("only Model E has a hybrid stage")
            if stage.name == "survival" and not self.model.breaks_years:
                raise ValueError("a survival stage needs breaks_years")
        return self

    @property
    def heads(self) -> frozenset[str]:
        """That some stage teaches: "mortality", "survival"."""
        return frozenset(HEADS[stage.name] for stage in self.stage if stage.name in HEADS)

    @property
    def moves_backbone(self) -> bool:
        """Some stage does: what heads learned before is of features that are no more."""
        return not all(stage.is_frozen for stage in self.stage)

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        """No head is left behind by a backbone that goes on learning."""
        for number, stage in enumerate(self.stage, 1):
            head = HEADS.get(stage.name)
            if head is None:
                continue
            for later, other in enumerate(self.stage[number:], number + 1):
                if HEADS.get(other.name) == head:
                    break  # taught anew
                if not other.is_frozen:
                    raise ValueError(
                        f"stage {later} ({other.name}) moves the backbone, and the {head} head of "
                        f"stage {number} would not know its features: give stage {later} "
                        f"backbone_factor = 0, or teach that head after it"
                    )
        return self

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        """No output that nothing was taught to give."""
        if self.stage and self.model.variant == "E" and MORTALITY not in self.heads:
            raise ValueError("Model E needs a hybrid or a mortality stage")
        if self.bundle is None:
            return self
        if self.bundle.backbone_of and self.moves_backbone:
            raise ValueError(
                "a bundle with backbone_of trains its heads alone: freeze the backbone"
            )
        if self.model.initial.startswith(("run:", "bundle:")):
            return self  # the heads of the source are looked at before the run
        if MORTALITY not in self.heads:
            raise ValueError("a bundle needs a mortality or a hybrid stage")
        if self.model.breaks_years and SURVIVAL not in self.heads:
            raise ValueError(
                "a bundle's survival head needs a survival stage; set breaks_years = [] for none"
            )
        return self


def read_configuration(path: Path) -> TrainingConfiguration:
    """Read a configuration; paths in it count from the folder of the file.

    Raises:
        TrainingError: Not readable, or a setting is missing, unknown or impossible; it is named.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = TrainingConfiguration.model_validate(document)
    except OSError as error:
        raise TrainingError(
            f"The configuration cannot be read ({error.strerror}).", "Give an existing TOML file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"The configuration is no TOML: {error}.", "Correct it.") from None
    except ValidationError as error:
        faults = fault_words(error, TrainingConfiguration)
        raise TrainingError(f"The configuration is not valid: {faults}.", "Correct it.") from None
    return _from_folder(found, path.resolve().parent)


def _from_folder(found: TrainingConfiguration, folder: Path) -> TrainingConfiguration:
    """With every path counted from `folder`."""
    cohort = found.cohort
    changed: dict[str, object] = {
        "cohort": CohortSettings(
            csv=folder / cohort.csv,
            folds=folder / cohort.folds,
            findings_csv=cohort.findings_csv and folder / cohort.findings_csv,
        ),
        "input": found.input.model_copy(update={"cache": folder / found.input.cache}),
        "output": found.output.model_copy(update={"folder": folder / found.output.folder}),
    }
    source, _, place = found.model.initial.partition(":")
    if place:
        initial = f"{source}:{folder / place}"
        changed["model"] = found.model.model_copy(update={"initial": initial})
    if found.bundle:
        update: dict[str, object] = {"folder": folder / found.bundle.folder}
        if found.bundle.backbone_of:
            update["backbone_of"] = folder / found.bundle.backbone_of
        changed["bundle"] = found.bundle.model_copy(update=update)
    return found.model_copy(update=changed)
