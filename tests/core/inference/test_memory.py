"""Short memory: the next engine on a GPU, a clear error on the CPU."""

import subprocess
import sys

import pytest
import torch

from core.errors import ResourcesError
from core.inference import Engine, choose_engine, predict
from core.inference.memory import within_memory
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Silent
from tests.core.inference.small_network import scan, small_network

SMALL_GPU = Engine(
    torch.device("meta"), "fp32", device_name="A small GPU", may_change=True, is_checked=True
)
"""Holds weights, like a GPU, and no memory is left for anything else."""

LIMITED = """
import resource, sys
from core.errors import ResourcesError
from core.inference import choose_engine, infer
from core.progress import Silent
from tests.core.inference.small_network import scan, small_network
network, image = small_network(), scan(shape=(128, 256, 256))
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 300 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    infer(network, image, None, engine=choose_engine("cpu", "fp32"), progress=Silent())
except ResourcesError as error:
    sys.stdout.write(str(error))
"""


@pytest.fixture(scope="module")
def network():
    return small_network()


def test_a_gpu_without_memory_hands_over_to_the_cpu_and_says_so(network):
    tried = []

    def work(made, engine):
        tried.append(engine.device.type)
        if engine.device.type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return made.backbone.placement, engine

    placement, engine = within_memory(network, SMALL_GPU, work)
    assert tried == ["meta", "cpu"]
    assert placement.device.type == "cpu"
    assert "A small GPU did not suffice in fp32" in engine.note


class Hungry(torch.nn.Module):
    """Heads for which no memory is left."""

    def forward(self, _pooled):
        raise torch.OutOfMemoryError("CUDA out of memory.")


def test_a_layer_without_memory_on_the_cpu_is_a_clear_error():
    network = MortalityResNet3D()
    network.hidden = Hungry()
    network.eval().requires_grad_(requires_grad=False)
    with pytest.raises(ResourcesError, match=r"memory of CPU, \d+ threads does not suffice"):
        predict(
            network,
            scan()[None],
            None,
            engine=choose_engine("cpu", "fp32"),
            progress=Silent(),
        )


def test_another_error_is_not_taken_for_short_memory(network):
    def work(_made, _engine):
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        within_memory(network, choose_engine("cpu", "fp32"), work)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as on Linux")
def test_a_process_of_too_little_memory_gets_words_and_no_crash():
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.startswith("The memory of CPU"), done.stderr[-2000:]
