"""From a run to a bundle that drops into the models folder: one of D, and one of E beside it."""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.data.cohort import read_cohort
from core.data.fitness import Fitness
from core.data.folds import read_folds
from core.data.nifti import write_nifti
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ReportError, WeightsError
from core.metrics.calibration import Platt
from core.models.architectures import architecture
from core.models.bundle_folders import find_bundle
from core.models.bundles import load, parameter_counts
from core.models.mortality_resnet3d import MortalityResNet3D
from core.prognosis import FAR_FROM_TRAINING
from core.train_command import train
from core.training.bundle_making import OUT_OF_FOLD
from core.training.bundle_writing import calibrate, deviations, stored_weights
from core.training.configuration import TrainingError
from core.training.inheritance import FINDINGS_FIRST
from core.training.prediction_table import read_table
from core.training.run_record import RunRecord
from tests.core.training.toy_cohort import CLINICAL, SHAPE, toy_configuration, write_configuration
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series

FROZEN = {"batch": 16, "backbone_factor": 0.0, "epochs": 20, "learning_rate": 3e-3}
BUNDLE = {
    "folder": "models",
    "title": "Toy",
    "training_cohort": "Blocks in noise.",
    "demonstration": True,
    "outcome": "Simulated death",
    "survival_outcome": "Simulated death by the curve",
    "intended_use": "Tests.",
    "limits": ["Knows nothing of chests."],
}
LARGEST_TOGETHER_BYTES = 40_000_000


def put_a_chest_into_the_test_set(folder):
    """Exchange one stand-in for a real scan, which the run has to prepare."""
    table = folder / "cohort.csv"
    tested = read_folds(folder / "folds.json", read_cohort(table)).test[0]
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"], (5.0, 4.0, 4.0))
    write_nifti(folder / "scans" / "chest.nii.gz", volume.hu, volume.geometry)
    number = int(tested.removeprefix("p"))
    text = table.read_text()
    assert text.count(f"scans/{number}.bin") == 1
    table.write_text(text.replace(f"scans/{number}.bin", "scans/chest.nii.gz"))
    (folder / "tested.txt").write_text(tested)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with the bundles of a Model D and of an E that uses its backbone."""
    folder = tmp_path_factory.mktemp("toy")
    both = {"parts": ["folds", "final"]}
    stages = [FROZEN | {"name": "mortality"}, FROZEN | {"name": "survival"}]
    path = toy_configuration(folder, count=120, stage=stages, output=both, bundle=BUNDLE)
    put_a_chest_into_the_test_set(folder)
    train(path)
    model_e = {
        "model": {"id": "toy-e", "variant": "E", "initial": "run:run", "clinical": CLINICAL},
        "stage": [FROZEN | {"name": "hybrid"}],
    }
    folds, final = ({"folder": "run-e", "parts": [part]} for part in ("folds", "final"))
    train(write_configuration(folder, "run-e", output=folds, **model_e))
    own = {"demonstration": False, "outcome": "", "survival_outcome": "", "intended_use": ""}
    bundle = BUNDLE | own | {"backbone_of": "models/toy-d"}
    train(write_configuration(folder, "run-e", output=final, bundle=bundle, **model_e))
    return folder / "models"


def test_the_card_tells_cohort_metrics_calibration_and_limits(models):
    card = find_bundle("toy-d", models).card
    assert (card.trained, card.demonstration) == (True, True)
    assert card.limits[0] == "Knows nothing of chests."
    assert {each.name for each in card.metrics} == {
        "AUC, mean of the folds", "AUC", "C-index of survival", "Brier score",
        "Expected calibration error",
    }  # fmt: skip
    for each in card.metrics:
        if each.low is None:
            assert 0 <= each.value < 0.25, each.name  # an error: less than that of one half for all
        else:
            assert 0.6 < each.value <= 1
            assert each.low <= each.value <= each.high
    assert card.calibration.slope > 0
    shares = [each.observed for each in card.calibration.bins]
    assert shares[-1] > shares[0]
    assert any("synthetic phantoms" in warning for warning in card.warnings)


def test_a_demonstration_says_at_every_number_that_the_scans_were_synthetic(models):
    shown, real = (find_bundle(name, models).card for name in ("toy-d", "toy-e"))
    for card, is_synthetic in ((shown, True), (real, False)):
        whose = [each.of for each in card.metrics]
        whose += [card.calibration.of, card.calibration.bins_of, card.reference.risk_scores_of]
        assert len(whose) == 8
        assert [words.startswith("synthetic ") for words in whose] == [is_synthetic] * 8


def test_a_bundle_may_name_its_own_outcome_and_use_and_else_has_those_of_its_variant(models):
    own, variant = find_bundle("toy-d", models).card, architecture("E").card
    assert own.outcome == "Simulated death"
    assert own.survival.outcome == "Simulated death by the curve"
    assert own.intended_use == "Tests."
    card = find_bundle("toy-e", models).card
    for name in ("outcome", "intended_use"):
        assert getattr(card, name) == getattr(variant, name)
    assert card.survival.outcome == variant.survival.outcome


def test_folds_of_an_earlier_command_calibrate_and_stand_on_the_card(models):
    card = find_bundle("toy-e", models).card
    assert card.calibration.of == OUT_OF_FOLD
    assert "AUC, mean of the folds" in {each.name for each in card.metrics}


def test_a_card_tells_what_the_run_before_was_given(models):
    before, own = (find_bundle(name, models).card.training for name in ("toy-d", "toy-e"))
    assert own[:3] == tuple(f"Before: {each}" for each in before)
    assert "an earlier run" in own[3]


@pytest.mark.parametrize(("pretrained", "count"), [("findings", 1), ("medicalnet", 0), ("", 0)])
def test_findings_in_medicalnets_place_are_a_deviation(models, pretrained, count):
    card = find_bundle("toy-d", models).card
    assert FINDINGS_FIRST not in card.deviations
    for given in ((), (FINDINGS_FIRST,)):
        template = card.model_copy(update={"deviations": (*card.deviations, *given)})
        found = deviations(template, RunRecord(pretrained=pretrained))
        assert found.count(FINDINGS_FIRST) == count


def test_points_of_the_calibration_plot_are_of_test_scans_alone(models):
    card = find_bundle("toy-d", models).card
    tested = [
        row for row in read_table(models.parent / "run" / "predictions.csv")
        if row.fold == "test" and row.label is not None
    ]  # fmt: skip
    assert sum(each.scans for each in card.calibration.bins) == len(tested)
    assert card.calibration.bins_of == "synthetic test scans that no model ever saw"
    assert card.calibration.scans > len(tested)


def test_the_card_tells_how_it_was_taught_and_in_what_share_died(models):
    card = find_bundle("toy-d", models).card
    folder = models.parent
    cohort = read_cohort(folder / "cohort.csv")
    folds = read_folds(folder / "folds.json", cohort)
    dead = [row.event for row in cohort.rows if isinstance(folds.part_of(row.patient_id), int)]
    assert card.training_deaths == pytest.approx(np.mean(dead))
    sentence = f"{100 * np.mean(dead):.0f}\N{NO-BREAK SPACE}% had the outcome"
    assert [sentence in each for each in card.warnings] == [False, True]
    assert not any(sentence in each for each in card.limits)  # it stands with the warnings, once
    assert len(card.training) == 3
    assert "random numbers" in card.training[0]
    assert "at most 20 epochs, batch 16" in card.training[1]
    assert "backbone frozen" in card.training[2]


def test_what_the_run_predicts_is_what_a_reader_is_shown(models):
    """One scan, once through the trainer and once through `analyse`, the calibration undone."""
    folder = models.parent
    tested = (folder / "tested.txt").read_text()
    rows = read_table(folder / "run" / "predictions.csv")
    (said,) = [row for row in rows if (row.patient_id, row.fold) == (tested, "test")]
    (record,) = index(folder / "scans" / "chest.nii.gz").series
    request = AnalysisRequest(
        read(record), record, Fitness(), model_id="toy-d", models_folder=models, precision="fp32"
    )
    shown = analyse(request).prognosis
    card = find_bundle("toy-d", models).card
    scaling = Platt(card.calibration.slope, card.calibration.intercept)
    expected = float(scaling.probability(said.risk_score))
    assert shown.mortality_probability == pytest.approx(expected, abs=1e-3)
    for risk in shown.horizons:
        assert risk.probability == pytest.approx(1 - said.survival[risk.years], abs=1e-3)
    assert shown.compared_with == 48


def test_a_bundle_that_could_not_be_made_is_refused_before_a_scan_is_prepared(models, tmp_path):
    folder = models.parent
    stages = [FROZEN | {"name": "hybrid"}]
    model = {"id": "toy-e", "variant": "E", "initial": "run:run", "clinical": CLINICAL}
    changes = {"model": model, "stage": stages, "input": {"cache": str(tmp_path / "cache")}}
    bundle = BUNDLE | {"backbone_of": "models/nobody"}
    path = write_configuration(folder, "late", bundle=bundle, **changes)
    with pytest.raises(TrainingError, match="backbone_of cannot be used"):
        train(path)
    path = write_configuration(folder, "late", bundle=BUNDLE | {"folder": "run.toml"}, **changes)
    with pytest.raises(ReportError, match="file bears its name"):
        train(path)
    stranger = changes | {
        "model": model | {"initial": "", "breaks_years": []},
        "training": {"seed": 4},
    }
    bundle = BUNDLE | {"backbone_of": "models/toy-d"}
    path = write_configuration(folder, "late", bundle=bundle, **stranger)
    with pytest.raises(TrainingError, match="holds another backbone"):
        train(path)
    assert not (tmp_path / "cache").exists()


def test_probabilities_of_the_bundle_are_calibrated_on_the_scans_of_the_folds(models):
    """Platt's slope and intercept lie within the weights: fitted anew they would be 1 and 0."""
    card = find_bundle("toy-d", models).card
    rows = [
        row for row in read_table(models.parent / "run" / "predictions.csv")
        if isinstance(row.fold, int) and row.label is not None
    ]  # fmt: skip
    scaling = Platt(card.calibration.slope, card.calibration.intercept)
    mean = scaling.probability([row.risk_score for row in rows]).mean()
    assert mean == pytest.approx(np.mean([row.label for row in rows]), abs=0.02)


def test_both_bundles_are_present_and_small_and_e_holds_its_heads_alone(models):
    assert [find_bundle(name, models).weights for name in ("toy-d", "toy-e")] == ["present"] * 2
    size = sum(path.stat().st_size for path in models.rglob("*") if path.is_file())
    assert size < LARGEST_TOGETHER_BYTES
    heads = safetensors.torch.load_file(models / "toy-e" / "weights.safetensors")
    assert not any(name.startswith("backbone.") for name in heads)
    loaded = [load(find_bundle(name, models)).network for name in ("toy-d", "toy-e")]
    one, other = (network.backbone.state_dict() for network in loaded)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert parameter_counts(find_bundle("toy-d", models))["published_model"] == 14_372_002


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_e_without_the_backbone_that_it_was_made_with_is_refused(models, tmp_path, damage):
    shutil.copytree(models, tmp_path / "models")
    lender = tmp_path / "models" / "toy-d"
    if damage == "missing":
        shutil.rmtree(lender)
    else:
        content = bytearray((lender / "weights.safetensors").read_bytes())
        content[-1] ^= 1
        (lender / "weights.safetensors").write_bytes(content)
    bundle = find_bundle("toy-e", tmp_path / "models")
    assert bundle.weights == damage
    with pytest.raises(WeightsError, match="toy-d"):
        load(bundle)


def test_changed_reference_scans_are_refused(models, tmp_path):
    shutil.copytree(models, tmp_path / "models")
    path = tmp_path / "models" / "toy-d" / "reference.safetensors"
    path.write_bytes(path.read_bytes() + b" ")
    bundle = find_bundle("toy-d", tmp_path / "models")
    assert bundle.weights == "damaged"
    with pytest.raises(WeightsError, match="reference scans of 'toy-d' have SHA-256"):
        load(bundle)


def test_the_reference_places_scans_of_the_cohort_evenly(models):
    reference = load(find_bundle("toy-d", models)).reference
    scores = reference.risk_scores
    shares = [reference.percentile(float(score)) for score in scores]
    assert shares == sorted(shares)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.02)
    assert len(reference.distances) == 72
    assert reference.out_of_distribution(reference.mean) < 0.05
    assert reference.out_of_distribution(reference.mean * 3) == 1


def test_a_chest_is_unlike_blocks_in_noise_and_the_run_says_so(models, tmp_path):
    volume = marked_thorax(STORAGE_ORDERS["axial to the head"], (5.0, 4.0, 4.0))
    write_series(tmp_path, volume.hu, volume.geometry)
    (record,) = index(tmp_path).series
    request = AnalysisRequest(
        read(record), record, Fitness(), model_id="toy-d", models_folder=models
    )
    result = analyse(request)
    assert result.saliency_by("gradient").geometry.shape == SHAPE
    assert result.prognosis.out_of_distribution == 1
    assert 0 <= result.prognosis.percentile <= 1
    assert FAR_FROM_TRAINING in result.prognosis.warnings


def test_calibration_changes_the_log_odds_by_slope_and_intercept():
    network = MortalityResNet3D().eval()
    features = torch.randn(5, 512, 1, 1, 1)
    with torch.no_grad():
        before = network.heads(features).logits
        calibrate(network, Platt(0.5, -1.25))
        after = network.heads(features).logits
    odds = [(each[:, 1] - each[:, 0]).numpy() for each in (before, after)]
    np.testing.assert_allclose(odds[1], 0.5 * odds[0] - 1.25, atol=1e-5)


def test_a_score_that_points_the_wrong_way_is_not_calibrated():
    with pytest.raises(TrainingError, match=r"the slope is -0\.5"):
        calibrate(MortalityResNet3D(), Platt(-0.5, 0))


def test_weights_are_of_16_bits_but_for_batch_norms():
    stored = stored_weights(MortalityResNet3D(intervals=7))
    kinds = {name: each.dtype for name, each in stored.items()}
    assert kinds["backbone.conv1.weight"] == kinds["hidden.bias"] == torch.float16
    assert kinds["backbone.bn1.running_var"] == torch.float32
    assert kinds["backbone.layer4.0.downsample.1.weight"] == torch.float32
    assert kinds["backbone.layer4.0.downsample.0.weight"] == torch.float16


def test_a_bundle_needs_its_last_stage_at_the_shape_of_the_input(tmp_path):
    stages = [FROZEN | {"name": "mortality", "shape": [8, 16, 16]}]
    path = write_configuration(tmp_path, "run", stage=stages, bundle=BUNDLE)
    with pytest.raises(TrainingError, match="last stage of a bundled model must train"):
        train(path)


def test_a_card_without_the_new_fields_is_still_a_card(models):
    """Bundles of version 0.1 know neither metrics nor reference."""
    document = json.loads((models / "toy-d" / "card.json").read_text())
    card = architecture("D").card
    assert card.metrics == ()
    assert set(document) == set(card.model_dump())
