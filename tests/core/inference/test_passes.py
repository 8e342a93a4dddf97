"""One pass: the eager network's numbers, repeatable, alone as in a batch, and to be cancelled."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.inference import Maps, choose_engine, features, infer, predict
from core.models.folded_backbone import CONVOLUTIONS
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import MortalityResNet3D
from core.progress import Cancelled, Silent
from core.saliency.grad_cam import grad_cam
from core.saliency.targets import MORTALITY, RISK_SCORE, Target
from tests.core.inference.small_network import Recording, scan, small_network

BREAKS_YEARS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
FP32 = choose_engine("cpu", "fp32")
BF16 = choose_engine("cpu", "bf16")
TORCH_FP32, TORCH_BF16 = FP32.by_torch(""), BF16.by_torch("")
"""Where OpenVINO is installed, the other two are OpenVINO's."""

ENGINES = pytest.mark.parametrize(
    "engine",
    [FP32, BF16, TORCH_FP32, TORCH_BF16],
    ids=lambda engine: f"{engine.backend}-{engine.precision}",
)


@pytest.fixture(scope="module")
def network():
    return small_network()


def run(network, progress=None, engine=FP32, image=None, **more):
    image = scan() if image is None else image
    return infer(network, image, None, engine=engine, progress=progress or Silent(), **more)


@pytest.fixture(scope="module")
def exact(network):
    return run(network)


def eager(network, image, target, clinical=None):
    """Output, GradCAM, gradient of the network as it was published, by plain autograd."""
    x = torch.from_numpy(image)[None, None].requires_grad_()
    layer = network.backbone(x)
    output = network.heads(layer, clinical)
    value = target.value(output, BREAKS_YEARS)
    of_layer, of_image = torch.autograd.grad(value, (layer, x))
    return output, grad_cam(layer.detach(), of_layer)[0].numpy(), of_image[0, 0].numpy()


def relative_difference(ours, reference):
    return float(np.abs(ours - reference).max() / np.abs(reference).max())


@pytest.mark.parametrize("target", [MORTALITY, RISK_SCORE, Target("horizon", 2.5)])
def test_prognosis_and_maps_are_those_of_the_eager_network(network, target):
    ours = run(network, target=target, breaks_years=BREAKS_YEARS)
    output, gradcam, gradient = eager(network, scan(), target)
    assert torch.allclose(ours.output.logits, output.logits, rtol=1e-5)
    assert torch.allclose(ours.output.hazard_logits, output.hazard_logits, rtol=1e-5, atol=1e-6)
    assert relative_difference(ours.gradcam, gradcam) < 1e-4
    assert np.corrcoef(ours.gradient.ravel(), gradient.ravel())[0, 1] > 0.99999
    assert ours.gradient.min() < 0 < ours.gradient.max()


def test_clinical_values_reach_the_heads():
    network = small_network(clinical_values=11)
    clinical = torch.linspace(0, 1, 11)[None]
    ours = infer(network, scan(), clinical, engine=FP32, progress=Silent())
    output, _, _ = eager(network, scan(), MORTALITY, clinical)
    assert torch.allclose(ours.output.logits, output.logits, rtol=1e-5)
    alone = predict(network, scan()[None], clinical, engine=FP32, progress=Silent())
    assert torch.equal(alone.logits, ours.output.logits)


@ENGINES
def test_without_the_gradient_the_rest_is_the_same_to_the_last_bit(network, engine):
    whole, lean = (
        run(network, engine=engine),
        run(network, engine=engine, wants=Maps(gradient=False)),
    )
    assert lean.gradient is None
    assert torch.equal(lean.output.logits, whole.output.logits)
    assert torch.equal(lean.features, whole.features)
    assert np.array_equal(lean.gradcam, whole.gradcam)


@ENGINES
def test_progress_of_any_engine_rises_from_0_to_1(network, engine):
    progress = Recording()
    run(network, progress, engine)
    fractions = [fraction for fraction, _ in progress.steps]
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.1
    assert fractions[-1] == pytest.approx(1)


@ENGINES
def test_the_same_scan_gives_the_same_bits_twice(network, engine):
    first, second = run(network, engine=engine), run(network, engine=engine)
    assert torch.equal(first.output.logits, second.output.logits)
    assert torch.equal(first.output.hazard_logits, second.output.hazard_logits)
    assert torch.equal(first.features, second.features)
    assert np.array_equal(first.gradient, second.gradient)
    assert np.array_equal(first.gradcam, second.gradcam)


@ENGINES
def test_a_scan_has_the_same_answer_alone_in_a_batch_and_with_maps(network, engine):
    images = np.stack([scan(seed) for seed in (5, 6, 7)])
    together = predict(network, images, None, engine=engine, progress=Silent())
    layers = features(network, images, engine=engine, progress=Silent())
    assert together.logits.shape == (3, 2)
    assert together.hazard_logits.shape == (3, 7)
    for number, image in enumerate(images):
        with_maps = run(network, engine=engine, image=image)
        assert torch.equal(together.logits[number], with_maps.output.logits[0])
        assert torch.equal(together.hazard_logits[number], with_maps.output.hazard_logits[0])
        assert torch.equal(layers[number], with_maps.features[0])


def test_bf16_stays_close_to_fp32(network, exact):
    coarse = run(network, engine=BF16)
    probabilities = [torch.softmax(each.output.logits[0], 0)[1] for each in (exact, coarse)]
    assert abs(float(probabilities[0] - probabilities[1])) < 0.01
    assert np.corrcoef(exact.gradcam.ravel(), coarse.gradcam.ravel())[0, 1] > 0.98


def test_features_are_float32_on_the_cpu_in_any_precision(network):
    layer = features(network, scan()[None], engine=BF16, progress=Silent())
    assert (layer.dtype, layer.device.type) == (torch.float32, "cpu")
    assert layer.shape == (1, 512, 2, 4, 4)


def test_images_without_a_batch_axis_are_refused(network):
    with pytest.raises(ValueError, match="images"):
        predict(network, scan(), None, engine=FP32, progress=Silent())


def test_progress_rises_to_one_over_forward_and_backward(network):
    progress = Recording()
    run(network, progress, TORCH_FP32)
    fractions = [fraction for fraction, _ in progress.steps]
    assert len(fractions) == 2 * CONVOLUTIONS
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert {message for _, message in progress.steps} == {
        "Running the model",
        "Finding where the model looked",
    }


def test_progress_of_several_scans_rises_to_one(network):
    progress = Recording()
    predict(network, np.stack([scan(), scan()]), None, engine=TORCH_FP32, progress=progress)
    fractions = [fraction for fraction, _ in progress.steps]
    assert len(fractions) == 2 * CONVOLUTIONS
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


@pytest.mark.parametrize("cancel_at", [1, 7, CONVOLUTIONS + 3])
def test_cancel_acts_at_the_layer_forward_or_backward_and_leaves_nothing_behind(network, cancel_at):
    with pytest.raises(Cancelled):
        run(network, Recording(cancel_at), TORCH_FP32)
    quiet = Recording()
    run(network, quiet, TORCH_FP32)
    assert len(quiet.steps) == 2 * CONVOLUTIONS


@pytest.mark.parametrize(
    ("layer", "precision"),
    [
        ("classifier", "fp32"),
        ("survival_head.3", "fp32"),
        ("backbone.conv1", "fp32"),
        ("backbone.conv1", "auto"),
    ],
)
def test_weights_that_are_no_numbers_are_refused_and_not_shown_as_a_risk(layer, precision):
    broken = MortalityResNet3D(intervals=7)
    initialise(broken, 1)
    with torch.no_grad():
        broken.get_submodule(layer).weight[0] = torch.nan
    broken.eval().requires_grad_(requires_grad=False)
    with pytest.raises(WeightsError, match="not finite"):
        run(broken, engine=choose_engine("cpu", precision))


def test_fp32_means_fp32_on_a_gpu_too_and_the_setting_is_put_back(network):
    class Looking:
        def __init__(self):
            self.seen = set()

        def step(self, fraction, message):
            cudnn = torch.backends.cudnn
            self.seen.add((message, cudnn.allow_tf32, cudnn.deterministic))

    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    looking = Looking()
    run(network, looking, TORCH_FP32)
    assert looking.seen == {
        ("Running the model", False, True),
        ("Finding where the model looked", False, True),
    }
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic) == before


def test_the_image_that_came_in_is_left_alone(network):
    image = scan()
    image.setflags(write=False)
    run(network, image=image)
    assert np.array_equal(image, scan())


@pytest.mark.slow
def test_a_whole_scan_has_the_eager_prognosis_and_the_same_bits_twice(network):
    image = scan(shape=(128, 256, 256))
    with torch.no_grad():
        expected = network(torch.from_numpy(image)[None, None])
    first, second = (run(network, image=image) for _ in range(2))
    assert torch.allclose(first.output.logits, expected.logits, rtol=1e-5)
    assert torch.allclose(first.output.hazard_logits, expected.hazard_logits, rtol=1e-4, atol=1e-6)
    assert torch.equal(first.output.logits, second.output.logits)
    assert np.array_equal(first.gradient, second.gradient)
    assert first.gradcam.shape == (16, 32, 32)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA GPU")
def test_a_gpu_gives_the_cpus_answer(network, exact):
    on_gpu = run(network, engine=choose_engine("cuda", "fp32"))
    assert on_gpu.engine.device.type == "cuda"
    assert torch.allclose(on_gpu.output.logits, exact.output.logits, rtol=1e-4)
    assert np.corrcoef(on_gpu.gradient.ravel(), exact.gradient.ravel())[0, 1] > 0.999


def test_the_engine_that_ran_is_told_with_its_reason(network):
    inference = run(network, engine=replace(TORCH_FP32, note="fp32: asked for."))
    assert inference.engine.precision == "fp32"
    assert inference.note == "fp32: asked for."
