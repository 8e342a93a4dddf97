"""The questionnaire of a synthetic person: the kinds of columns that a screening trial holds.

Columns that Model E knows bear the names and units of its card. What people report of their
diseases is neither complete nor always right, and most columns have nothing to do with death: a
model of these columns alone must stay weak (the published one reaches an AUC of 0.58).
"""

import math

import numpy as np

from core.phantom.outcome import covariates
from core.phantom.subject import Sex, Subject

ALCOHOL_PER_DAY = 0.9
MONTHS_A_YEAR = 12


def clinical_row(subject: Subject) -> dict[str, float]:
    """Column name to value; the same columns, in the same order, for everyone."""
    random = subject.random("questionnaire")
    return {
        **_person(subject, random),
        **_smoking(subject, random),
        **_history(subject, random),
        **_times(subject, random),
    }


def _person(subject: Subject, random: np.random.Generator) -> dict[str, float]:
    male = subject.sex is Sex.MALE
    build = subject.build
    height_cm = 158 * build.height**0.5 + 14 * male + float(random.normal(0, 3))
    bmi = 25.5 + 0.28 * (build.fat_mm - 7) + float(random.normal(0, 1.6))
    return {
        "age_years": subject.age_years,
        "male": float(male),
        "height_cm": round(height_cm, 1),
        "weight_kg": round(bmi * (height_cm / 100) ** 2, 1),
        "body_mass_index": round(bmi, 1),
        "education_level": float(random.integers(1, 8)),
        "married": float(random.random() < 0.66),
        "alcohol_per_day": round(float(random.exponential(ALCOHOL_PER_DAY)), 2),
    }


def _smoking(subject: Subject, random: np.random.Generator) -> dict[str, float]:
    years = float(np.clip(random.normal(subject.age_years - 22, 5), 15, subject.age_years - 12))
    current = bool(random.random() < 0.48)
    return {
        "pack_years": subject.pack_years,
        "smoking_years": round(years, 1),
        "cigarettes_per_day": round(20 * subject.pack_years / years, 1),
        "age_at_start": round(subject.age_years - years - (0 if current else 3), 1),
        "current_smoker": float(current),
        "years_since_quitting": 0.0 if current else round(float(random.uniform(0.2, 15)), 1),
        "smoker_in_household": float(random.random() < 0.55),
    }


def _history(subject: Subject, random: np.random.Generator) -> dict[str, float]:
    amounts = covariates(subject)
    lung_disease = 0.75 * amounts["emphysema"] + 0.8 * amounts["fibrosis"]
    heart_disease = 0.2 * amounts["coronary_calcium"] + 0.7 * amounts["heart_size"]
    log_odds = {
        "history_copd": -2.6 + lung_disease,
        "history_emphysema": -3.2 + 0.7 * amounts["emphysema"],
        "history_chronic_bronchitis": -2.3 + 0.2 * lung_disease,
        "history_fibrosis": -5.0 + 0.8 * amounts["fibrosis"],
        "history_pneumonia": -1.3,
        "history_asthma": -2.7,
        "heart_disease": -3.2 + heart_disease,
        "hypertension": -0.9 + 0.3 * heart_disease,
        "stroke": -3.5 + 0.3 * heart_disease,
        "diabetes": -2.2,
        "history_cancer": -3.2,
        "family_lung_cancer": -1.3,
        "asbestos_work": -3.0,
        "coal_work": -4.5,
    }
    said = {
        name: float(random.random() < 1 / (1 + math.exp(-odds))) for name, odds in log_odds.items()
    }
    either = max(said["history_copd"], said["history_emphysema"])
    return {"copd_or_emphysema": either, **said}


def _times(subject: Subject, random: np.random.Generator) -> dict[str, float]:
    """Dates of a trial as days since its start: what the paper calls time information."""
    joined = float(random.uniform(0, 20 * 30.4))
    waited = float(random.gamma(2.0, 9.0))
    return {
        "time_joined_days": round(joined),
        "time_to_scan_days": round(waited),
        "time_to_reading_days": round(waited + float(random.gamma(2.0, 3.0))),
        "time_to_questionnaire_days": round(float(random.gamma(1.5, 6.0))),
        "time_birth_month": float(int(random.integers(0, MONTHS_A_YEAR))),
    }
