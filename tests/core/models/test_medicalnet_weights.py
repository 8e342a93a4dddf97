"""A user's MedicalNet checkpoint fits key by key, or is refused in words."""

import pickle

import pytest
import torch

from core.errors import WeightsError
from core.models.backbones import MedicalNetResNet10
from core.models.initialisation import initialise
from core.models.medicalnet_weights import load_medicalnet


def checkpoint_like_medicalnets():
    """State as MedicalNet stores it: data-parallel prefix and a segmentation head."""
    source = MedicalNetResNet10()
    initialise(source, 3)
    state = {f"module.{key}": value for key, value in source.state_dict().items()}
    state["module.conv_seg.0.weight"] = torch.zeros(512, 32, 2, 2, 2)
    return source, state


def saved(path, state):
    torch.save({"state_dict": state}, path)
    return path


def test_every_backbone_key_is_met_and_the_segmentation_head_dropped(tmp_path):
    source, state = checkpoint_like_medicalnets()
    backbone = MedicalNetResNet10()
    load_medicalnet(saved(tmp_path / "w.pth", state), backbone)
    for key, value in source.state_dict().items():
        assert torch.equal(backbone.state_dict()[key], value), key


def test_a_missing_key_refuses_the_whole_file(tmp_path):
    _, state = checkpoint_like_medicalnets()
    del state["module.layer4.0.bn2.running_var"]
    backbone = MedicalNetResNet10()
    before = backbone.conv1.weight.clone()
    with pytest.raises(WeightsError, match=r"1 missing \(first: layer4\.0\.bn2\.running_var\)"):
        load_medicalnet(saved(tmp_path / "w.pth", state), backbone)
    assert torch.equal(backbone.conv1.weight, before)


def test_a_left_over_key_refuses_the_whole_file(tmp_path):
    _, state = checkpoint_like_medicalnets()
    state["module.layer5.weight"] = torch.zeros(1)
    with pytest.raises(WeightsError, match="1 left over"):
        load_medicalnet(saved(tmp_path / "w.pth", state), MedicalNetResNet10())


def test_a_tensor_of_another_shape_refuses_the_whole_file(tmp_path):
    _, state = checkpoint_like_medicalnets()
    state["module.conv1.weight"] = torch.zeros(64, 3, 7, 7, 7)
    with pytest.raises(WeightsError, match=r"1 misshapen \(first: conv1\.weight\)"):
        load_medicalnet(saved(tmp_path / "w.pth", state), MedicalNetResNet10())


class Mischief:
    def __reduce__(self):
        return (print, ("this code must never run",))


def test_a_file_with_code_in_it_is_refused_and_the_code_never_run(tmp_path, capsys):
    path = tmp_path / "evil.pth"
    torch.save({"state_dict": Mischief()}, path)
    with pytest.raises(WeightsError, match="no checkpoint of plain tensors"):
        load_medicalnet(path, MedicalNetResNet10())
    path.write_bytes(pickle.dumps(Mischief(), protocol=2))
    with pytest.raises(WeightsError):
        load_medicalnet(path, MedicalNetResNet10())
    assert capsys.readouterr().out == ""


def test_a_file_of_rubbish_is_refused(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(b"rubbish")
    with pytest.raises(WeightsError, match="plain tensors"):
        load_medicalnet(path, MedicalNetResNet10())
