"""Layers that look at the whole batch though each process holds a part of it.

torch's SyncBatchNorm runs on GPUs alone; this one runs everywhere, so that two processes on a CPU
give the losses of one with the double batch.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as torch_distributed
from torch.nn import functional

from core.training.processes import Processes


class SharedDropout(nn.Dropout):
    """Dropout (Srivastava et al. 2014) whose mask is drawn for the whole batch.

    Args:
        p: Probability that a value is dropped.
        processes: Rows of the batch lie in order of their ranks.
    """

    def __init__(self, p: float, processes: Processes) -> None:
        super().__init__(p)
        self._processes = processes

    def forward(self, x: Tensor) -> Tensor:
        """(N, values): with probability p 0, else divided by 1 - p."""
        if not self.training:
            return x
        rows = self._processes.count * len(x)
        kept = torch.rand((rows, *x.shape[1:])) >= self.p  # on the CPU: the same for any device
        first = self._processes.rank * len(x)
        return x * kept[first : first + len(x)].to(x.device) / (1 - self.p)


class JointBatchNorm3d(nn.BatchNorm3d):
    """Batch norm over the parts of all processes, which are of one size."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, D, H, W)."""
        if not self.training:
            return super().forward(x)
        y, mean, variance, count = _JointNorm.apply(x, self.weight, self.bias, self.eps)  # type: ignore[no-untyped-call] # torch leaves it so
        if self.running_mean is not None and self.running_var is not None:
            momentum = self.momentum if self.momentum is not None else 0.1
            unbiased = variance * (count / (count - 1))
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(unbiased, momentum)
        result: Tensor = y
        return result


class _JointNorm(torch.autograd.Function):
    """y = weight (x - mean) / sqrt(variance + eps) + bias, mean and variance over all processes.

    Made of torch's own passes over the values: each process's statistics, joined, then the norm
    with them; backwards two sums over the batch, joined, then what is linear in x and gradient.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Any:
        count = torch_distributed.get_world_size() * (x.numel() // x.shape[1])
        _, mine, inverse = torch.native_batch_norm(x, weight, bias, None, None, True, 0.0, 0.0)
        mean = _total(mine.clone()) / torch_distributed.get_world_size()
        spread = inverse.pow(-2) + (mine - mean).square()
        variance = _total(spread) / torch_distributed.get_world_size()
        ctx.save_for_backward(x, mean, variance, weight)
        ctx.count, ctx.eps = count, eps
        y = functional.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance, count

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_unused: Any) -> Any:
        x, mean, variance, weight = ctx.saved_tensors
        _, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, x, weight, mean, variance, None, None, False, ctx.eps, [False, True, True]
        )
        means = _total(torch.stack((of_bias, of_weight))) / ctx.count
        steep = weight * torch.rsqrt(variance + ctx.eps)
        of_x = functional.batch_norm(
            x, mean, variance, -steep * means[1], -steep * means[0], training=False, eps=ctx.eps
        )
        of_x.addcmul_(gradient, _channels(steep).to(gradient.dtype))
        return of_x, of_weight, of_bias, None


def _total(values: Tensor) -> Tensor:
    torch_distributed.all_reduce(values)
    return values


def _channels(values: Tensor) -> Tensor:
    return values[None, :, None, None, None]


def make_joint(module: nn.Module, processes: Processes) -> None:
    """Exchange dropout, and with several processes batch norm, for layers over the whole batch.

    Names of parameters and buffers stay, so that weights fit the network before and after.
    """
    for name, child in module.named_children():
        make_joint(child, processes)
        if isinstance(child, nn.Dropout):
            setattr(module, name, SharedDropout(child.p, processes))
        elif isinstance(child, nn.BatchNorm3d) and processes.count > 1:
            joint = JointBatchNorm3d(child.num_features, child.eps, child.momentum)
            joint.load_state_dict(child.state_dict())
            setattr(module, name, joint.train(child.training))
