"""A checkpoint gives back every bit, belongs to one stage, and is whole or refused."""

import pytest
import torch
from torch import nn

from core.training.checkpoint import (
    StageState,
    load_checkpoint,
    load_weights,
    save_checkpoint,
    save_weights,
)
from core.training.configuration import TrainingError


def network():
    torch.manual_seed(1)
    made = nn.Sequential(nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4), nn.Flatten(), nn.LazyLinear(2))
    made(torch.zeros(2, 1, 4, 4, 4))
    return made.to(memory_format=torch.channels_last_3d)


def steps(model, optimiser, count):
    for number in range(count):
        torch.manual_seed(number + len(optimiser.state))
        loss = model(torch.randn(4, 1, 4, 4, 4)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.state_dict()


def test_training_goes_on_with_the_same_bits(tmp_path):
    path, state = tmp_path / "c.safetensors", StageState("abc", epoch=3, step=2, losses=[0.1])
    model = network()
    optimiser = torch.optim.Adam(model.parameters(), weight_decay=0.01)
    steps(model, optimiser, 3)
    save_checkpoint(path, state, model.state_dict(), {"x": torch.ones(2)}, optimiser)
    expected = steps(model, optimiser, 4)
    again = network()
    other = torch.optim.Adam(again.parameters(), weight_decay=0.01)
    found, weights, best = load_checkpoint(path, "abc", other)
    again.load_state_dict(weights)
    assert found == state
    assert torch.equal(best["x"], torch.ones(2))
    for name, each in steps(again, other, 4).items():
        assert torch.equal(each, expected[name]), name


def test_a_checkpoint_of_another_stage_is_not_gone_on_with(tmp_path):
    path, model = tmp_path / "c.safetensors", network()
    optimiser = torch.optim.Adam(model.parameters())
    save_checkpoint(path, StageState("abc"), model.state_dict(), {}, optimiser)
    assert load_checkpoint(path, "abd", optimiser) is None
    assert load_checkpoint(tmp_path / "none.safetensors", "abc", optimiser) is None


def test_half_a_file_is_refused_in_words(tmp_path):
    path, model = tmp_path / "c.safetensors", network()
    optimiser = torch.optim.Adam(model.parameters())
    save_checkpoint(path, StageState("abc"), model.state_dict(), {}, optimiser)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(TrainingError, match="damaged"):
        load_checkpoint(path, "abc", optimiser)
    with pytest.raises(TrainingError, match=r"c\.safetensors is damaged"):
        load_weights(path)


def test_weights_keep_what_stands_beside_them(tmp_path):
    save_weights(tmp_path / "w", {"a": torch.arange(3)}, {"part": "final"})
    weights, document = load_weights(tmp_path / "w")
    assert torch.equal(weights["a"], torch.arange(3))
    assert document == {"part": "final"}
    assert load_weights(tmp_path / "none") is None
