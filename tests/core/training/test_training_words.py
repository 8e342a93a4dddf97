"""What stands on a card of how its model was taught."""

from core.training.configuration import read_configuration
from core.training.training_words import KNOWLEDGE, training_words
from tests.core.training.toy_cohort import write_configuration


def words(folder, *, before=(), **stage):
    stages = [{"name": "mortality"} | stage]
    return training_words(
        read_configuration(write_configuration(folder, "run", stage=stages)), before
    )


def test_a_stage_is_a_sentence_with_its_settings(tmp_path):
    start, stage = words(tmp_path, epochs=3, early_stop_epochs=2, learning_rate=5e-4)
    assert start.startswith("Training began with random numbers (seed")
    assert stage.startswith(
        "Stage 1: to tell deaths of the endpoint from survivors; at most 3 epochs"
    )
    assert "stopped after 2 epochs that were no better" in stage
    assert "learning rate 0.0005" in stage


def test_one_epoch_is_no_plural(tmp_path):
    assert "at most 1 epoch, batch" in words(tmp_path, epochs=1)[-1]


def test_what_only_a_table_knows_is_told_once_at_the_end(tmp_path):
    told = words(tmp_path, name="findings", epochs=1, batch=8, columns=["age_years"])
    assert "Told of each training scan, by the cohort: age_years." in told[1]
    assert told[-1] == KNOWLEDGE
    after = words(tmp_path, epochs=1, before=told)
    assert after.count(KNOWLEDGE) == 1
    assert after[-1] == KNOWLEDGE
    assert KNOWLEDGE not in words(tmp_path, epochs=1)


def test_the_rate_of_the_backbone_is_said(tmp_path):
    assert "the backbone too" in words(tmp_path, epochs=1, backbone_factor=1.0)[1]
    assert "backbone at 0.1 of that rate" in words(tmp_path, epochs=1, backbone_factor=0.1)[1]
    assert "backbone frozen" in words(tmp_path, epochs=1, backbone_factor=0.0)[1]


def test_what_an_earlier_run_says_stands_first_and_is_marked_once(tmp_path):
    found = words(tmp_path, epochs=1, before=("Before: Stage 1: long ago.", "Stage 1: lately."))
    assert found[:2] == ("Before: Stage 1: long ago.", "Before: Stage 1: lately.")
