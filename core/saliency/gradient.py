"""Gradient saliency: how strongly each input voxel moves the chosen output.

Simonyan et al. 2014: |dy / dx| of the target y with respect to the intensity x of each voxel of the
network's input.
"""

from torch import Tensor


def gradient_saliency(gradient: Tensor) -> Tensor:
    """Absolute gradient.

    Args:
        gradient: Of the target with respect to the input, (N, 1, D, H, W).

    Returns:
        (N, D, H, W), not negative, in units of the target per unit of intensity.
    """
    return gradient.abs().squeeze(1)
