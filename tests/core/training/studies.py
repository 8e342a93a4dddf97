"""A small generated study: age and a hidden disease explain who dies."""

import numpy as np

from core.data.cohort import read_cohort
from core.data.folds import make_folds, write_folds
from core.training.prediction_table import PredictionRow, write_table

CLINICAL = ("age", "male", "pack_years", "bmi", "years_smoked", "years_quit")


def write_study(folder, *, people=300, seed=0, test=0.3, lung_cancer=6, gap=False):
    """cohort.csv, folds.json and truth.csv; the hazard hangs on age and a hidden disease.

    Returns:
        cohort, folds, hazard by patient.
    """
    random = np.random.default_rng(seed)
    age, disease = random.normal(62, 5, people), random.normal(size=people)
    hazard = 0.09 * np.exp(0.12 * (age - 62) + 1.1 * disease)
    death, end = random.exponential(1 / hazard), random.uniform(5, 7, people)
    lines = [",".join(("patient_id", "scan", "event", "time_years", "cause", *CLINICAL))]
    truth = ["patient_id,oracle_score"]
    for k in range(people):
        died = death[k] < end[k]
        cause = ("I25.1", "J44.9")[k % 2] if died else ""
        cause = "C34.1" if died and k < lung_cancer * 3 else cause
        cells = [age[k], k % 2, random.normal(46, 12), random.normal(27, 4)]
        cells += [age[k] - 20 + random.normal(), random.exponential(4)]
        values = [f"{cell:.3f}" for cell in cells]
        if gap and k % 40 == 7:
            values[3] = ""
        row = [f"s{k:04d}", f"scans/{k}.nii", int(died), f"{min(death[k], end[k]):.4f}", cause]
        lines.append(",".join(map(str, [*row, *values])))
        truth.append(f"s{k:04d},{float(hazard[k])!r}")
    (folder / "cohort.csv").write_text("\n".join(lines) + "\n")
    (folder / "truth.csv").write_text("\n".join(truth) + "\n")
    cohort = read_cohort(folder / "cohort.csv")
    folds = make_folds(cohort, 3, validation=0.1, test=test, seed=seed)
    write_folds(folds, folder / "folds.json")
    return cohort, folds, {f"s{k:04d}": float(hazard[k]) for k in range(people)}


def write_scores(path, cohort, folds, score_of):
    """Predictions of a made-up model: log odds from a function of the patient."""
    from core.data.cohort import mortality_label

    rows = []
    for patient, part in folds.parts.items():
        if part == "validation":
            continue
        for row in cohort.patients[patient]:
            score = score_of(patient)
            chance = float(1 / (1 + np.exp(-score)))
            rows.append(
                PredictionRow(
                    patient, part, mortality_label(row), row.event, row.time_years, chance, score,
                    {1.0: 1 - chance / 4, 5.0: 1 - chance},
                )
            )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, rows)
    return rows
