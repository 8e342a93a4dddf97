"""Where weights come from, and that no fold begins with what saw its test scans."""

import pytest
import torch

from core.models.architectures import architecture
from core.models.bundles import load
from core.models.initialisation import state_digest
from core.training.checkpoint import save_weights
from core.training.configuration import TrainingError, read_configuration
from core.training.initial_weights import (
    fill_initial,
    new_network,
    require_initial,
    take_weights,
)
from core.training.run_record import RunRecord, claim
from tests.core.training.toy_cohort import CLINICAL, write_configuration


def configuration(folder, **model):
    model = {"id": "toy"} | model
    stage = {"stage": [{"name": "hybrid", "epochs": 1}]} if model.get("variant") == "E" else {}
    return read_configuration(write_configuration(folder, "run", model=model, **stage))


HERE = RunRecord(cohort_sha256="c", folds_sha256="f", taught=("a", "b"), tested=("a", "b", "t"))


def run_with(folder, *parts, record=HERE):
    """A finished run whose parts hold weights of their own."""
    for number, part in enumerate(parts):
        network = new_network(configuration(folder), ())
        torch.nn.init.constant_(network.backbone.conv1.weight, number + 1.0)
        save_weights(folder / "other" / part / "model.safetensors", network.state_dict(), {})
    if record is not None:
        claim(folder / "other", record)
    return {"initial": "run:other"}


def first_weight(found, part):
    network = new_network(found, ())
    fill_initial(network, found, part, HERE)
    return network.backbone.conv1.weight.flatten()[0].item()


def test_a_seed_gives_the_same_network_again(tmp_path):
    digests = {state_digest(new_network(configuration(tmp_path), ()).state_dict()) for _ in "ab"}
    assert len(digests) == 1


def test_each_fold_begins_with_the_weights_of_the_same_fold(tmp_path):
    found = configuration(tmp_path, **run_with(tmp_path, "fold-1", "fold-2", "final"))
    weights = [first_weight(found, part) for part in ("fold-1", "fold-2", "final")]
    assert weights == [1, 2, 3]


def test_a_fold_never_begins_with_a_model_that_saw_its_test_scans(tmp_path):
    found = configuration(tmp_path, **run_with(tmp_path, "final"))
    with pytest.raises(TrainingError, match="holds no model of fold-1"):
        first_weight(found, "fold-1")


def test_a_model_of_other_people_may_lend_its_weights_to_all_folds(tmp_path):
    strangers = RunRecord(cohort_sha256="d", folds_sha256="g", taught=("x", "y"))
    found = configuration(tmp_path, **run_with(tmp_path, "final", record=strangers))
    assert [first_weight(found, part) for part in ("fold-1", "final")] == [1, 1]


@pytest.mark.parametrize("cohort", ["c", "d"])
def test_a_model_that_was_taught_on_a_tested_patient_under_other_folds_is_refused(tmp_path, cohort):
    """Folds dealt anew, or a cohort with one more column: the patients are the same."""
    other = RunRecord(cohort_sha256=cohort, folds_sha256="g", taught=("t", "x"))
    found = configuration(tmp_path, **run_with(tmp_path, "fold-1", "final", record=other))
    with pytest.raises(TrainingError, match="taught on 1 of the 3 patients"):
        first_weight(found, "fold-1")


def test_the_same_folds_of_a_table_with_one_more_column_are_the_same_folds(tmp_path):
    other = HERE.model_copy(update={"cohort_sha256": "d"})
    found = configuration(tmp_path, **run_with(tmp_path, "fold-1", "final", record=other))
    assert first_weight(found, "fold-1") == 1


def test_a_part_that_the_source_lacks_is_noticed_before_the_first_is_trained(tmp_path):
    found = configuration(tmp_path, **run_with(tmp_path, "fold-1"))
    require_initial(found, (), ["fold-1"], HERE)
    with pytest.raises(TrainingError, match="holds no model of final"):
        require_initial(found, (), ["fold-1", "final"], HERE)


def test_a_run_that_does_not_say_whom_it_was_taught_on_lends_nothing(tmp_path):
    found = configuration(tmp_path, **run_with(tmp_path, "fold-1", "final", record=None))
    with pytest.raises(TrainingError, match="does not say which folds"):
        first_weight(found, "fold-1")


def test_model_e_begins_with_the_answers_of_model_d(tmp_path):
    model_d = new_network(configuration(tmp_path), ())
    found = configuration(tmp_path, variant="E", clinical=CLINICAL)
    model_e = new_network(found, found.model.clinical)
    take_weights(model_e, model_d.state_dict())
    features, clinical = torch.randn(3, 512, 1, 1, 1), torch.rand(3, 2)
    ours, theirs = model_e.eval().heads(features, clinical), model_d.eval().heads(features)
    torch.testing.assert_close(ours.logits, theirs.logits)
    torch.testing.assert_close(ours.hazard_logits, theirs.hazard_logits)


def test_a_checkpoint_of_medicalnet_fills_the_backbone_alone(tmp_path):
    source = new_network(configuration(tmp_path), ())
    torch.nn.init.constant_(source.backbone.conv1.weight, 0.25)
    state = {f"module.{name}": each for name, each in source.backbone.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "resnet.pth")
    found = configuration(tmp_path, initial="medicalnet:resnet.pth")
    network = new_network(found, ())
    before = network.hidden.weight.clone()
    fill_initial(network, found, "final", HERE)
    assert network.backbone.conv1.weight.mean().item() == 0.25
    assert torch.equal(network.hidden.weight, before)


def test_a_bundle_lends_its_weights(tmp_path):
    bundle = architecture("D")
    found = configuration(tmp_path, initial=f"bundle:{bundle.folder}")
    network = new_network(found, ())
    fill_initial(network, found, "final", HERE)
    lent = load(bundle).network.state_dict()
    assert state_digest(network.state_dict()) == state_digest(lent)


def test_weights_without_a_backbone_are_refused(tmp_path):
    network = new_network(configuration(tmp_path), ())
    with pytest.raises(TrainingError, match="no backbone"):
        take_weights(network, {"hidden.weight": torch.zeros(32, 512)})
