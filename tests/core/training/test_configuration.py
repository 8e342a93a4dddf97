"""The configuration is checked before anything is read, and its paths count from its folder."""

import re

import pytest

from core.training.configuration import TrainingError, read_configuration
from tests.core.training.toy_cohort import STAGE, write_configuration

MORTALITY = STAGE | {"name": "mortality"}
SURVIVAL = STAGE | {"name": "survival"}
FROZEN_SURVIVAL = SURVIVAL | {"backbone_factor": 0.0}
FINDINGS = STAGE | {"name": "findings", "columns": ["brightness"]}
BUNDLE = {"folder": "models", "title": "Toy", "training_cohort": "None."}


def test_paths_count_from_the_folder_of_the_file(tmp_path):
    found = read_configuration(
        write_configuration(tmp_path, "run", model={"id": "d", "initial": "run:../other"})
    )
    assert found.cohort.csv == tmp_path / "cohort.csv"
    assert found.input.cache == tmp_path / "cache"
    assert found.output.folder == tmp_path / "run"
    assert found.model.initial == f"run:{tmp_path / '../other'}"


def test_what_the_paper_states_is_the_default(tmp_path):
    path = write_configuration(tmp_path, "run", stage=[{"name": "mortality", "epochs": 1000}])
    (stage,) = read_configuration(path).stage
    assert (stage.batch, stage.learning_rate, stage.weight_decay) == (24, 1e-4, 5e-3)
    assert stage.backbone_factor == 0.1


def test_findings_decay_less_than_the_paper_states_for_mortality_unless_it_is_given(tmp_path):
    stages = [FINDINGS, FINDINGS | {"weight_decay": 0.5}, MORTALITY]
    found = read_configuration(write_configuration(tmp_path, "run", stage=stages)).stage
    assert [stage.weight_decay for stage in found] == [1e-5, 0.5, 5e-3]


@pytest.mark.parametrize(
    ("stages", "behind"),
    [
        ([MORTALITY, SURVIVAL], "stage 2 (survival) moves the backbone, and the mortality head"),
        ([FROZEN_SURVIVAL, FINDINGS], "stage 2 (findings) moves the backbone, and the survival"),
        ([MORTALITY, FROZEN_SURVIVAL, MORTALITY], "stage 3 (mortality) moves the backbone"),
        ([FINDINGS, MORTALITY, FROZEN_SURVIVAL], ""),
        ([MORTALITY, MORTALITY, FROZEN_SURVIVAL], ""),
        ([MORTALITY, FINDINGS | {"backbone_factor": 0.0}, FROZEN_SURVIVAL], ""),
    ],
)
def test_no_head_is_left_behind_by_a_backbone_that_goes_on_learning(tmp_path, stages, behind):
    path = write_configuration(tmp_path, "run", stage=stages)
    if behind:
        with pytest.raises(TrainingError, match=re.escape(behind)):
            read_configuration(path)
    else:
        assert len(read_configuration(path).stage) == len(stages)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": [MORTALITY | {"epoch": 3}]}, "stage.0.epoch"),
        ({"stage": [MORTALITY | {"name": "magic"}]}, r"stage\.0\.name"),
        ({"stage": [MORTALITY | {"epochs": 0}]}, r"stage\.0\.epochs"),
        ({"stage": [MORTALITY | {"at_once": 3}]}, "batch 8 must be a multiple of at_once 3"),
        ({"stage": [MORTALITY | {"name": "findings"}]}, "findings need columns"),
        ({"stage": [MORTALITY | {"name": "hybrid"}]}, "only Model E"),
        ({"stage": [MORTALITY | {"shape": [16, 32, 24]}]}, "24 is no whole part of 32"),
        ({"stage": []}, "a network needs stages"),
        ({"model": {"id": "a", "kind": "svm"}}, "only a network has them"),
        ({"model": {"id": "A b"}}, "model.id"),
        ({"input": {"shape": [16, 32, 30]}}, "multiple of 8"),
        ({"training": {"precision": "fp8"}}, "training.precision"),
        ({"surprise": {"a": 1}}, "surprise: there is no such setting; .* cohort, model, input"),
        ({"stage": [MORTALITY | {"epoch": 3}]}, "no such setting; .* name, epochs, batch"),
        ({"model": {"id": "a", "breaks_years": [0]}}, "model: .*breaks_years must rise from 0"),
        ({"model": {"id": "a", "breaks_years": [0, 3, 2]}}, "breaks_years must rise from 0"),
        ({"model": {"id": "a", "breaks_years": [1, 7]}}, "breaks_years must rise from 0"),
        ({"model": {"id": "a", "horizons_years": [1, 8]}}, "not beyond the last break"),
        ({"model": {"id": "a", "variant": "E"}, "stage": [SURVIVAL]}, "Model E needs a hybrid"),
        ({"model": {"id": "a", "breaks_years": []}, "stage": [SURVIVAL]}, "needs breaks_years"),
        ({"stage": [MORTALITY], "bundle": BUNDLE}, "survival head needs a survival stage"),
        ({"stage": [FINDINGS, SURVIVAL], "bundle": BUNDLE}, "a bundle needs a mortality or"),
        ({"stage": [SURVIVAL], "bundle": BUNDLE | {"backbone_of": "d"}}, "freeze the backbone"),
        ({"stage": [FINDINGS | {"at_once": 2}]}, "at least 8 scans that pass at once"),
        ({"training": {"workers": 100000}}, r"training\.workers"),
        ({"training": {"threads": 100000}}, r"training\.threads"),
    ],
)
def test_a_faulty_setting_is_refused_by_its_name(tmp_path, changes, words):
    with pytest.raises(TrainingError, match=words):
        read_configuration(write_configuration(tmp_path, "run", **changes))


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"a = ", "no TOML"), (b"\xff", "no TOML")]
)
def test_what_is_no_toml_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "c.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=words):
        read_configuration(path)
