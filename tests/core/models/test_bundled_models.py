"""The models that Thoralens brings: what their cards promise, and that they learned something."""

from dataclasses import replace

import pytest

from core.analysis import analyse
from core.analysis_result import AnalysisRequest
from core.data.fitness import Fitness
from core.data.geometry_gate import fitness_of
from core.data.read_series import read
from core.data.series import SeriesRecord
from core.data.series_index import index
from core.models.bundle_folders import REFERENCE_FILE, WEIGHTS_FILE, find_bundle, our_cards
from core.phantom.disease import draw_subject
from core.phantom.protocol import Size, draw_protocol
from core.phantom.scanner import image
from core.phantom.subject import Diseases, Finding
from core.prognosis import DEMONSTRATION, FAR_FROM_TRAINING
from core.progress import Silent
from core.saliency_study import dominant_subject

MODEL_D, MODEL_E = "mortality-resnet3d-d", "mortality-resnet3d-e"
LARGEST_MB = 40
SEED = 900_000_100
"""Of a person of no cohort."""


@pytest.mark.parametrize("card", our_cards(), ids=lambda card: card.id)
def test_every_number_of_ours_is_called_one_of_a_demonstration(card):
    assert card.trained
    assert card.demonstration
    assert DEMONSTRATION in card.warnings
    assert "Nobody was scanned" in card.training_cohort
    assert any("synthetic people alone" in limit for limit in card.limits)
    whose = [each.of for each in card.metrics]
    whose += [card.calibration.of, card.calibration.bins_of, card.reference.risk_scores_of]
    assert all(words.startswith("synthetic ") for words in whose)
    assert card.compared_with(351) == "351 synthetic scans"
    assert card.outcome.startswith("Simulated death")
    assert card.survival.outcome.startswith("Simulated ")
    assert "phantoms" in card.intended_use


@pytest.mark.parametrize("card", our_cards(), ids=lambda card: card.id)
def test_a_card_says_how_good_the_model_is_and_how_it_was_taught(card):
    found = {metric.name: metric for metric in card.metrics}
    assert found["AUC"].low < found["AUC"].value < found["AUC"].high
    assert len(card.calibration.bins) >= 3
    assert card.reference.scans > 1000
    assert card.training_deaths == pytest.approx(1 / 3, abs=0.01)
    assert any(
        "findings" in sentence or "amounts of disease" in sentence for sentence in card.training
    )


def test_the_weights_are_here_whole_and_small():
    d, e = find_bundle(MODEL_D), find_bundle(MODEL_E)
    assert (d.weights, e.weights) == ("present", "present")
    files = [bundle.folder / name for bundle in (d, e) for name in (WEIGHTS_FILE, REFERENCE_FILE)]
    assert sum(file.stat().st_size for file in files) < LARGEST_MB * 1e6
    assert e.card.backbone_of.id == MODEL_D


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cip-tiny", "lung1-001"])
def test_a_patients_scan_is_told_from_the_synthetic_ones(shared_data, name):
    record = index(shared_data / name / "dicom").series[0]
    prognosis = analyse(AnalysisRequest(read(record), record, fitness_of(record))).prognosis
    assert prognosis.is_far_from_training
    assert FAR_FROM_TRAINING in prognosis.warnings


@pytest.fixture(scope="module")
def prognosis_of():
    """What Model D says of a person, by the whole way."""
    known = {}

    def say(subject):
        if repr(subject) not in known:
            scan = image(subject, draw_protocol(subject, Size.WORKING), Silent())
            request = AnalysisRequest(
                scan.volume, SeriesRecord("2.25.1", ()), Fitness(), MODEL_D, methods=("gradcam",)
            )
            known[repr(subject)] = analyse(request).prognosis
        return known[repr(subject)]

    return say


@pytest.mark.slow
@pytest.mark.parametrize("finding", [Finding.HEART, Finding.EMPHYSEMA, Finding.FIBROSIS])
def test_one_disease_more_is_a_higher_risk_of_the_same_person(prognosis_of, finding):
    sick = prognosis_of(dominant_subject(finding, SEED))
    healthy = prognosis_of(replace(draw_subject(SEED), diseases=Diseases()))
    assert sick.mortality_probability > healthy.mortality_probability
    assert sick.percentile > healthy.percentile
    five_years = [said.horizons[-1].probability for said in (sick, healthy)]
    assert five_years[0] > five_years[1]


@pytest.mark.slow
def test_an_unseen_person_of_the_same_kind_is_not_called_unlike(prognosis_of):
    assert not prognosis_of(draw_subject(SEED)).is_far_from_training
