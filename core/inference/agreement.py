"""How far an engine strays from fp32 on the CPU, measured on a test volume.

The test volume has the texture of a chest on every scale (dark regions with bright vessels beside
bright tissue) and always the same bits: what is decided by it depends on weights and machine alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.models.folded_backbone import FoldedBackbone, Placement
from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.saliency.grad_cam import grad_cam

PROBABILITY_LIMIT = 0.01
"""Largest difference of the probability of death from fp32."""

CORRELATION_LIMIT = 0.98
"""Least Pearson correlation of GradCAM and of the absolute gradient with those in fp32."""

SIDES = (32, 64, 64)
"""Voxels of the test volume: 1/64 of a scan's, 4 x 8 x 8 cells."""

SEED = 1904
COARSEST = 16
"""Voxels between the grid points of the coarsest texture; the finest has 1."""

BORDER, OUTSIDE = 4, 170 / 255
"""Voxels around the region, and their intensity, as in a scan."""

Forward = Callable[[Tensor], Tensor]

REFERENCE = Placement(torch.device("cpu"), torch.float32)


@dataclass(frozen=True)
class Agreement:
    """Of an engine with fp32 on the CPU.

    Attributes:
        probability_difference: Absolute.
        gradcam_correlation: Pearson's, over the cells.
        gradient_correlation: Pearson's, of the absolute gradient over the voxels.
    """

    probability_difference: float
    gradcam_correlation: float
    gradient_correlation: float

    @property
    def is_close(self) -> bool:
        """Near enough to be shown in place of fp32."""
        return (
            self.probability_difference <= PROBABILITY_LIMIT
            and self.gradcam_correlation >= CORRELATION_LIMIT
            and self.gradient_correlation >= CORRELATION_LIMIT
        )

    @property
    def words(self) -> str:
        """For the provenance."""
        return (
            f"Against fp32 on the CPU, on a test volume: probability differs by "
            f"{self.probability_difference:.4f}, correlation of GradCAM "
            f"{self.gradcam_correlation:.4f}, of the gradient {self.gradient_correlation:.4f}."
        )


@dataclass(frozen=True, eq=False)
class Answer:
    """What is compared: the probability of death and the two maps."""

    probability: float
    gradcam: Tensor
    gradient: Tensor


def agreement_of(
    network: MortalityResNet3D, backbone: FoldedBackbone, forward: Forward | None = None
) -> Agreement:
    """Run the test volume through both.

    Args:
        network: On the CPU, in fp32; its heads serve both.
        backbone: Made from it, where it is to run.
        forward: What gives the features that prognosis and GradCAM are made of, where that is
            not the backbone.
    """
    image, clinical = probe(), torch.full((1, network.clinical_values), 0.5)
    exact = answer(network, FoldedBackbone(network.backbone, REFERENCE), image, clinical)
    return compare(answer(network, backbone, image, clinical, forward=forward), exact)


def answer(
    network: MortalityResNet3D,
    backbone: FoldedBackbone,
    image: Tensor,
    clinical: Tensor | None,
    *,
    forward: Forward | None = None,
) -> Answer:
    """Probability of death and raw maps of its logit, by a backbone and the network's own heads.

    With `forward` the gradient alone is the backbone's.
    """
    if forward is not None:
        layer, logits, of_layer = _looked_back(network, forward(image), clinical)
        gradient = answer(network, backbone, image, clinical).gradient
        return Answer(_probability(logits), grad_cam(layer, of_layer), gradient)
    x = image.detach().clone().requires_grad_()
    with torch.enable_grad():
        features = backbone(x)
        layer, logits, of_layer = _looked_back(network, features, clinical)
        (gradient,) = torch.autograd.grad(features, x, of_layer.to(features))
    return Answer(_probability(logits), grad_cam(layer, of_layer), gradient.abs())


def _looked_back(
    network: MortalityResNet3D, features: Tensor, clinical: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Features on the CPU in fp32, logits, and the gradient of death's with respect to features."""
    layer = features.detach().float().cpu().requires_grad_()
    with torch.enable_grad():
        logits = network.heads(layer, clinical if network.clinical_values else None).logits
        (of_layer,) = torch.autograd.grad(logits[:, DEAD].sum(), layer)
    return layer.detach(), logits.detach(), of_layer


def _probability(logits: Tensor) -> float:
    return float(torch.softmax(logits[0].double(), dim=0)[DEAD])


def compare(one: Answer, other: Answer) -> Agreement:
    """Of two answers about the same scan."""
    return Agreement(
        abs(one.probability - other.probability),
        _correlation(one.gradcam, other.gradcam),
        _correlation(one.gradient, other.gradient),
    )


def probe() -> Tensor:
    """The test volume (1, 1, *SIDES), intensities 0..1: noise of every scale, steepened."""
    random = np.random.Generator(np.random.PCG64(SEED))
    texture = torch.zeros(1, 1, *SIDES, dtype=torch.float64)
    step = COARSEST
    while step >= 1:
        noise = torch.from_numpy(random.random([side // step for side in SIDES]) - 0.5)
        texture += step * torch.nn.functional.interpolate(
            noise[None, None], size=SIDES, mode="trilinear"
        )
        step //= 2
    image = torch.sigmoid(texture).float()
    inside = image[..., BORDER:-BORDER, BORDER:-BORDER, BORDER:-BORDER]
    return torch.nn.functional.pad(inside, (BORDER, BORDER) * 3, value=OUTSIDE)


def _correlation(one: Tensor, other: Tensor) -> float:
    """Pearson's; 1 where both are the same and constant, 0 where one alone is constant."""
    if torch.equal(one, other):
        return 1.0
    if float(one.std()) == 0 or float(other.std()) == 0:
        return 0.0
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]).double())[0, 1])
