"""Seconds and memory of training, at several shapes, by one process and by two.

Run: python -m tests.benchmarks.training [--shape 128x256x256] [--batch 1] [--steps 3]
By two processes: python -m torch.distributed.run --standalone --nproc-per-node 2 -m
tests.benchmarks.training ..., with --threads 1 for each where one process had two.
"""

import argparse
import resource
import time

import torch

from core.inference import choose_engine
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D
from core.training.joint import make_joint
from core.training.processes import joined_processes
from core.training.stage_network import StageNetwork

KIB_A_GB = 1 << 20


def main() -> None:
    """Print the best of some steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="128x256x256")
    parser.add_argument("--batch", type=int, default=1, help="scans of each process")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="auto")
    given = parser.parse_args()
    with joined_processes("auto", given.threads) as processes:
        shape = tuple(int(side) for side in given.shape.split("x"))
        precision = choose_engine(processes.device.type, given.precision).precision
        seconds = min(_steps(shape, given.batch, given.steps, precision, processes))
        memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_A_GB
        if torch.cuda.is_available():
            memory_gb = torch.cuda.max_memory_allocated() / (1 << 30)
        if processes.is_first:
            scans = given.batch * processes.count
            print(  # noqa: T201
                f"{given.shape}, {precision}, {processes.count} process(es) of {given.threads} "
                f"thread(s), {scans} scans a step: {seconds:.2f} s a step, "
                f"{scans / seconds:.2f} scans/s, {memory_gb:.1f} GB each"
            )


def _steps(shape, batch, count, precision, processes):
    """Seconds of each step: forward, backward, Adam."""
    network = MortalityResNet3D(intervals=7)
    initialise(network, 1)
    model = StageNetwork(network, 0, precision)
    make_joint(model, processes)
    model.to(processes.device).train()
    model.network.backbone.to(memory_format=torch.channels_last_3d)
    for parameter in network.survival_head.parameters():
        parameter.requires_grad_(False)
    learner = processes.wrapped(model)
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 1e-4)
    images = torch.rand(batch, 1, *shape, device=processes.device)
    labels = torch.zeros(batch, dtype=torch.long, device=processes.device)
    for _ in range(count):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(learner(images, None)[0], labels).backward()
        optimiser.step()
        if processes.device.type == "cuda":
            torch.cuda.synchronize()
        yield time.perf_counter() - start


if __name__ == "__main__":
    main()
