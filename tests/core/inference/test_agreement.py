"""What decides on bf16: a test volume that is always the same, and plain correlations."""

import numpy as np
import torch

from core.inference.agreement import Agreement, Answer, agreement_of, compare, probe
from core.models.folded_backbone import FoldedBackbone, Placement
from tests.core.inference.small_network import small_network

RAMP = torch.arange(8.0).reshape(2, 2, 2)


def test_the_test_volume_is_always_the_same_and_has_dark_and_bright_regions():
    image = probe()
    assert torch.equal(image, probe())
    assert image.shape == (1, 1, 32, 64, 64)
    assert 0 <= image.min() < 0.1
    assert 0.9 < image.max() <= 1
    shares, _ = np.histogram(image.numpy(), bins=[0, 0.3, 0.7, 1])
    assert (shares / image.numel() > 0.1).all()


def test_fp32_agrees_with_itself_to_the_last_bit():
    network = small_network(clinical_values=11)
    exact = Placement(torch.device("cpu"), torch.float32)
    agreement = agreement_of(network, FoldedBackbone(network.backbone, exact))
    assert agreement == Agreement(0.0, 1.0, 1.0)
    assert agreement.is_close


def test_correlations_are_pearsons():
    agreement = compare(Answer(0.30, RAMP, RAMP**2), Answer(0.32, 2 * RAMP + 1, RAMP))
    assert round(agreement.probability_difference, 12) == 0.02
    assert round(agreement.gradcam_correlation, 12) == 1
    expected = np.corrcoef((RAMP**2).flatten(), RAMP.flatten())[0, 1]
    assert round(agreement.gradient_correlation, 12) == round(expected, 12)


def test_each_of_the_three_can_refuse():
    assert Agreement(0.01, 0.98, 0.98).is_close
    assert not Agreement(0.011, 1, 1).is_close
    assert not Agreement(0, 0.979, 1).is_close
    assert not Agreement(0, 1, 0.979).is_close
    assert not Agreement(float("nan"), 1, 1).is_close
    assert not Agreement(0, 1, float("nan")).is_close


def test_a_map_that_one_of_both_lacks_does_not_agree():
    nothing = torch.zeros(2, 2, 2)
    assert compare(Answer(0.5, nothing, RAMP), Answer(0.5, RAMP, RAMP)).gradcam_correlation == 0
    assert compare(Answer(0.5, nothing, RAMP), Answer(0.5, nothing, RAMP)).is_close
