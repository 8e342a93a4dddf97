"""What Models A-C make of the clinical columns: the part ``[clinical]`` of a training file."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class MissingValues(StrEnum):
    """What happens where a clinical value is missing."""

    REFUSE = "refuse"
    MEDIAN = "median"


class ClinicalSettings(BaseModel):
    """Choices that the paper leaves open have a name here.

    Attributes:
        columns: Candidates for features; every clinical column of the cohort if empty.
        time_columns: Those of them that tell times (years smoked, years since quitting, age at
            the start, ...): replaced by their principal components. Never the follow-up: it is the
            outcome.
        time_components: How many components [unstated in the paper].
        features: How many are kept by impurity importance.
        missing: "refuse" stops; "median" fills in the median of the training patients, counted.
        inner_folds: Of the grid search, within the training patients.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[str, ...] = ()
    time_columns: tuple[str, ...] = ()
    time_components: Annotated[int, Field(ge=1)] = 1
    features: Annotated[int, Field(ge=1)] = 11
    missing: MissingValues = MissingValues.REFUSE
    inner_folds: Annotated[int, Field(ge=2)] = 5
