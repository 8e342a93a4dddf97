"""The gradient by hand, and its sum along a path against captum's Integrated Gradients."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients

from core.inference import choose_engine, infer
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.progress import Silent
from core.saliency.gradient import gradient_saliency

STEPS = 6


def test_the_size_of_the_gradient_is_kept_and_its_sign_dropped():
    assert gradient_saliency(np.float32([-2, 0, 3])).tolist() == [2, 0, 3]


def test_our_gradients_along_a_path_give_captums_integrated_gradients():
    """IG = (x - x0) * mean of dy/dx from x0 to x (Sundararajan et al. 2017), x0 all 0."""
    network = MortalityResNet3D(intervals=7)
    initialise(network, 2022)
    network.eval().requires_grad_(requires_grad=False)
    image = np.random.default_rng(5).random((16, 24, 16), dtype=np.float32)
    engine = choose_engine("cpu", "fp32")
    shares = (np.arange(STEPS) + 0.5) / STEPS  # captum's "riemann_middle"
    gradients = [
        infer(network, np.float32(share) * image, None, engine=engine, progress=Silent()).gradient
        for share in shares
    ]
    ours = image * np.mean(gradients, axis=0)
    reference = (
        IntegratedGradients(lambda x: network(x).logits)
        .attribute(
            torch.from_numpy(image)[None, None],
            target=DEAD,
            n_steps=STEPS,
            method="riemann_middle",
            internal_batch_size=1,
        )[0, 0]
        .numpy()
    )
    assert ours == pytest.approx(reference, abs=1e-5 * float(np.abs(reference).max()))
