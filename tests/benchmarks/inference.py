"""Time of the network at 1 x 1 x 128 x 256 x 256, beside what the machine could do at most.

.venv/bin/python -m tests.benchmarks.inference [--repeats N] [--threads N] [IMAGE.npy ...]

Each IMAGE is a network's input (128, 256, 256), intensities 0..1, as `core.analysis` prepares it;
without any a random one is used. Seconds are the best of N (2). On a GPU the wall time ends when
the GPU is done. On a busy machine compare CPU seconds with --threads 1: two threads that wait for
each other burn time.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.inference import Engine, Maps, choose_engine, infer, predict, prepare
from core.inference.agreement import REFERENCE, Answer, answer, compare
from core.inference.engine import OPENVINO
from core.inference.openvino_backbone import OpenVinoBackbone, is_installed
from core.inference.ready import ready
from core.models.bundle_folders import find_bundle
from core.models.bundles import load
from core.models.folded_backbone import FoldedBackbone
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Silent
from core.saliency.targets import MORTALITY

SHAPE = (128, 256, 256)
MULTIPLICATIONS = 283e9
"""Of one forward pass (tests/core/models/test_backbones.py counts them)."""

MATRIX_SIDE = {"cpu": 3072, "cuda": 8192}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    wall_s: float
    cpu_s: float

    def print(self, eager_s: float | None = None) -> None:
        """One line, with how many times faster than eager fp32 it is."""
        ratio = f"{eager_s / self.wall_s:.2f} x" if eager_s else ""
        sys.stdout.write(f"| {self.name} | {self.wall_s:.3f} | {self.cpu_s:.2f} | {ratio} |\n")
        sys.stdout.flush()


def timed(name: str, work: Callable[[], object], repeats: int) -> Row:
    """Best wall and CPU time of some runs after one that is not counted."""
    work()
    times = [_once(work) for _ in range(repeats)]
    return Row(name, min(wall for wall, _ in times), min(cpu for _, cpu in times))


def _once(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - cpu


def matrix_rates(device: torch.device, repeats: int) -> None:
    """Multiplications a second in a large matrix product, and what that means for one forward."""
    side = MATRIX_SIDE.get(device.type, 3072)
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.rand(side, side, device=device).to(dtype)
        row = timed(f"matrix product of side {side}, {dtype}", lambda m=matrix: m @ m, repeats + 2)
        rate = side**3 / row.wall_s
        row.print()
        limit = MULTIPLICATIONS / rate
        sys.stdout.write(f"| ... {rate / 1e9:.0f} G/s: 283 G take at least | {limit:.3f} | | |\n")


def eager_rows(network: MortalityResNet3D, x: torch.Tensor, repeats: int) -> float:
    """The network as it was published; returns the seconds of its fp32 forward."""

    def backward() -> None:
        image = x.detach().clone().requires_grad_()
        torch.autograd.grad(MORTALITY.value(network(image)), image)

    with torch.no_grad():
        eager = timed("eager fp32", lambda: network(x), repeats)
        eager.print()
        last = x.contiguous(memory_format=torch.channels_last_3d)
        network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload] # torch's stub
        timed("eager fp32, channels last", lambda: network(last), repeats).print(eager.wall_s)
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload] # as above
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            timed("eager bf16 autocast", lambda: network(x), repeats).print(eager.wall_s)
    timed("eager fp32, forward and gradient", backward, repeats).print(eager.wall_s)
    return eager.wall_s


def folded_rows(
    network: MortalityResNet3D, engines: list[Engine], x: torch.Tensor, eager_s: float, repeats: int
) -> None:
    """Our backbone, dilated layers as they stand and in parts."""
    for engine in engines:
        for in_parts in (False, True):
            backbone = FoldedBackbone(
                network.backbone, replace(engine.placement, space_to_batch=in_parts)
            )
            name = f"folded {engine.precision}{', dilated layers in parts' if in_parts else ''}"
            with torch.no_grad():
                timed(name, lambda b=backbone: b(x), repeats).print(eager_s)


def openvino_rows(
    network: MortalityResNet3D, x: torch.Tensor, eager_s: float, repeats: int
) -> None:
    """The same backbone in OpenVINO, where that is installed."""
    if not is_installed():
        return
    for precision in ("fp32", "bf16"):
        start = time.perf_counter()
        backbone = OpenVinoBackbone(network.backbone, precision, torch.get_num_threads())
        backbone(x)
        sys.stdout.write(
            f"| ... made ready, and first pass | {time.perf_counter() - start:.3f} | | |\n"
        )
        timed(f"OpenVINO {precision}", lambda b=backbone: b(x), repeats).print(eager_s)


def engine_rows(
    network: MortalityResNet3D,
    engine: Engine,
    image: np.ndarray,
    eager_s: float,
    repeats: int,
) -> None:
    """What a user waits for."""

    def with_maps(gradient: bool) -> object:
        wants = Maps(gradient=gradient)
        return infer(network, image, None, engine=engine, progress=Silent(), wants=wants)

    def forward() -> object:
        return predict(network, image[None], None, engine=engine, progress=Silent())

    name = f"engine {engine.precision} on {engine.device.type} by {engine.backend}"
    alone = timed(f"{name}: prognosis", forward, repeats)
    cam = timed(f"{name}: prognosis + GradCAM", lambda: with_maps(gradient=False), repeats)
    both = timed(f"{name}: + gradient", lambda: with_maps(gradient=True), repeats)
    for row in (alone, cam, both):
        row.print(eager_s)
    for words, row in (("GradCAM", cam), ("gradient", both)):
        wall, cpu = row.wall_s / alone.wall_s, row.cpu_s / alone.cpu_s
        sys.stdout.write(
            f"| ... with {words}: {wall:.2f} x the forward ({cpu:.2f} by CPU) | | | |\n"
        )


def agreement_rows(network: MortalityResNet3D, engines: list[Engine], paths: list[Path]) -> None:
    """Each engine against fp32 on the CPU, on real scans."""
    for path in paths:
        image = torch.from_numpy(np.load(path))[None, None]
        exact: Answer = answer(network, FoldedBackbone(network.backbone, REFERENCE), image, None)
        for engine in engines:
            made = ready(network, engine)
            answered = answer(network, made.backbone, image, None, forward=made.openvino)
            name = f"{engine.precision} on {engine.device.type} by {engine.backend}"
            sys.stdout.write(f"{path.stem}, {name}: {compare(answered, exact)}\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="*", type=Path)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    network = load(find_bundle("mortality-resnet3d-d", None)).network
    random = np.random.default_rng(0)
    image = np.load(given.images[0]) if given.images else random.random(SHAPE, dtype=np.float32)
    device = choose_engine("auto", "auto").device.type
    engines = [choose_engine(device, precision) for precision in ("fp32", "bf16")]
    settled = [prepare(network, engine) for engine in engines]
    sys.stdout.write(f"{engines[0].device_name}, torch {torch.__version__}\n")
    sys.stdout.write("| | wall s | CPU s | against eager fp32 |\n| --- | --- | --- | --- |\n")
    matrix_rates(engines[0].device, given.repeats)
    eager_network = network if device == "cpu" else network.to(device)
    x = torch.from_numpy(image)[None, None].to(device)
    eager_s = eager_rows(eager_network, x, given.repeats)
    network.to("cpu")
    folded_rows(network, engines, x, eager_s, given.repeats)
    if device == "cpu":
        openvino_rows(network, x, eager_s, given.repeats)
    alternatives = [e.by_torch("") for e in settled if e.backend == OPENVINO]
    for engine in (*settled, *alternatives):
        engine_rows(network, engine, image, eager_s, given.repeats)
    agreement_rows(network, engines, given.images)


if __name__ == "__main__":
    main()
