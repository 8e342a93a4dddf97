"""The backbone is MedicalNet's, by the numbers of references.md 3."""

import torch

from core.models.backbones import MedicalNetResNet10


def test_the_backbone_has_14355520_parameters_in_72_tensors():
    backbone = MedicalNetResNet10()
    assert sum(p.numel() for p in backbone.parameters()) == 14_355_520
    assert len(backbone.state_dict()) == 72


def test_the_full_input_gives_512_features_on_16_x_32_x_32_cells():
    with torch.device("meta"):
        features = MedicalNetResNet10()(torch.empty(1, 1, 128, 256, 256))
    assert tuple(features.shape) == (1, 512, 16, 32, 32)


def test_the_stages_have_the_published_shapes():
    shapes = {}
    with torch.device("meta"):
        backbone = MedicalNetResNet10()
        for name in ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4"):
            getattr(backbone, name).register_forward_hook(
                lambda _m, _i, out, name=name: shapes.__setitem__(name, tuple(out.shape[1:]))
            )
        backbone(torch.empty(1, 1, 128, 256, 256))
    assert shapes == {
        "conv1": (64, 64, 128, 128),
        "maxpool": (64, 32, 64, 64),
        "layer1": (64, 32, 64, 64),
        "layer2": (128, 16, 32, 32),
        "layer3": (256, 16, 32, 32),
        "layer4": (512, 16, 32, 32),
    }


def test_layers_three_and_four_dilate_by_two_and_four_without_stride():
    backbone = MedicalNetResNet10()
    for layer, dilation in ((backbone.layer3, 2), (backbone.layer4, 4)):
        for convolution in (layer[0].conv1, layer[0].conv2):
            assert convolution.stride == (1, 1, 1)
            assert convolution.dilation == (dilation,) * 3
        assert layer[0].downsample is not None


def test_the_convolutions_take_283_giga_multiply_adds():
    operations = 0

    def count(layer, _inputs, out):
        nonlocal operations
        kernel = layer.weight[0].numel()
        operations += out.numel() * kernel

    with torch.device("meta"):
        backbone = MedicalNetResNet10()
        for layer in backbone.modules():
            if isinstance(layer, torch.nn.Conv3d):
                layer.register_forward_hook(count)
        backbone(torch.empty(1, 1, 128, 256, 256))
    assert round(operations / 1e9) == 283
