"""What is evaluated together, as one frozen TOML file: ``thoralens-core evaluate CONFIG.toml``.

[cohort] csv and folds; for each model a [[model]] with name, predictions and the score that ranks;
[oracle] a CSV with patient_id and the column of the true hazard, where the truth is known;
[evaluation] threshold, intervals, the model the others are compared with; [output] folder.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import CohortError
from core.training.setting_faults import fault_words

PLAIN_SCORES = ("probability", "risk_score", "survival_risk")
SURVIVAL_SCORE = re.compile(r"survival_(\d+(?:\.\d+)?)y", re.ASCII)
EXAMPLE = "The README holds an example of an evaluation's configuration."


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CohortFiles(_Frozen):
    """The cohort and its folds."""

    csv: Path
    folds: Path


class ModelEntry(_Frozen):
    """One row of the table.

    Attributes:
        name: Short, such as "D".
        title: What it is, in words.
        predictions: The model's ``predictions.csv``.
        score: What ranks the scans: "probability", "risk_score", "survival_5y" (the risk of dying
            within 5 years, 1 - survival), or "survival_risk" (of the whole survival curve, the
            area under it turned round: that of the C-index on a bundle's card).
    """

    name: Annotated[str, Field(min_length=1, max_length=30)]
    title: str = ""
    predictions: Path
    score: str = "probability"

    @property
    def horizon_years(self) -> float | None:
        """Horizon of a survival score, None for the others."""
        found = SURVIVAL_SCORE.fullmatch(self.score)
        return float(found[1]) if found else None

    @model_validator(mode="after")
    def _check_score(self) -> Self:
        if self.score not in PLAIN_SCORES and self.horizon_years is None:
            raise ValueError(f"score is {', '.join(PLAIN_SCORES)}, or survival_5y and the like")
        return self


class OracleEntry(_Frozen):
    """Where the true hazard stands: by patient, higher is worse."""

    csv: Path
    column: str = "oracle_score"


class EvaluationChoices(_Frozen):
    """How numbers are made.

    Attributes:
        threshold: "youden": for each fold the best on the other folds, for the test set the best on
            all folds; or a number for all [unstated in the paper].
        reference: Name of the model that the others are compared with; none if "".
        patients: "all" refuses a model that lacks patients of the folds; "common" compares on those
            whom every model has.
        resamples: Of the bootstrap.
        level: Of confidence.
        seed: Of the bootstrap.
    """

    threshold: Literal["youden"] | float = "youden"
    reference: str = ""
    patients: Literal["all", "common"] = "all"
    resamples: Annotated[int, Field(ge=100)] = 2000
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    seed: int = 0


class OutputFolder(_Frozen):
    """Where the table and the plots go."""

    folder: Path = Path("evaluation")


class EvaluationSettings(_Frozen):
    """A whole evaluation."""

    cohort: CohortFiles
    model: Annotated[tuple[ModelEntry, ...], Field(min_length=1)]
    oracle: OracleEntry | None = None
    evaluation: EvaluationChoices = EvaluationChoices()
    output: OutputFolder = OutputFolder()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [entry.name for entry in self.model]
        if len(set(names)) < len(names):
            raise ValueError("every model needs a name of its own")
        if self.evaluation.reference not in ("", *names):
            raise ValueError("reference must be the name of a model")
        return self


def read_settings(path: Path) -> EvaluationSettings:
    """Read a configuration; paths in it count from the folder of the file.

    Raises:
        CohortError: Not readable, or a setting is missing, unknown or impossible; it is named.
    """
    try:
        found = EvaluationSettings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise CohortError(
            f"The configuration cannot be read ({error.strerror}).", "Give an existing TOML file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CohortError(f"The configuration is no TOML: {error}.", EXAMPLE) from None
    except ValidationError as error:
        faults = fault_words(error, EvaluationSettings)
        raise CohortError(f"The configuration is not valid: {faults}.", EXAMPLE) from None
    return _from_folder(found, path.resolve().parent)


def _from_folder(found: EvaluationSettings, folder: Path) -> EvaluationSettings:
    """With every path counted from `folder`."""
    models = tuple(
        entry.model_copy(update={"predictions": folder / entry.predictions})
        for entry in found.model
    )
    oracle = found.oracle and found.oracle.model_copy(update={"csv": folder / found.oracle.csv})
    return found.model_copy(
        update={
            "cohort": CohortFiles(csv=folder / found.cohort.csv, folds=folder / found.cohort.folds),
            "model": models,
            "oracle": oracle,
            "output": OutputFolder(folder=folder / found.output.folder),
        }
    )
