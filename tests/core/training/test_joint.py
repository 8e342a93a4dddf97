"""Batch norm over several processes: by one process alone it is torch's own."""

import pytest
import torch
from torch import distributed, nn

from core.training.joint import JointBatchNorm3d
from core.training.seeds import generator


@pytest.fixture
def one_process():
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("kind", "tolerance"), [(torch.float32, 2e-5), (torch.bfloat16, 0.02)], ids=str
)
def test_values_gradients_and_statistics_are_torch_s_own(one_process, kind, tolerance):
    random = generator(3)
    values = torch.tensor(random.normal(2, 3, (4, 5, 6, 7, 8))).to(kind)
    pull = torch.tensor(random.normal(0, 1, values.shape)).to(kind)
    found = {}
    for layer in (nn.BatchNorm3d(5), JointBatchNorm3d(5)):
        with torch.no_grad():
            layer.weight.copy_(torch.linspace(0.5, 2, 5))
            layer.bias.copy_(torch.linspace(-1, 1, 5))
        x = values.clone().contiguous(memory_format=torch.channels_last_3d).requires_grad_()
        y = layer.train()(x)
        y.backward(pull)
        found[type(layer)] = (
            y, x.grad, layer.weight.grad, layer.bias.grad, layer.running_mean, layer.running_var,
        )  # fmt: skip
        assert y.dtype == x.grad.dtype == kind
        assert layer.running_var.dtype == torch.float32
    for own, joint in zip(*found.values(), strict=True):
        scale = float(own.detach().abs().max())
        torch.testing.assert_close(joint.detach(), own.detach(), rtol=0, atol=tolerance * scale)


def test_a_channel_that_is_the_same_everywhere_gives_its_bias(one_process):
    layer = JointBatchNorm3d(1).train()
    x = torch.full((2, 1, 3, 3, 3), 7.0, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    torch.testing.assert_close(y, torch.zeros_like(y))
    assert torch.isfinite(x.grad).all()
