"""The engine: progress, Cancel within a layer, and words for what the machine lacks."""

import numpy as np
import pytest
import torch

from core.errors import ResourcesError, WeightsError
from core.inference import WATCHED_COUNT, WATCHED_LAYERS, choose_engine, infer
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Cancelled, Silent

IMAGE = np.linspace(0, 1, 16**3, dtype=np.float32).reshape(16, 16, 16)


@pytest.fixture(scope="module")
def network():
    made = MortalityResNet3D(intervals=7)
    initialise(made, 1)
    return made.eval().requires_grad_(requires_grad=False)


class Recording:
    def __init__(self, cancel_at=np.inf):
        self.steps = []
        self.cancel_at = cancel_at

    def step(self, fraction, message):
        self.steps.append((fraction, message))
        if len(self.steps) >= self.cancel_at:
            raise Cancelled


def run(network, progress, precision="fp32"):
    return infer(network, IMAGE, None, engine=choose_engine("cpu", precision), progress=progress)


def test_the_watched_layers_are_counted_right(network):
    found = [m for m in network.modules() if isinstance(m, WATCHED_LAYERS)]
    assert len(found) == WATCHED_COUNT


def test_progress_rises_to_one_over_forward_and_backward(network):
    progress = Recording()
    run(network, progress)
    fractions = [fraction for fraction, _ in progress.steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert len({message for _, message in progress.steps}) == 2


@pytest.mark.parametrize("cancel_at", [1, 10, WATCHED_COUNT + 5])
def test_cancel_acts_at_the_layer_forward_or_backward_and_leaves_no_hooks(network, cancel_at):
    with pytest.raises(Cancelled):
        run(network, Recording(cancel_at))
    quiet = Recording()
    run(network, quiet)
    assert len(quiet.steps) == 2 * WATCHED_COUNT


def test_the_same_scan_gives_the_same_bits_twice(network):
    first, second = run(network, Silent()), run(network, Silent())
    assert torch.equal(first.output.logits, second.output.logits)
    assert np.array_equal(first.gradient, second.gradient)
    assert np.array_equal(first.gradcam, second.gradcam)


def test_bf16_stays_close_to_fp32(network):
    exact, coarse = run(network, Silent()), run(network, Silent(), "bf16")
    probabilities = [torch.softmax(each.output.logits[0], 0)[1] for each in (exact, coarse)]
    assert abs(float(probabilities[0] - probabilities[1])) < 0.02


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_on_a_machine_without_it_is_refused_in_words():
    with pytest.raises(ResourcesError, match="no CUDA GPU"):
        choose_engine("cuda", "auto")


def test_auto_is_a_device_that_exists_in_fp32():
    engine = choose_engine("auto", "auto")
    assert engine.precision == "fp32"
    assert engine.device.type in {"cpu", "cuda"}
    assert engine.device_name


@pytest.mark.parametrize("layer", ["classifier", "survival_head.3", "backbone.conv1"])
def test_weights_that_are_no_numbers_are_refused_and_not_shown_as_a_risk(layer):
    broken = MortalityResNet3D(intervals=7)
    initialise(broken, 1)
    with torch.no_grad():
        broken.get_submodule(layer).weight[0] = torch.nan
    broken.eval().requires_grad_(requires_grad=False)
    with pytest.raises(WeightsError, match="not finite"):
        run(broken, Silent())


def test_fp32_means_fp32_on_a_gpu_too_and_the_setting_is_put_back(network):
    class Looking:
        def __init__(self):
            self.seen = set()

        def step(self, fraction, message):
            cudnn = torch.backends.cudnn
            self.seen.add((message, cudnn.allow_tf32, cudnn.deterministic))

    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    looking = Looking()
    run(network, looking)
    assert looking.seen == {
        ("Running the model", False, True),
        ("Finding where the model looked", False, True),
    }
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic) == before
