"""The folded backbone is the published one, reordered: same features, same gradient."""

from dataclasses import replace

import pytest
import torch

from core.models.folded_backbone import (
    CONVOLUTIONS,
    FoldedBackbone,
    Placement,
    Watch,
    from_sub_grids,
    to_sub_grids,
)
from tests.core.inference.small_network import scan, small_network

EXACT = Placement(torch.device("cpu"), torch.float32)
COARSE = Placement(torch.device("cpu"), torch.bfloat16)


@pytest.fixture(scope="module")
def backbone():
    return small_network().backbone


@pytest.fixture(scope="module")
def image():
    return torch.from_numpy(scan())[None, None]


def features_and_gradient(function, image):
    """Of the features weighed by a ramp over the channels."""
    x = image.clone().requires_grad_()
    features = function(x)
    ramp = torch.linspace(-1, 1, 512)[None, :, None, None, None].expand_as(features)
    (gradient,) = torch.autograd.grad(features, x, ramp.to(features.dtype))
    return features.detach().float(), gradient


def correlation(one, other):
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]).double())[0, 1])


@pytest.fixture(scope="module")
def published(backbone, image):
    return features_and_gradient(backbone, image)


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("space_to_batch", [True, False])
def test_features_and_gradient_are_those_of_the_published_network(
    backbone, image, published, channels_last, space_to_batch
):
    placement = replace(EXACT, channels_last=channels_last, space_to_batch=space_to_batch)
    ours = features_and_gradient(FoldedBackbone(backbone, placement), image)
    for mine, theirs in zip(ours, published, strict=True):
        assert mine.shape == theirs.shape
        assert correlation(mine, theirs) > 0.99999
    assert float((ours[0] - published[0]).abs().max() / published[0].abs().max()) < 1e-5


def test_a_small_batch_gives_each_scan_its_own_features_and_gradient(backbone):
    pair = torch.stack([torch.from_numpy(scan(seed, (16, 24, 16)))[None] for seed in (1, 2)])
    ours = features_and_gradient(FoldedBackbone(backbone, EXACT), pair)
    for mine, theirs in zip(ours, features_and_gradient(backbone, pair), strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-3, atol=float(theirs.abs().max()) * 1e-5)


@pytest.mark.parametrize("space_to_batch", [True, False])
def test_bf16_keeps_the_gradient_because_the_first_layer_stays_exact(
    backbone, image, published, space_to_batch
):
    placement = replace(COARSE, space_to_batch=space_to_batch)
    features, gradient = features_and_gradient(FoldedBackbone(backbone, placement), image)
    assert correlation(features, published[0]) > 0.9995
    assert correlation(gradient.abs(), published[1].abs()) > 0.98
    assert gradient.dtype == torch.float32


def test_sides_that_the_dilation_does_not_divide_are_run_all_the_same(backbone):
    image = torch.from_numpy(scan(shape=(24, 40, 24)))[None, None]  # 3 x 5 x 3 cells
    ours = FoldedBackbone(backbone, replace(EXACT, space_to_batch=True))(image)
    assert torch.allclose(ours, backbone(image), rtol=1e-4, atol=1e-5)


def test_the_weights_are_a_copy(backbone, image):
    network = small_network()
    folded = FoldedBackbone(network.backbone, EXACT)
    before = folded(image)
    with torch.no_grad():
        network.backbone.layer4[0].conv2.weight.zero_()
    assert torch.equal(folded(image), before)


def test_every_convolution_reports_forward_and_backward(backbone, image):
    calls = []
    watch = Watch(lambda: calls.append("forward"), lambda: calls.append("backward"))
    features_and_gradient(lambda x: FoldedBackbone(backbone, EXACT)(x, watch), image)
    assert calls == ["forward"] * CONVOLUTIONS + ["backward"] * CONVOLUTIONS
    convolutions = [m for m in backbone.modules() if isinstance(m, torch.nn.Conv3d)]
    assert len(convolutions) == CONVOLUTIONS


def test_no_gradient_is_kept_where_none_is_asked_for(backbone, image):
    assert not FoldedBackbone(backbone, EXACT)(image).requires_grad


def test_sub_grids_take_every_second_voxel_and_come_back():
    x = torch.arange(2 * 3 * 4 * 6 * 8).reshape(2, 3, 4, 6, 8)
    parts = to_sub_grids(x, 2)
    assert parts.shape == (16, 3, 2, 3, 4)
    assert torch.equal(parts[(1 * 4 + 0 * 2 + 1) * 2 + 1], x[1, :, 1::2, 0::2, 1::2])
    assert torch.equal(from_sub_grids(parts, 2), x)
