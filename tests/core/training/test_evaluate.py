import json

import numpy as np
import pytest

from core.data.folds import Folds
from core.errors import CohortError
from core.evaluate_command import evaluate_and_write
from core.metrics.classification import auc
from core.metrics.concordance import harrell_c, uno_c
from core.metrics.intervals import auc_interval
from core.progress import Silent
from core.training.evaluate import evaluate, read_truth, uno_of
from core.training.evaluation_settings import EvaluationChoices, ModelEntry, read_settings
from core.training.evaluation_table import document, markdown, table_csv
from core.training.scored_parts import ScoredPart
from tests.core.training.studies import write_scores, write_study

CONFIGURATION = """
[cohort]
csv = "cohort.csv"
folds = "folds.json"

[[model]]
name = "good"
title = "age and half of the disease"
predictions = "good/predictions.csv"

[[model]]
name = "good, survival"
predictions = "good/predictions.csv"
score = "survival_5y"

[[model]]
name = "chance"
predictions = "chance/predictions.csv"

[oracle]
csv = "truth.csv"

[evaluation]
reference = "good"
resamples = 300

[output]
folder = "out"
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of 600 people with a model that knows something and one that knows nothing."""
    folder = tmp_path_factory.mktemp("study")
    cohort, folds, hazard = write_study(folder, people=600)
    random = np.random.default_rng(11)
    noise = {patient: random.normal() for patient in sorted(hazard)}
    good = write_scores(
        folder / "good" / "predictions.csv",
        cohort,
        folds,
        lambda patient: float(np.log(hazard[patient] / 0.09) + 0.8 * noise[patient] - 0.5),
    )
    write_scores(
        folder / "chance" / "predictions.csv", cohort, folds, lambda patient: noise[patient]
    )
    (folder / "evaluate.toml").write_text(CONFIGURATION)
    return folder, cohort, folds, hazard, good


@pytest.fixture(scope="module")
def evaluation(study):
    return evaluate(read_settings(study[0] / "evaluate.toml"), Silent())


def by_name(evaluation):
    return {model.name: model for model in evaluation.models}


def test_the_numbers_are_those_of_the_predictions_themselves(study, evaluation):
    _, _, folds, _, rows = study
    good = by_name(evaluation)["good"]
    areas = []
    for number in range(len(folds.folds)):
        some = [row for row in rows if row.fold == number]
        areas.append(auc([row.label for row in some], [row.probability for row in some]))
    assert good.folds.fold_aucs == pytest.approx(areas)
    assert good.folds.auc.value == pytest.approx(np.mean(areas))
    assert good.folds.auc_deviation == pytest.approx(np.std(areas, ddof=1))
    tested = [row for row in rows if row.fold == "test"]
    expected = auc_interval([row.label for row in tested], [row.probability for row in tested])
    assert good.test.auc == expected
    outcome = [row.label for row in tested], [row.time_years for row in tested]
    scores = [row.probability for row in tested]
    assert good.test.concordance.value == pytest.approx(harrell_c(*outcome, scores))


def test_nobody_beats_the_oracle_and_chance_stays_at_one_half(evaluation):
    models = by_name(evaluation)
    assert list(models)[-1] == "oracle"
    oracle, good, chance = models["oracle"], models["good"], models["chance"]
    assert oracle.test.auc.value > good.test.auc.value > 0.65
    assert 0.5 in chance.test.auc
    assert 0.5 in chance.folds.auc
    assert 0.5 in chance.test.concordance
    assert oracle.share_auc is None
    assert 0 in chance.share_auc
    assert 0.4 < good.share_auc.value < 1
    assert good.share_auc.low < good.share_auc.value < good.share_auc.high
    assert good.share_auc.value == pytest.approx(
        (good.test.auc.value - 0.5) / (oracle.test.auc.value - 0.5)
    )
    assert 0.4 < good.share_concordance.value < 1


def test_a_survival_score_ranks_by_the_risk_of_dying_within_the_horizon(evaluation):
    models = by_name(evaluation)
    good, survival = models["good"], models["good, survival"]
    assert survival.test.auc == good.test.auc  # 1 - S(5) was made from the same probability
    assert survival.test.calibration is None
    assert good.test.calibration is not None


def test_unos_concordance_stands_beside_harrells_for_survival_scores(study, evaluation):
    folder, _, _, _, rows = study
    tested = [row for row in rows if row.fold == "test"]
    outcome = [row.label for row in tested], [row.time_years for row in tested]
    risk = [1 - row.survival[5.0] for row in tested]
    found = by_name(evaluation)["good, survival"].uno
    assert found.value == pytest.approx(uno_c(*outcome, risk, until_years=5))
    assert found.low < found.value < found.high
    assert [name for name, model in by_name(evaluation).items() if model.uno] == ["good, survival"]
    head = next(line for line in markdown(evaluation).splitlines() if "C-index" in line)
    assert "| C-index | Uno's C |" in head
    assert "good, survival,test,uno_c," in table_csv(evaluation).replace('"', "")
    assert document(evaluation)["models"][1]["uno_c"]["value"] == found.value
    alone = CONFIGURATION.replace('score = "survival_5y"', "")
    (folder / "no_survival.toml").write_text(alone)
    without = markdown(evaluate(read_settings(folder / "no_survival.toml"), Silent()))
    assert "Uno" not in without


def test_a_horizon_before_the_first_death_has_no_unos_concordance():
    event, time = np.array([True, False, True]), np.array([2.0, 3.0, 4.0])
    entry = ModelEntry(name="D", predictions="d.csv", score="survival_1y")
    part = ScoredPart(("a", "b", "c"), event, ~event | event, event, time, np.arange(3.0))
    assert uno_of(entry, part, EvaluationChoices()) is None


def test_models_are_compared_with_the_reference(evaluation):
    models = by_name(evaluation)
    interval, p = models["chance"].difference
    assert interval.high < 0
    assert p < 0.05
    assert models["good"].difference is None
    assert models["good, survival"].difference[0].value == 0


def test_thresholds_come_from_other_patients(study, evaluation):
    """Youden's threshold of fold 0 must not change when the labels of fold 0 do."""
    folder, _, _, _, _ = study
    good = by_name(evaluation)["good"]
    assert len(set(good.folds.thresholds)) > 1
    text = CONFIGURATION.replace("[evaluation]", "[evaluation]\nthreshold = 0.4")
    (folder / "fixed.toml").write_text(text)
    fixed = by_name(evaluate(read_settings(folder / "fixed.toml"), Silent()))["good"]
    assert fixed.folds.thresholds == (0.4,) * 3
    assert fixed.folds.auc == good.folds.auc
    assert fixed.test.decisions != good.test.decisions


def test_platts_scaling_from_the_folds_mends_the_test_sets_probabilities(study):
    folder, cohort, folds, hazard, _ = study
    write_scores(
        folder / "proud" / "predictions.csv",
        cohort,
        folds,
        lambda patient: float(4 * np.log(hazard[patient] / 0.09) + 2),
    )
    text = CONFIGURATION.replace('"chance/', '"proud/')
    (folder / "proud.toml").write_text(text)
    fit = by_name(evaluate(read_settings(folder / "proud.toml"), Silent()))["chance"]
    calibration = fit.test.calibration
    assert calibration.brier_after < calibration.brier - 0.02
    assert calibration.error_after < calibration.error


def test_table_numbers_and_curves_are_written(study):
    folder, *_ = study
    evaluation, note = evaluate_and_write(folder / "evaluate.toml", Silent())
    assert note == ""
    out = folder / "out"
    assert {path.name for path in out.iterdir()} == {
        "evaluation.md", "evaluation.csv", "evaluation.json",
        "roc.png", "precision_recall.png", "calibration.png",
    }  # fmt: skip
    text = (out / "evaluation.md").read_text()
    good = by_name(evaluation)["good"]
    assert f"| good: age and half of the disease | {good.folds.auc.value:.2f} ± " in text
    assert "AUC of chance less that of good: -0." in text
    assert "Research use only" in text
    widths = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert len(set(widths[: len(widths) // 2])) == 1
    document = json.loads((out / "evaluation.json").read_text())
    assert document["models"][0]["test"]["auc"]["value"] == good.test.auc.value
    assert document["models"][-1]["share_of_oracle_auc"] is None
    numbers = [line.split(",") for line in (out / "evaluation.csv").read_text().splitlines()]
    assert {len(cells) for cells in numbers[1:]} >= {7}
    assert any(cells[:3] == ["good", "test", "share_of_oracle_auc"] for cells in numbers)
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in ("roc.png",))


def test_without_an_oracle_and_a_test_set_the_folds_are_shown_alone(tmp_path):
    cohort, folds, hazard = write_study(tmp_path, people=200, test=0)
    write_scores(
        tmp_path / "good" / "predictions.csv", cohort, folds, lambda who: float(hazard[who])
    )
    (tmp_path / "evaluate.toml").write_text(
        '[cohort]\ncsv = "cohort.csv"\nfolds = "folds.json"\n'
        '[[model]]\nname = "A"\npredictions = "good/predictions.csv"\n'
        "[evaluation]\nresamples = 100\n"
    )
    evaluation, _ = evaluate_and_write(tmp_path / "evaluate.toml", Silent())
    (model,) = evaluation.models
    assert (model.test, model.share_auc, model.difference) == (None, None, None)
    out = tmp_path / "evaluation"
    assert "Test set" not in (out / "evaluation.md").read_text()
    assert not (out / "calibration.png").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('name = "chance"', 'name = "good"'), "needs a name of its own"),
        (('reference = "good"', 'reference = "Z"'), "reference must be the name of a model"),
        (
            ("resamples = 300", "resamples = 300\nthresold = 1"),
            "evaluation.thresold: there is no such setting; it may be one of threshold, reference",
        ),
        (('score = "survival_5y"', 'score = "survival"'), "score is probability, risk_score"),
        (("[output]", "[output"), "is no TOML"),
        (('name = "chance"', 'name = "oracle"'), "No model may be named 'oracle'"),
        (('csv = "truth.csv"', 'csv = "nothing.csv"'), "The truth cannot be read"),
        (
            ('"chance/predictions.csv"', '"nothing.csv"'),
            "predictions of model 'chance' cannot be read",
        ),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_in_words(study, change, words):
    folder, *_ = study
    assert change[0] in CONFIGURATION
    (folder / "bad.toml").write_text(CONFIGURATION.replace(*change))
    with pytest.raises(CohortError) as caught:
        evaluate(read_settings(folder / "bad.toml"), Silent())
    assert words in caught.value.message
    assert str(folder) not in str(caught.value)


def test_a_truth_with_a_gap_is_refused_by_its_row(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("patient_id,oracle_score\na,0.5\nb,\n")
    with pytest.raises(CohortError, match="Row 3 of the truth"):
        read_truth(path, "oracle_score")
    path.write_text("patient_id,oracle_score\na,0.5\na,0.6\n")
    with pytest.raises(CohortError, match="Row 3 of the truth contradicts"):
        read_truth(path, "oracle_score")
    path.write_text("patient_id,oracle_score\na,0.5\n\n,,\nb,\n")
    with pytest.raises(CohortError, match="Row 5 of the truth"):
        read_truth(path, "oracle_score")


def test_a_truth_that_a_spreadsheet_saved_is_read_as_the_cohort_is(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("patient_id , oracle_score\r\n a ,0.5\r\n", "utf-8-sig")
    assert read_truth(path, "oracle_score") == {"a": 0.5}


def test_a_model_that_predicts_none_of_the_parts_is_refused(study):
    folder, cohort, folds, hazard, _ = study
    held_out = Folds(0, (), held_out=folds.held_out)
    write_scores(folder / "none" / "predictions.csv", cohort, held_out, lambda who: hazard[who])
    (folder / "none.toml").write_text(CONFIGURATION.replace('"chance/', '"none/'))
    with pytest.raises(CohortError, match="Model 'chance' predicts no patient of a fold or"):
        evaluate(read_settings(folder / "none.toml"), Silent())


def test_a_truth_of_other_people_is_refused_and_not_a_crash(study):
    folder, *_ = study
    (folder / "others.csv").write_text("patient_id,oracle_score\nQX77PLANTED,0.5\n")
    text = CONFIGURATION.replace('"truth.csv"', '"others.csv"')
    (folder / "others.toml").write_text(text)
    with pytest.raises(CohortError, match="truth holds no patient of fold 0") as caught:
        evaluate(read_settings(folder / "others.toml"), Silent())
    assert "PLANTED" not in str(caught.value)
