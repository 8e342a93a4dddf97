"""What initial weights bring along, from run to run and from a bundle's card."""

import json

import pytest

from core.data.cohort import read_cohort
from core.data.folds import read_folds
from core.models.architectures import architecture
from core.training.configuration import read_configuration
from core.training.inheritance import FINDINGS_FIRST, record_of
from core.training.run_record import claim
from core.training.training_words import KNOWLEDGE
from tests.core.training.toy_cohort import CLINICAL, STAGE, toy_configuration, write_configuration

FINDINGS = STAGE | {"name": "findings", "columns": ["brightness"]}
MORTALITY = STAGE | {"name": "mortality"}
SURVIVAL = STAGE | {"name": "survival", "backbone_factor": 0.0}


@pytest.fixture
def record(tmp_path):
    """Gives a function that makes the record of a run and claims its folder."""
    toy_configuration(tmp_path, count=40)

    def make(name, stages, **model):
        model = {"id": name} | model
        path = write_configuration(tmp_path, name, stage=stages, model=model)
        found = read_configuration(path)
        cohort = read_cohort(found.cohort.csv)
        made = record_of(found, cohort, read_folds(found.cohort.folds, cohort))
        claim(found.output.folder, made)
        return made

    return make


def test_heads_are_taught_by_the_run_or_by_the_one_before(record):
    assert record("a", [FINDINGS, MORTALITY, SURVIVAL]).heads == ("mortality", "survival")
    assert record("b", [FINDINGS, SURVIVAL]).heads == ("survival",)
    model_e = {"variant": "E", "clinical": CLINICAL}
    hybrid = [{"name": "hybrid", "epochs": 1}]
    assert record("c", hybrid, initial="run:b", **model_e).heads == ("mortality", "survival")
    frozen = FINDINGS | {"backbone_factor": 0.0}
    assert record("d", [frozen], initial="run:a").heads == ("mortality", "survival")


def test_heads_do_not_outlive_the_features_that_they_were_taught_on(record):
    record("a", [MORTALITY, SURVIVAL])
    assert record("b", [FINDINGS], initial="run:a").heads == ()
    assert record("c", [FINDINGS, SURVIVAL], initial="run:a").heads == ("survival",)
    assert record("d", [SURVIVAL], initial="run:a").heads == ("mortality", "survival")


def test_a_head_that_does_not_fit_is_not_inherited(record):
    record("a", [MORTALITY, SURVIVAL])
    other = {"breaks_years": [0, 2, 4, 6], "horizons_years": [1]}
    frozen = MORTALITY | {"backbone_factor": 0.0}
    assert record("b", [frozen], initial="run:a", **other).heads == ("mortality",)
    hybrid = [{"name": "hybrid", "epochs": 1}]
    record("e", hybrid, initial="run:a", variant="E", clinical=CLINICAL)
    assert record("f", [SURVIVAL], initial="run:e").heads == ("survival",)


def test_the_sentences_of_all_runs_before_come_first(record):
    first = record("a", [FINDINGS])
    second = record("b", [MORTALITY], initial="run:a")
    third = record("c", [SURVIVAL], initial="run:b")
    assert first.training[2] == second.training[4] == third.training[6] == KNOWLEDGE
    assert second.training[:2] == tuple(f"Before: {each}" for each in first.training[:2])
    assert "brightness" in third.training[1]
    assert [each.startswith("Before: ") for each in third.training] == [True] * 4 + [False] * 3
    assert "random numbers" in third.training[0]
    assert "an earlier run" in third.training[4]


def test_findings_take_medicalnets_place_unless_it_came_first(record):
    record("a", [FINDINGS])
    assert record("b", [MORTALITY], initial="run:a").pretrained == "findings"
    assert record("c", [FINDINGS], initial="medicalnet:x.pth").pretrained == "medicalnet"
    assert record("d", [FINDINGS], initial="run:c").pretrained == "medicalnet"
    assert record("e", [MORTALITY]).pretrained == ""


@pytest.mark.parametrize("trained", [True, False])
def test_a_bundle_tells_by_its_card(record, tmp_path, trained):
    document = json.loads((architecture("D").folder / "card.json").read_text())
    document |= {"trained": trained, "training": ["It was taught."], "weights_sha256": "0" * 64}
    document["deviations"] = [FINDINGS_FIRST]
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "card.json").write_text(json.dumps(document))
    frozen = FINDINGS | {"backbone_factor": 0.0}
    found = record("a", [frozen], initial="bundle:bundle")
    assert found.heads == (("mortality", "survival") if trained else ())
    assert found.training[0] == "Before: It was taught."
    assert found.pretrained == "findings"
