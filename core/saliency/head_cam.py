"""GradCAM of any target from features that are already there: no pass through the backbone.

GradCAM needs the target's gradient with respect to the last features alone, and between them lie
only the pooling and two fully connected layers.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.models.mortality_resnet3d import MortalityResNet3D
from core.saliency.grad_cam import grad_cam
from core.saliency.targets import Target


def head_cam(
    network: MortalityResNet3D,
    features: Tensor,
    clinical: Tensor | None,
    target: Target,
    breaks_years: tuple[float, ...] | None,
) -> NDArray[np.float32]:
    """Raw GradCAM of one scan.

    Args:
        network: Whose heads are asked.
        features: (1, 512, d, h, w) of its backbone.
        clinical: (1, values) scaled to 0..1, or None.
        target: What the map explains.
        breaks_years: Of the survival head; None without one.

    Returns:
        (d, h, w), not negative, in the unit of the target.

    Raises:
        ModelInputError: The model does not give this target.
    """
    device = network.classifier.weight.device
    layer = features.detach().to(device).float().requires_grad_()
    values = None if clinical is None else clinical.to(device)
    with torch.enable_grad():
        value = target.value(network.heads(layer, values), breaks_years)
        (gradient,) = torch.autograd.grad(value, layer)
    raw: NDArray[np.float32] = grad_cam(layer.detach(), gradient)[0].cpu().numpy()
    return raw
