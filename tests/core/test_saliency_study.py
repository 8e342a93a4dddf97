"""The study of maps on phantoms with one disease: what it asks, and that it can tell."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.models.bundle_folders import find_bundle
from core.models.bundles import load
from core.phantom.disease import draw_subject
from core.phantom.outcome import covariates, oracle_score
from core.phantom.subject import Diseases, Finding
from core.progress import Silent
from core.saliency.truth_scores import TruthScores
from core.saliency_figure import CELL_PX
from core.saliency_study import (
    CONTROL_ID,
    DOMINANT,
    Measured,
    dominant_subject,
    summary,
    write_control,
)
from core.saliency_study_command import StudyOptions, write_study
from tests.core.spotlight_model import SPOTLIGHT, write_spotlight_bundle

SCORES = TruthScores(1.0, 0.2, 0.5, 0.1, 0.3, 0.4)


@pytest.mark.parametrize("finding", DOMINANT)
def test_the_one_disease_rules_the_risk(finding):
    sick = dominant_subject(finding, seed=4)
    healthy = replace(sick, diseases=Diseases())
    assert oracle_score(sick) > 3 * oracle_score(healthy)
    changed = {
        name for name, value in covariates(sick).items() if value != covariates(healthy)[name]
    }
    assert len(changed) == 1


def test_age_sex_and_build_are_those_of_the_cohorts_people():
    drawn = draw_subject(11)
    sick = dominant_subject(Finding.FIBROSIS, seed=11)
    assert (sick.age_years, sick.sex, sick.build) == (drawn.age_years, drawn.sex, drawn.build)


def test_the_control_is_the_same_network_with_other_weights(tmp_path):
    assert write_control("mortality-resnet3d-d", tmp_path) == CONTROL_ID
    control = load(find_bundle(CONTROL_ID, tmp_path))
    model = load(find_bundle("mortality-resnet3d-d"))
    assert not control.card.trained
    mine, theirs = control.network.state_dict(), model.network.state_dict()
    assert {name: each.shape for name, each in mine.items()} == {
        name: each.shape for name, each in theirs.items()
    }
    assert not np.array_equal(mine["backbone.conv1.weight"], theirs["backbone.conv1.weight"])


def test_the_control_of_a_trained_bundle_needs_no_file_of_it(tmp_path):
    write_spotlight_bundle(tmp_path / "models")
    write_control(SPOTLIGHT, tmp_path / "control", tmp_path / "models")
    control = load(find_bundle(CONTROL_ID, tmp_path / "control"))
    assert not control.card.trained
    assert control.card.reference is None


def test_the_summary_has_a_row_for_each_disease_and_one_over_all():
    measured = [
        Measured(finding, seed, 5.0, "gradcam", 0.5, replace(SCORES, hit=hit))
        for finding, hit in ((Finding.HEART, 1.0), (Finding.FIBROSIS, 0.0))
        for seed in (1, 2)
    ]
    heart, fibrosis, both = summary(measured)
    assert (heart["finding"], fibrosis["finding"], both["finding"]) == ("heart", "fibrosis", "all")
    assert (heart["hit"], fibrosis["hit"], both["hit"]) == (1, 0, 0.5)
    assert both["phantoms"] == 4
    assert both["hit_low"] < 0.5 < both["hit_high"]  # type: ignore[operator]


@pytest.mark.hand
def test_the_tables_hold_model_and_control(tmp_path):
    models = tmp_path / "models"
    write_spotlight_bundle(models)
    table = write_study(
        tmp_path / "out", StudyOptions(SPOTLIGHT, 1, models_folder=models), Silent()
    )
    text = table.read_text()
    assert f"### {SPOTLIGHT}" in text
    assert f"### {CONTROL_ID}" in text
    assert "coronary calcium" in text
    lines = (tmp_path / "out" / "maps.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * len(DOMINANT) * 2  # header; models x diseases x maps
    with Image.open(tmp_path / "out" / "maps.png") as figure:
        assert figure.width > len(DOMINANT) * CELL_PX[0]
        assert figure.height > 4 * CELL_PX[1]  # scan, cause, two maps
