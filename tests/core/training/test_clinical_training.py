import json

import numpy as np
import pytest

from core.data.cohort import mortality_label
from core.errors import CohortError
from core.metrics.classification import auc
from core.progress import Silent
from core.training.clinical_settings import ClinicalSettings
from core.training.clinical_training import train_clinical
from core.training.prediction_table import read_table
from tests.core.training.studies import write_study

QUICK = ClinicalSettings(inner_folds=2, features=3, time_columns=("years_smoked", "years_quit"))


@pytest.fixture(autouse=True)
def small_search(monkeypatch):
    monkeypatch.setattr("core.models.clinical_pipeline.IMPORTANCE_TREES", 30)
    monkeypatch.setattr("core.models.clinical_pipeline.FOREST_TREES", 30)
    grids = {"svm": {"C": (1.0,), "gamma": (0.03, 0.1)}, "random_forest": {"max_depth": (4,)}}
    monkeypatch.setattr("core.models.clinical_baselines.GRIDS", grids)


def train(folder, kind="svm", settings=QUICK):
    return train_clinical(
        folder / "cohort.csv",
        folder / "folds.json",
        kind,
        settings,
        output=folder / "runs" / kind,
        seed=1,
        progress=Silent(),
    )


@pytest.mark.parametrize("kind", ["svm", "random_forest"])
def test_everyone_is_predicted_once_by_a_model_that_never_saw_them(tmp_path, kind):
    cohort, folds, _ = write_study(tmp_path)
    rows = read_table(train(tmp_path, kind))
    assert {row.patient_id: row.fold for row in rows} == {
        patient: part for patient, part in folds.parts.items() if part != "validation"
    }
    assert len(rows) == len({row.patient_id for row in rows})
    for row in rows:
        (truth,) = cohort.patients[row.patient_id]
        assert (row.label, row.event) == (mortality_label(truth), truth.event)
        assert row.time_years == truth.time_years
    tested = [row for row in rows if row.fold == "test"]
    assert auc([row.label for row in tested], [row.risk_score for row in tested]) > 0.6


def test_a_label_changed_in_one_fold_does_not_change_what_is_said_of_that_fold(tmp_path):
    """The outcome of the left-out patients must not leak into features, grid or calibration."""
    _, folds, _ = write_study(tmp_path)
    before = {row.patient_id: row for row in read_table(train(tmp_path))}
    turned = set(folds.folds[0]) | set(folds.test)
    lines = (tmp_path / "cohort.csv").read_text().splitlines()
    for place, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] in turned:
            cells[2], cells[4] = ("0", "") if cells[2] == "1" else ("1", "I25.1")
            lines[place] = ",".join(cells)
    (tmp_path / "cohort.csv").write_text("\n".join(lines) + "\n")
    after = {row.patient_id: row for row in read_table(train(tmp_path))}
    for patient in folds.folds[0]:
        assert after[patient].probability == before[patient].probability
        assert after[patient].label != before[patient].label
    assert any(after[each].probability != before[each].probability for each in folds.folds[1])


def test_the_chosen_features_are_written_down(tmp_path):
    write_study(tmp_path)
    path = train(tmp_path)
    found = json.loads((path.parent / "features.json").read_text())
    assert len(found["features"]) == 3
    assert "age" in found["features"] or "times_component_1" in found["features"]
    assert [each["part"] for each in found["models"]] == [0, 1, 2, "final"]
    assert found["models"][0]["parameters"]["gamma"] in (0.03, 0.1)
    assert sum(found["mean_importance"].values()) == pytest.approx(1)
    assert set(found["mean_importance"]) == {
        "age", "male", "pack_years", "bmi", "times_component_1",
    }  # fmt: skip
    assert found["filled_in_when_predicting"] == {}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    write_study(tmp_path)
    first = train(tmp_path, "random_forest").read_bytes()
    assert train(tmp_path, "random_forest").read_bytes() == first


def test_missing_values_are_refused_by_default_and_counted_when_filled_in(tmp_path):
    write_study(tmp_path, gap=True)
    with pytest.raises(CohortError, match="are missing: 'bmi' "):
        train(tmp_path)
    assert not (tmp_path / "runs").exists()
    path = train(tmp_path, settings=ClinicalSettings(inner_folds=2, missing="median"))
    found = json.loads((path.parent / "features.json").read_text())
    assert found["filled_in_when_predicting"]["bmi"] >= 4
    assert all(each["filled_in"] > 0 for each in found["models"])
    scored = read_table(path)
    assert np.isfinite([row.probability for row in scored]).all()


def test_columns_that_the_cohort_lacks_are_refused(tmp_path):
    write_study(tmp_path)
    with pytest.raises(CohortError, match="the cohort lacks weight"):
        train(tmp_path, settings=ClinicalSettings(columns=("age", "weight")))
