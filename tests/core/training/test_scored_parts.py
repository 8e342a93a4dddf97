from dataclasses import replace

import numpy as np
import pytest

from core.data.cohort import Cohort
from core.data.folds import Folds
from core.errors import CohortError
from core.training.evaluation_settings import PLAIN_SCORES, ModelEntry
from core.training.prediction_table import PredictionRow
from core.training.scored_parts import common_parts, model_scores, score_of
from tests.core.data.cohort_tables import cohort_of

ENTRY = ModelEntry(name="D", predictions="d.csv")
COHORT = cohort_of(4, 4, lung_cancer=1)
PATIENTS = [row.patient_id for row in COHORT.rows]
FOLDS = Folds(
    0,
    (tuple(PATIENTS[0:2] + PATIENTS[4:6]), tuple(PATIENTS[2:3] + PATIENTS[6:7])),
    test=tuple(PATIENTS[3:4] + PATIENTS[7:8]),
    held_out=(PATIENTS[8],),
)


def predictions(*, score=0.5, without=()):
    rows = []
    for number, row in enumerate(COHORT.rows):
        label = None if row.cause.startswith("C34") else row.event
        part = FOLDS.part_of(row.patient_id)
        if row.patient_id not in without:
            rows.append(
                PredictionRow(
                    row.patient_id, part, label, row.event, row.time_years,
                    score + number / 100, number, {5.0: 0.8}, -7.0 + number,
                )
            )  # fmt: skip
    return rows


def parts_of(scores, **options):
    return common_parts(scores, FOLDS, COHORT, **{"only_common": False, **options})


def test_scores_stand_beside_the_truth_of_the_cohort_in_its_order():
    scores = {"D": model_scores(ENTRY, predictions()[::-1], FOLDS, COHORT)}
    parts, notes = parts_of(scores)
    fold = parts["D"][0]
    assert fold.patients == (PATIENTS[0], PATIENTS[1], PATIENTS[4], PATIENTS[5])
    assert fold.scores.tolist() == [0.50, 0.51, 0.54, 0.55]
    assert fold.labels.tolist() == [True, True, False, False]
    assert parts["D"].keys() == {0, 1, "test"}
    assert notes == ()


def test_the_score_is_the_one_that_the_configuration_names():
    row = predictions()[3]
    choose = lambda score: score_of(ModelEntry(name="D", predictions="d", score=score), row)  # noqa: E731
    assert choose("probability") == 0.53
    assert choose("risk_score") == 3
    assert choose("survival_5y") == pytest.approx(0.2)
    assert choose("survival_risk") == -4
    assert np.isnan(choose("survival_3y"))
    with pytest.raises(CohortError, match="hold no 'survival_3y'") as caught:
        model_scores(ModelEntry(name="D", predictions="d", score="survival_3y"),
                     predictions(), FOLDS, COHORT)  # fmt: skip
    assert all(name in caught.value.remedy for name in PLAIN_SCORES)


def test_a_model_that_predicts_a_patient_of_another_fold_is_refused():
    rows = predictions()
    rows[0] = replace(rows[0], fold=1)
    with pytest.raises(CohortError, match=r"1 patients .* \(first: fold 1\): it may have been"):
        model_scores(ENTRY, rows, FOLDS, COHORT)


@pytest.mark.parametrize("change", [{"time_years": 9.0}, {"event": False}, {"label": False}])
def test_predictions_of_another_cohort_are_refused(change):
    rows = predictions()
    rows[2] = replace(rows[2], **change)
    with pytest.raises(CohortError, match="disagree with row 0 of the cohort about time, event"):
        model_scores(ENTRY, rows, FOLDS, COHORT)


def test_a_scan_that_is_predicted_twice_is_refused():
    with pytest.raises(CohortError, match="predicts a scan twice"):
        model_scores(ENTRY, [*predictions(), predictions()[0]], FOLDS, COHORT)


def test_a_model_that_lacks_patients_is_refused_or_all_are_compared_on_the_others():
    whole = model_scores(ENTRY, predictions(), FOLDS, COHORT)
    lacking = model_scores(ENTRY, predictions(without=PATIENTS[1:2]), FOLDS, COHORT)
    with pytest.raises(CohortError, match="'B' lacks predictions of 1 of 4 patients in fold 0"):
        parts_of({"A": whole, "B": lacking})
    parts, notes = parts_of({"A": whole, "B": lacking}, only_common=True)
    assert parts["A"][0].patients == parts["B"][0].patients == (PATIENTS[0], *PATIENTS[4:6])
    assert notes == ("fold 0: 1 of 4 patients left out.",)


def test_a_model_without_a_test_set_is_compared_on_the_folds_alone():
    whole = model_scores(ENTRY, predictions(), FOLDS, COHORT)
    only_folds = [row for row in predictions() if isinstance(row.fold, int)]
    some = model_scores(ENTRY, only_folds, FOLDS, COHORT)
    parts, _ = parts_of({"A": whole, "B": some})
    assert "test" in parts["A"]
    assert parts["B"].keys() == {0, 1}


def test_several_scans_of_a_patient_are_paired_by_their_times():
    later = replace(COHORT.rows[0], time_years=0.5)
    cohort = Cohort((later, *COHORT.rows), ())
    first = predictions()[0]
    rows = [*predictions()[1:], replace(first, probability=0.9), replace(first, time_years=0.5)]
    scores = {"D": model_scores(ENTRY, rows, FOLDS, cohort)}
    parts, _ = common_parts(scores, FOLDS, cohort, only_common=False)
    fold = parts["D"][0]
    assert fold.patients[:2] == (PATIENTS[0], PATIENTS[0])
    assert fold.time_years[:2].tolist() == [0.5, 2.0]
    assert fold.scores[:2].tolist() == [0.5, 0.9]
