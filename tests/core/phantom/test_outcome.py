"""Outcomes follow the hazards that are written down, and nothing else."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.data.cause_groups import CauseGroup, cause_group
from core.phantom.disease import draw_subject
from core.phantom.outcome import (
    CARDIAC_OR_RESPIRATORY,
    COEFFICIENTS,
    HAZARD_PER_YEAR,
    ICD10,
    Cause,
    Outcome,
    covariates,
    draw_outcome,
    hazards,
    oracle_score,
    oracle_survival,
    shuffled,
)
from core.phantom.subject import Diseases, Sex, Subject, Vessel

CROWD = 12_000
GROUPS = {
    Cause.CARDIAC: CauseGroup.CARDIAC,
    Cause.RESPIRATORY: CauseGroup.RESPIRATORY,
    Cause.LUNG_CANCER: CauseGroup.LUNG_CANCER,
    Cause.OTHER: CauseGroup.OTHER,
}


@pytest.fixture(scope="module")
def crowd() -> list[tuple[Subject, Outcome]]:
    people = [draw_subject(seed) for seed in range(CROWD)]
    return [(each, draw_outcome(each)) for each in people]


def test_the_reference_person_has_the_stated_hazards() -> None:
    reference = Subject(seed=0, age_years=62, sex=Sex.FEMALE, pack_years=46)
    assert hazards(reference) == pytest.approx(HAZARD_PER_YEAR)


def test_a_hazard_is_its_baseline_times_the_exponential_of_the_weighted_sum() -> None:
    sick = Diseases(coronary_agatston={Vessel.LAD: 99.0}, heart_scale=1.2, fibrosis=0.1)
    subject = Subject(seed=0, age_years=62, sex=Sex.MALE, pack_years=46, diseases=sick)
    cardiac = COEFFICIENTS[Cause.CARDIAC]
    by_hand = (
        cardiac["male"] + cardiac["coronary_calcium"] * math.log(100) + 2 * cardiac["heart_size"]
    )
    assert hazards(subject)[Cause.CARDIAC] == pytest.approx(
        HAZARD_PER_YEAR[Cause.CARDIAC] * math.exp(by_hand)
    )


@pytest.mark.parametrize(
    "worse",
    [
        {"coronary_agatston": {Vessel.RCA: 400.0}},
        {"aortic_calcium_mm3": 500.0},
        {"valve_calcium_mm3": 300.0},
        {"heart_scale": 1.2},
        {"centrilobular": 0.2},
        {"panlobular": 0.2},
        {"fibrosis": 0.1},
        {"muscle": 0.7},
        {"effusion_ml": (300.0, 0.0)},
    ],
)
def test_every_disease_of_heart_and_lung_raises_the_outcome_of_the_models(worse: dict) -> None:
    healthy = Subject(seed=1)
    assert oracle_score(replace(healthy, diseases=Diseases(**worse))) > oracle_score(healthy)


def test_every_coefficient_names_a_covariate() -> None:
    known = covariates(Subject(seed=0))
    assert all(name in known for weights in COEFFICIENTS.values() for name in weights)


def test_codes_lie_in_the_groups_of_the_paper() -> None:
    for cause, codes in ICD10.items():
        assert all(cause_group(code) is GROUPS[cause] for code in codes)


def test_the_outcome_hangs_on_the_person_alone() -> None:
    subject = draw_subject(3)
    before = draw_outcome(subject)
    subject.random("noise").normal(size=100)  # a noisier picture of the same person
    assert draw_outcome(subject) == before


def test_deaths_come_as_often_as_the_hazards_say(crowd: list[tuple[Subject, Outcome]]) -> None:
    """Expected deaths of a cause = its hazard integrated over the time each person was watched."""
    for cause in Cause:
        expected = sum(hazards(who)[cause] * outcome.time_years for who, outcome in crowd)
        found = sum(outcome.cause is cause for _, outcome in crowd)
        assert abs(found - expected) < 4 * math.sqrt(expected)


def test_time_to_death_is_exponential_with_the_persons_hazard() -> None:
    waits = []
    for seed in range(4000):
        doomed = Subject(seed=seed, age_years=74, diseases=Diseases(heart_scale=1.6))
        outcome = draw_outcome(doomed)
        if outcome.time_years < 2:
            waits.append(outcome.time_years)
    total = sum(hazards(doomed).values())
    assert len(waits) / 4000 == pytest.approx(1 - math.exp(-2 * total), abs=0.04)


def test_oracle_survival_is_the_exponential_of_both_hazards() -> None:
    subject = draw_subject(11)
    of_both = sum(hazards(subject)[cause] for cause in CARDIAC_OR_RESPIRATORY)
    assert oracle_survival(subject, 5.0) == pytest.approx(math.exp(-5 * of_both))


def test_the_oracle_ranks_better_than_any_single_disease(
    crowd: list[tuple[Subject, Outcome]],
) -> None:
    kept = [
        (who, outcome)
        for who, outcome in crowd
        if not outcome.event or outcome.cause in CARDIAC_OR_RESPIRATORY
    ]
    died = [outcome.event for _, outcome in kept]
    oracle = roc_auc_score(died, [oracle_score(who) for who, _ in kept])
    singles = {
        name: roc_auc_score(died, [covariates(who)[name] for who, _ in kept])
        for name in covariates(kept[0][0])
    }
    assert 0.83 < oracle < 0.92
    assert oracle > max(singles.values()) + 0.05


def test_shuffled_outcomes_cannot_be_told_by_the_oracle(
    crowd: list[tuple[Subject, Outcome]],
) -> None:
    mixed = shuffled([outcome for _, outcome in crowd], seed=1)
    assert sorted(o.time_years for o in mixed) == sorted(o.time_years for _, o in crowd)
    scores = np.array([oracle_score(who) for who, _ in crowd])
    assert abs(roc_auc_score([outcome.event for outcome in mixed], scores) - 0.5) < 0.04


def test_the_follow_up_of_the_living_ends_with_the_trial(
    crowd: list[tuple[Subject, Outcome]],
) -> None:
    living = [outcome for _, outcome in crowd if not outcome.event]
    assert all(0 < each.time_years <= 7.5 and each.icd10 == "" for each in living)
    assert np.median([each.time_years for each in living]) == pytest.approx(6.5, abs=0.2)
