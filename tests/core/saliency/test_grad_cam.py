"""GradCAM by hand, against captum, and in the right millimetres."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, Saliency

from core.geometry import VolumeGeometry
from core.inference import choose_engine, infer
from core.models.backbones import MedicalNetResNet10
from core.models.initialisation import initialise
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.progress import Silent
from core.saliency.grad_cam import cell_geometry, grad_cam


def test_the_closed_form_of_the_references():
    features = torch.arange(36.0).reshape(1, 2, 2, 3, 3)
    weights = torch.tensor([[1, -0.5], [0.25, 0.75]])
    gradient = (weights[1] / 18)[None, :, None, None, None].expand_as(features)
    cam = grad_cam(features, gradient)
    assert float(cam.sum()) == pytest.approx(22.0, rel=1e-6)
    assert float(cam.max()) == pytest.approx(1.6944444, rel=1e-6)


def test_what_lowers_the_target_is_cut_to_zero():
    features = torch.ones(1, 2, 2, 2, 2)
    assert not grad_cam(features, -torch.ones_like(features)).any()


def test_features_and_gradient_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="features"):
        grad_cam(torch.ones(1, 2, 2, 2, 2), torch.ones(1, 2, 2, 2, 3))


@pytest.fixture(scope="module")
def small_case():
    network = MortalityResNet3D(intervals=7)
    initialise(network, 2022)
    network.eval().requires_grad_(requires_grad=False)
    image = np.random.default_rng(5).random((32, 48, 40), dtype=np.float32)
    ours = infer(network, image, None, engine=choose_engine("cpu", "fp32"), progress=Silent())
    return exact_copy(network), torch.from_numpy(image)[None, None].double(), ours


def exact_copy(network):
    """In float64: there captum meets no ReLU whose input fp32 rounds to the wrong side of 0.

    With this image the eager fp32 network does: its own gradient is 1.5 % off at one voxel.
    """
    return deepcopy(network).double()


def relative_difference(ours, reference):
    return float(np.abs(ours - reference).max() / np.abs(reference).max())


def test_our_gradcam_equals_captums(small_case):
    network, image, ours = small_case
    reference = LayerGradCam(lambda x: network(x).logits, network.backbone).attribute(
        image, target=DEAD, relu_attributions=True
    )
    assert relative_difference(ours.gradcam, reference[0, 0].detach().numpy()) < 1e-5


def test_our_gradient_equals_captums(small_case):
    network, image, ours = small_case
    image = image.clone().requires_grad_()
    reference = Saliency(lambda x: network(x).logits).attribute(image, target=DEAD, abs=False)
    assert relative_difference(ours.gradient, reference[0, 0].numpy()) < 1e-5


def test_cells_are_centred_over_input_voxel_8_i_plus_3_and_a_half():
    grid = VolumeGeometry.from_axes(
        (128, 256, 256), (-180, -150, -900), np.eye(3)[::-1], (2.1, 1.3, 1.4), "frame"
    )
    cells = cell_geometry(grid, (16, 32, 32))
    index = np.array([3, 10, 31])
    assert cells.to_patient(index) == pytest.approx(grid.to_patient(8 * index + 3.5))
    assert cells.spacing_mm == pytest.approx((16.8, 10.4, 11.2))
    assert cells.frame_of_reference_uid == "frame"


def test_the_tile_of_a_cell_holds_the_centre_of_its_receptive_field():
    """With centre taps only, a lit voxel 8 i reaches cell i alone, and lies in that cell's tile."""
    backbone = MedicalNetResNet10()
    for name, parameter in backbone.named_parameters():
        torch.nn.init.zeros_(parameter)
        if parameter.dim() == 5:
            middle = parameter.shape[-1] // 2
            parameter.data[:, :, middle, middle, middle] = 1
        elif name.endswith("weight"):
            torch.nn.init.ones_(parameter)
    backbone.maxpool = torch.nn.AvgPool3d(1, stride=2)
    backbone.eval()
    cell = (2, 1, 3)
    image = torch.zeros(1, 1, 32, 32, 32)
    image[0, 0, *(8 * i for i in cell)] = 1
    with torch.no_grad():
        hot = backbone(image)[0].sum(0).nonzero()
    assert hot.tolist() == [list(cell)]
    cells = cell_geometry(VolumeGeometry((32, 32, 32), np.eye(4)), (4, 4, 4))
    place = cells.to_index([8.0 * i for i in cell])
    assert np.rint(place).tolist() == list(cell)
