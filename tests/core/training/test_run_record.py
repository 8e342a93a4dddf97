"""What a run says of itself, and that a folder keeps to one run."""

import json
from dataclasses import replace

import pytest

from core.data.cohort import read_cohort
from core.data.folds import Folds, read_folds
from core.training.configuration import TrainingError, read_configuration
from core.training.inheritance import record_of
from core.training.run_record import claim, named, read_record
from tests.core.training.toy_cohort import toy_configuration, write_configuration


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    configuration = read_configuration(toy_configuration(folder, count=40))
    cohort = read_cohort(configuration.cohort.csv)
    return configuration, cohort, read_folds(configuration.cohort.folds, cohort)


def test_everyone_is_taught_but_those_of_the_test_set(study):
    configuration, cohort, folds = study
    record = record_of(configuration, cohort, folds)
    everyone = {named(patient) for patient in cohort.patients}
    assert everyone - set(record.taught) == {named(patient) for patient in folds.test}
    assert set(record.tested) == everyone  # also who stops a model early must be a stranger to it


def test_patients_of_the_run_before_count_as_taught(study):
    configuration, cohort, folds = study
    before = configuration.output.folder.parent / "before"
    record = record_of(configuration, cohort, folds)
    claim(before, record.model_copy(update={"taught": ("someone else",)}))
    path = write_configuration(before.parent, "b", model={"id": "toy-d", "initial": "run:before"})
    found = record_of(read_configuration(path), cohort, folds)
    assert set(found.taught) == {*record.taught, "someone else"}


def test_folds_that_are_dealt_anew_are_another_run(study, tmp_path):
    configuration, cohort, folds = study
    record = record_of(configuration, cohort, folds)
    claim(tmp_path, record)
    claim(tmp_path, record)
    assert read_record(tmp_path) == record
    first, second = folds.folds
    dealt = replace(folds, folds=((*first[1:], second[0]), (*second[1:], first[0])))
    assert isinstance(dealt, Folds)
    with pytest.raises(TrainingError, match="another model, another cohort or other folds"):
        claim(tmp_path, record_of(configuration, cohort, dealt))


def test_a_file_of_an_earlier_version_is_written_anew(study, tmp_path):
    configuration, cohort, folds = study
    record = record_of(configuration, cohort, folds)
    old = {"model_id": record.model_id, "cohort_sha256": record.cohort_sha256, "tested": []}
    (tmp_path / "run.json").write_text(json.dumps(old))
    with pytest.raises(TrainingError, match="does not say"):
        read_record(tmp_path)
    claim(tmp_path, record)
    assert read_record(tmp_path) == record


def test_a_file_without_heads_and_sentences_is_read_and_filled(study, tmp_path):
    configuration, cohort, folds = study
    record = record_of(configuration, cohort, folds)
    new = {"heads", "breaks_years", "pretrained", "training"}
    (tmp_path / "run.json").write_text(record.model_dump_json(exclude=new))
    assert (read_record(tmp_path).heads, read_record(tmp_path).training) == ((), ())
    claim(tmp_path, record)
    assert read_record(tmp_path) == record
    assert record.heads == ("mortality",)


def test_other_stages_are_still_the_same_run(study, tmp_path):
    configuration, cohort, folds = study
    record = record_of(configuration, cohort, folds)
    claim(tmp_path, record)
    other = record.model_copy(update={"training": ("Otherwise.",), "heads": ()})
    claim(tmp_path, other)
    assert read_record(tmp_path) == other
