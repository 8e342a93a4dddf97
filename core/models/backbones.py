"""MedicalNet's 3D ResNet, exactly: the weights that users hold fit no other function.

Chen, Ma, Zheng. Med3D: transfer learning for 3D medical image analysis. arXiv:1904.00625.
Differs from torchvision's (and MONAI's) ResNet: layers 3 and 4 keep stride 1 and dilate by 2 and 4
instead, so the feature map stays at an eighth of the input. Shortcuts are of type B (1 x 1 x 1
convolution and batch norm).
"""

import torch
from torch import Tensor, nn

FEATURES = 512
"""Channels of the last layer of ResNet-10 and ResNet-18."""

CELL_STRIDE = 8
"""Input voxels per cell of the last layer, along each axis."""

CELL_CENTRE = 3.5
"""Middle, along each axis, of the input voxels 0 to 7 that the first cell of the last layer tiles;
its receptive field is centred at voxel 0."""


class BasicBlock(nn.Module):
    """Two 3 x 3 x 3 convolutions with a shortcut.

    Args:
        channels_in: Channels of the input.
        channels: Channels of the output.
        stride: Of the first convolution and the shortcut.
        dilation: Of both convolutions.
    """

    def __init__(self, channels_in: int, channels: int, *, stride: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = _convolution(channels_in, channels, stride=stride, dilation=dilation)
        self.bn1 = nn.BatchNorm3d(channels)
        self.conv2 = _convolution(channels, channels, stride=1, dilation=dilation)
        self.bn2 = nn.BatchNorm3d(channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or channels_in != channels:
            shortcut = nn.Conv3d(channels_in, channels, kernel_size=1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm3d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels_in, D, H, W) to (N, channels, D / stride, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(out)) + shortcut)


class MedicalNetResNet10(nn.Module):
    """The convolutional part of MedicalNet's ResNet-10: 14,355,520 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        self.maxpool = nn.MaxPool3d(kernel_size=3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, stride=1, dilation=1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2, dilation=1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, stride=1, dilation=2))
        self.layer4 = nn.Sequential(BasicBlock(256, FEATURES, stride=1, dilation=4))

    def forward(self, image: Tensor) -> Tensor:
        """(N, 1, D, H, W) to features (N, 512, D / 8, H / 8, W / 8)."""
        x = torch.relu(self.bn1(self.conv1(image)))  # (N, 64, D/2, H/2, W/2)
        x = self.layer1(self.maxpool(x))  # (N, 64, D/4, H/4, W/4)
        x = self.layer2(x)  # (N, 128, D/8, H/8, W/8)
        x = self.layer3(x)  # (N, 256, D/8, H/8, W/8)
        features: Tensor = self.layer4(x)
        return features


def _convolution(channels_in: int, channels: int, *, stride: int, dilation: int) -> nn.Conv3d:
    return nn.Conv3d(
        channels_in,
        channels,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        dilation=dilation,
        bias=False,
    )
