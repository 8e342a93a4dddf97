"""What becomes of a synthetic person: diseases cause deaths, by coefficients that stand here.

Cause-specific proportional hazards, constant over the follow-up: a person dies of the cause whose
exponential waiting time is the shortest, unless the follow-up ends first. The true hazard is known,
and with it the best that any model could do (the oracle).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.phantom.subject import Diseases, Sex, Subject


class Cause(StrEnum):
    """Cause of death."""

    CARDIAC = "cardiac"
    RESPIRATORY = "respiratory"
    LUNG_CANCER = "lung_cancer"
    OTHER = "other"


CARDIAC_OR_RESPIRATORY = (Cause.CARDIAC, Cause.RESPIRATORY)
"""The outcome of Models A to E."""

HAZARD_PER_YEAR = {
    Cause.CARDIAC: 0.00027,
    Cause.RESPIRATORY: 0.00024,
    Cause.LUNG_CANCER: 0.0018,
    Cause.OTHER: 0.0032,
}
"""Of a healthy woman of 62 with 46 pack-years."""

COEFFICIENTS: Mapping[Cause, Mapping[str, float]] = {
    Cause.CARDIAC: {
        "age": 0.06,
        "male": 0.30,
        "pack_years": 0.006,
        "coronary_calcium": 0.26,
        "aortic_calcium": 0.25,
        "valve_calcium": 0.40,
        "heart_size": 1.00,
        "effusion": 0.80,
        "muscle_loss": 0.15,
    },
    Cause.RESPIRATORY: {
        "age": 0.06,
        "male": 0.20,
        "pack_years": 0.006,
        "emphysema": 1.10,
        "fibrosis": 1.80,
        "muscle_loss": 0.35,
        "effusion": 0.40,
    },
    Cause.LUNG_CANCER: {"age": 0.04, "pack_years": 0.008, "nodule": 1.0, "emphysema": 0.2},
    Cause.OTHER: {"age": 0.07, "male": 0.30, "muscle_loss": 0.20, "bone_loss": 0.12},
}
"""Logarithm of the hazard ratio for one unit of each of `covariates`."""

ICD10 = {
    Cause.CARDIAC: ("I21.9", "I25.1", "I50.0", "I46.9", "I35.0"),
    Cause.RESPIRATORY: ("J44.9", "J43.9", "J84.1", "J18.9"),
    Cause.LUNG_CANCER: ("C34.1", "C34.3", "C34.9"),
    Cause.OTHER: ("C18.9", "I63.9", "K74.6", "R99", "C25.9"),
}

FOLLOW_UP_YEARS = (5.5, 7.5)
"""The trial ends for each person somewhere between."""

LOST_PER_YEAR = 0.006


@dataclass(frozen=True)
class Outcome:
    """End of a person's follow-up.

    Attributes:
        event: Whether it ended by death.
        time_years: From the scan to death or to the last that is known.
        cause: Of death; None of the living.
        icd10: Code of the cause; empty of the living.
    """

    event: bool
    time_years: float
    cause: Cause | None
    icd10: str


def covariates(subject: Subject) -> dict[str, float]:
    """What the hazards hang on, each in units in which 1 is much.

    Age in years over 62, pack-years over 46; calcium by the logarithm of its amount; the heart in
    tenths over its healthy size; emphysema and fibrosis in tenths of the lung; fluid by the
    logarithm of decilitres; the nodule in centimetres; muscle in tenths under, vertebrae in 30 HU
    under the reference's.
    """
    sick: Diseases = subject.diseases
    return {
        "age": subject.age_years - 62,
        "male": float(subject.sex is Sex.MALE),
        "pack_years": subject.pack_years - 46,
        "coronary_calcium": math.log1p(sick.total_agatston),
        "aortic_calcium": math.log1p(sick.aortic_calcium_mm3 / 100),
        "valve_calcium": math.log1p(sick.valve_calcium_mm3 / 50),
        "heart_size": 10 * (sick.heart_scale - 1),
        "emphysema": 10 * (sick.centrilobular + sick.panlobular),
        "fibrosis": 10 * sick.fibrosis,
        "effusion": math.log1p(sum(sick.effusion_ml) / 100),
        "nodule": sick.nodule_mm / 10,
        "muscle_loss": 10 * (1 - sick.muscle),
        "bone_loss": (160 - sick.vertebral_hu) / 30,
    }


def hazards(subject: Subject) -> dict[Cause, float]:
    """True hazard of every cause, per year."""
    values = covariates(subject)
    return {
        cause: HAZARD_PER_YEAR[cause]
        * math.exp(sum(weight * values[name] for name, weight in COEFFICIENTS[cause].items()))
        for cause in Cause
    }


def oracle_score(subject: Subject, causes: Iterable[Cause] = CARDIAC_OR_RESPIRATORY) -> float:
    """The true hazard of some causes together: no model ranks people better."""
    of_all = hazards(subject)
    return sum(of_all[cause] for cause in causes)


def oracle_survival(subject: Subject, time_years: float) -> float:
    """True probability of no cardiac or respiratory death by a time, other causes put aside."""
    return math.exp(-oracle_score(subject) * time_years)


def draw_outcome(subject: Subject) -> Outcome:
    """Death or censoring, from a stream of chance that no picture shares."""
    random = subject.random("outcome")
    waits_years = {
        cause: float(random.exponential(1 / hazard)) for cause, hazard in hazards(subject).items()
    }
    codes = {cause: str(random.choice(ICD10[cause])) for cause in Cause}
    end_years = min(
        float(random.uniform(*FOLLOW_UP_YEARS)), float(random.exponential(1 / LOST_PER_YEAR))
    )
    cause = min(waits_years, key=waits_years.__getitem__)
    if waits_years[cause] > end_years:
        return Outcome(event=False, time_years=round(end_years, 3), cause=None, icd10="")
    return Outcome(
        event=True,
        time_years=round(max(waits_years[cause], 0.003), 3),
        cause=cause,
        icd10=codes[cause],
    )


def shuffled(outcomes: list[Outcome], seed: int) -> list[Outcome]:
    """The same outcomes given to other people: the control in which nothing can be learned."""
    order = np.random.default_rng(seed).permutation(len(outcomes))
    return [outcomes[k] for k in order.tolist()]
