"""GradCAM on the last convolutional features, kept on its own coarse grid.

Selvaraju et al. 2017. With features A_c and target y: w_c = spatial mean of dy / dA_c,
CAM = ReLU(sum_c w_c A_c). Interpolation is left to whoever draws, and the threshold comes before it
(Lu et al. 2022): a cell is hot or it is not, and no smooth border suggests a precision of
millimetres that the network does not have.
"""

import numpy as np
from torch import Tensor

from core.geometry import VolumeGeometry
from core.models.backbones import CELL_CENTRE, CELL_STRIDE


def grad_cam(features: Tensor, gradient: Tensor) -> Tensor:
    """The map of each scan in the batch.

    Args:
        features: (N, C, d, h, w) of the layer that is explained.
        gradient: Of the target with respect to `features`; same shape.

    Returns:
        (N, d, h, w), not negative, in the unit of the target. All zero where nothing in the layer
        raises the target.
    """
    if features.shape != gradient.shape or features.dim() != 5:
        raise ValueError(f"features and gradient must be (N, C, d, h, w), got {features.shape=}")
    weights = gradient.mean(dim=(2, 3, 4), keepdim=True)
    return (weights * features).sum(dim=1).relu()


def cell_geometry(grid: VolumeGeometry, cells: tuple[int, int, int]) -> VolumeGeometry:
    """Where the cells of the last layer lie, given the grid of the network's input.

    Cell i is the tile of the input voxels 8 i to 8 i + 7 along each axis, so its centre lies at
    8 i + 3.5: the cells fill the grid, as in the interpolation to the input size (without aligned
    corners) of Selvaraju and of Lu. The receptive field of cell i is centred at 8 i, within the
    tile.
    """
    affine = np.array(grid.affine)
    affine[:3, 3] = grid.to_patient([CELL_CENTRE] * 3)
    affine[:3, :3] *= CELL_STRIDE
    return VolumeGeometry(cells, affine, grid.frame_of_reference_uid)
