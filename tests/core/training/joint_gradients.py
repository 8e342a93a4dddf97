"""Gradients of a small network by one process or several; a program for torchrun."""

import sys
from pathlib import Path

import torch
from torch import nn

from core.training.checkpoint import save_weights
from core.training.joint import make_joint
from core.training.processes import joined_processes

BATCH = 8


class Small(nn.Module):
    """Convolution, batch norm twice, dropout, and a branch as in the real one."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(1, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm3d(4)
        self.second = nn.Conv3d(4, 4, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm3d(4)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(4, 2)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = torch.relu(self.norm2(self.second(x)) + x)
        return self.last(self.dropout(x.mean(dim=(2, 3, 4))))


def gradients(processes):
    """Loss, gradients and running statistics after two passes of one step, in double precision."""
    torch.manual_seed(1)
    model = Small()
    images = torch.randn(2 * BATCH, 1, 3, 4, 5, dtype=torch.float64)
    labels = torch.randint(0, 2, (2 * BATCH,))
    make_joint(model, processes)
    model.double().train()
    learner = processes.wrapped(model)
    torch.manual_seed(2)
    total = torch.zeros((), dtype=torch.float64)
    for part in torch.arange(2 * BATCH).reshape(2, BATCH):
        mine = processes.share(part)
        loss = nn.functional.cross_entropy(learner(images[mine]), labels[mine]) / 2
        loss.backward()
        total += loss.detach()
    found = {name: each.grad for name, each in model.named_parameters()}
    found |= {name: each for name, each in model.named_buffers() if "running" in name}
    return found | {"loss": processes.total(total) / processes.count}


if __name__ == "__main__":
    with joined_processes("cpu", 1) as processes:
        found = gradients(processes)
        if processes.is_first:
            save_weights(Path(sys.argv[1]), found, {})
