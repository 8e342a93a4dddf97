"""Gradient saliency: how strongly each input voxel moves the chosen output.

Simonyan et al. 2014: |dy / dx| of the target y with respect to the intensity x of each voxel of the
network's input. The signed gradient dy / dx also says which way.
"""

import numpy as np
from numpy.typing import NDArray


def gradient_saliency(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """Absolute gradient.

    Args:
        gradient: Of the target with respect to the input, (D, H, W).

    Returns:
        The same shape, not negative, in units of the target per unit of intensity.
    """
    size: NDArray[np.float32] = np.abs(gradient)
    return size
