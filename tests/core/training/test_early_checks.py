"""A run that could not end well does not begin: nothing is prepared, nothing is claimed."""

import pytest

from core.errors import WeightsError
from core.models.mortality_resnet3d import MortalityResNet3D
from core.train_command import train
from core.training.checkpoint import save_weights
from core.training.configuration import TrainingError, read_configuration
from core.training.inheritance import record_of
from core.training.run_record import claim
from tests.core.training.toy_cohort import STAGE, toy_configuration, write_configuration

BUNDLE = {"folder": "models", "title": "Toy", "training_cohort": "None."}
FROZEN = {"batch": 16, "backbone_factor": 0.0, "epochs": 1}
FINDINGS = STAGE | {"name": "findings", "columns": ["brightness"]}
MORTALITY, SURVIVAL = (FROZEN | {"name": name} for name in ("mortality", "survival"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cohort, and the run `taught` whose final model knows mortality alone."""
    from core.data.cohort import read_cohort
    from core.data.folds import read_folds

    folder = tmp_path_factory.mktemp("toy")
    toy_configuration(folder, count=60)
    found = read_configuration(write_configuration(folder, "taught", stage=[MORTALITY]))
    cohort = read_cohort(found.cohort.csv)
    claim(found.output.folder, record_of(found, cohort, read_folds(found.cohort.folds, cohort)))
    weights = MortalityResNet3D(intervals=7).state_dict()
    save_weights(found.output.folder / "final" / "model.safetensors", weights, {})
    return folder


def refused(folder, tmp_path, error=TrainingError, *, match, **changes):
    """The run is refused in words, before a scan is prepared and before its folder is claimed."""
    name = f"late-{tmp_path.name}"
    changes["input"] = {"cache": str(tmp_path / "cache")}
    path = write_configuration(folder, name, **changes)
    with pytest.raises(error, match=match):
        train(path)
    assert not (tmp_path / "cache").exists()
    assert not (folder / name).exists()


def test_a_bundle_of_folds_alone_is_refused(folder, tmp_path):
    refused(
        folder, tmp_path, match="made of the final model", bundle=BUNDLE,
        stage=[MORTALITY, SURVIVAL], output={"folder": "late", "parts": ["folds"]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stages", "untaught"), [([MORTALITY], "survival"), ([FINDINGS], "mortality, survival")]
)
def test_a_bundle_with_a_head_that_no_run_taught_is_refused(folder, tmp_path, stages, untaught):
    refused(
        folder, tmp_path, match=f"nothing has taught: {untaught}", stage=stages, bundle=BUNDLE,
        model={"id": "toy-d", "initial": "run:taught"},
    )  # fmt: skip


def test_initial_weights_are_opened_first(folder, tmp_path):
    model = {"id": "toy-d", "initial": "medicalnet:nobody.pth"}
    refused(folder, tmp_path, WeightsError, match="MedicalNet", model=model)


def test_a_source_that_lacks_the_last_part_is_noticed_first(folder, tmp_path):
    refused(
        folder, tmp_path, match="holds no model of fold-1",
        model={"id": "toy-d", "initial": "run:taught"},
        output={"folder": f"late-{tmp_path.name}", "parts": ["folds", "final"]},
    )  # fmt: skip


def test_training_patients_without_findings_are_counted(folder, tmp_path):
    (folder / "truth.csv").write_text("patient_id,size\np000,1\nP001,2\n")
    refused(
        folder, tmp_path, match=r"3[56] of the 36 training patients have no row",
        stage=[STAGE | {"name": "findings", "columns": ["size"]}, MORTALITY],
        cohort={"findings_csv": "truth.csv"},
    )  # fmt: skip


def test_an_unknown_finding_is_refused_before_a_scan_is_prepared(folder, tmp_path):
    stage = STAGE | {"name": "findings", "columns": ["nothing"]}
    refused(folder, tmp_path, match="no findings nothing", stage=[stage])
