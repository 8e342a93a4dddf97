"""MedicalNet's ResNet-10 as it runs: the same function, ordered for speed.

What is done to the network of `core.models.backbones`, and changes nothing but the last bits:

- each batch norm is folded into the convolution before it (y = s x + t, s = gamma / sqrt(var + e));
- channels lie last in memory (`torch.channels_last_3d`), which max pooling needs most;
- max pooling comes before its ReLU, which then has an eighth of the work;
- in bf16 the first convolution and the pooling stay in fp32: which voxel is the largest of its 27
  decides where the gradient goes (correlation of the gradient maps with fp32 0.92 else, 0.98 so);
- the gradient of a convolution of stride 1 is a convolution with the weights turned round, and the
  first layer (7 x 7 x 7, stride 2, one channel) is one of 4 x 4 x 4 on the eight interleaved
  sub-grids of the image (space to depth): libraries have no fast gradient for it as it stands;
- a convolution of dilation d is d x d x d ordinary ones on sub-grids (space to batch), where the
  library has no fast kernel for dilation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional
from torch import Tensor, nn
from torch.nn.grad import conv3d_input

from core.models.backbones import BasicBlock, MedicalNetResNet10

CONVOLUTIONS = 12
"""Of ResNet-10, the shortcuts with them: each is passed once forward and once backward."""

SUB_GRIDS = 8
"""An image of even sides is eight interleaved images of half the sides."""

OnLayer = Callable[[], None]


def _silent() -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Watch:
    """Called after every convolution; raising in it stops the pass."""

    forward: OnLayer = _silent
    backward: OnLayer = _silent


@dataclass(frozen=True)
class Placement:
    """Where and how weights lie.

    Attributes:
        device: Of the weights and of all that is computed.
        dtype: Of the weights and of all activations after the first pooling.
        channels_last: Memory order of weights and activations.
        space_to_batch: Run dilated convolutions as ordinary ones on sub-grids.
    """

    device: torch.device
    dtype: torch.dtype
    channels_last: bool = True
    space_to_batch: bool = False

    def place(self, tensor: Tensor) -> Tensor:
        """A copy of weights (O, I, d, h, w) or of activations (N, C, D, H, W) as they run."""
        order = torch.channels_last_3d if self.channels_last else torch.contiguous_format
        return tensor.to(self.device, self.dtype).contiguous(memory_format=order)


class Convolution:
    """A convolution with its batch norm folded in.

    Args:
        convolution: Without bias.
        norm: That follows it; its running statistics are used.
        placement: Where the weights go.
    """

    def __init__(self, convolution: nn.Conv3d, norm: nn.BatchNorm3d, placement: Placement) -> None:
        weight, self.bias = _folded(convolution, norm, placement)
        self.placement = placement
        self.weight = placement.place(weight)
        self.stride = convolution.stride[0]
        self.dilation = convolution.dilation[0]
        self.padding = int(convolution.padding[0])

    def __call__(self, x: Tensor, watch: Watch) -> Tensor:
        """(N, I, D, H, W) to (N, O, D / stride, H / stride, W / stride)."""
        y: Tensor = _Pass.apply(x, self, watch)  # type: ignore[no-untyped-call] # torch leaves it so
        return y

    def forward(self, x: Tensor) -> Tensor:
        """The convolution with its bias."""
        if self.stride == 1:
            return self._same_size(x, self.weight, self.bias)
        return torch.nn.functional.conv3d(x, self.weight, self.bias, self.stride, self.padding)

    def backward(self, gradient: Tensor, shape: torch.Size) -> Tensor:
        """Gradient with respect to the input of `shape`."""
        if self.stride == 1:
            return self._same_size(gradient, self._turned, None)
        result: Tensor = conv3d_input(  # type: ignore[no-untyped-call] # torch leaves it so
            shape, self.weight, gradient, self.stride, self.padding
        )
        return result

    @cached_property
    def _turned(self) -> Tensor:
        """Weights (I, O, ...) that carry a gradient back."""
        return self.placement.place(self.weight.flip(2, 3, 4).transpose(0, 1))

    def _same_size(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        steps = self.dilation
        is_divisible = all(side % steps == 0 for side in x.shape[2:])
        if steps > 1 and self.placement.space_to_batch and is_divisible:
            parts = self.placement.place(to_sub_grids(x, steps))
            return self.placement.place(
                from_sub_grids(torch.nn.functional.conv3d(parts, weight, bias, 1, 1), steps)
            )
        return torch.nn.functional.conv3d(x, weight, bias, 1, self.padding, steps)


class Stem(Convolution):
    """The first convolution: 7 x 7 x 7, stride 2, one channel; (N, 1, D, H, W) of even sides.

    Output o reads the inputs 2 o - 3 to 2 o + 3, so with four voxels of padding before the image it
    reads the pairs o to o + 3: four taps on each of the eight sub-grids, the first tap of all 0.

    Args:
        convolution: Without bias.
        norm: That follows it.
        placement: Where the weights go; forward is fp32 whatever its dtype is.
    """

    PAIRS_BEFORE = 2

    def __init__(self, convolution: nn.Conv3d, norm: nn.BatchNorm3d, placement: Placement) -> None:
        super().__init__(convolution, norm, replace(placement, dtype=torch.float32))
        self._backward_placement = placement

    def backward(self, gradient: Tensor, shape: torch.Size) -> Tensor:
        """(N, 64, D / 2, H / 2, W / 2) to (N, 1, D, H, W), in fp32."""
        gradient = self._backward_placement.place(gradient)
        parts = torch.nn.functional.conv3d(gradient, self._turned, None, 1, 3)
        inside = [slice(self.PAIRS_BEFORE, self.PAIRS_BEFORE + side // 2) for side in shape[2:]]
        parts = parts[:, :, *inside].transpose(0, 1)
        return from_sub_grids(parts.reshape(-1, 1, *parts.shape[2:]), 2).float()

    @cached_property
    def _turned(self) -> Tensor:
        """(8, 64, 4, 4, 4): weights on the sub-grids that carry a gradient back."""
        weight = torch.nn.functional.pad(self.weight, (1, 0) * 3)  # 8 taps
        parts = to_sub_grids(weight, 2).reshape(SUB_GRIDS, -1, 4, 4, 4)
        return self._backward_placement.place(parts.flip(2, 3, 4))


class Block:
    """A `BasicBlock` with its norms folded in."""

    def __init__(self, block: BasicBlock, placement: Placement) -> None:
        self.first = Convolution(block.conv1, block.bn1, placement)
        self.second = Convolution(block.conv2, block.bn2, placement)
        self.shortcut: Convolution | None = None
        if block.downsample is not None:
            convolution, norm = block.downsample
            self.shortcut = Convolution(convolution, norm, placement)  # type: ignore[arg-type] # Modules to mypy

    def __call__(self, x: Tensor, watch: Watch) -> Tensor:
        """As `BasicBlock.forward`."""
        shortcut = x if self.shortcut is None else self.shortcut(x, watch)
        out = self.second(self.first(x, watch).relu_(), watch)
        return out.add_(shortcut).relu_()


class FoldedBackbone:
    """The backbone, ready to run.

    Args:
        backbone: In evaluation mode; its weights are copied.
        placement: Where the copy goes.
    """

    def __init__(self, backbone: MedicalNetResNet10, placement: Placement) -> None:
        self.placement = placement
        with torch.no_grad():
            self.stem = Stem(backbone.conv1, backbone.bn1, placement)
            stages = (backbone.layer1, backbone.layer2, backbone.layer3, backbone.layer4)
            self.blocks = [Block(block, placement) for stage in stages for block in stage]  # type: ignore[arg-type] # Modules to mypy

    def __call__(self, image: Tensor, watch: Watch = Watch()) -> Tensor:
        """(N, 1, D, H, W) to features (N, 512, D / 8, H / 8, W / 8) in the placement's dtype.

        The gradient with respect to `image` is there where it is asked for; none of a weight ever
        is. Sides must be multiples of 8.
        """
        x = self.stem(self.stem.placement.place(image), watch)
        x = torch.nn.functional.max_pool3d(x, kernel_size=3, stride=2, padding=1).relu_()
        x = x.to(self.placement.dtype)
        for block in self.blocks:
            x = block(x, watch)
        return x


def to_sub_grids(x: Tensor, steps: int) -> Tensor:
    """Space to batch: (N, C, D, H, W) to (steps^3 N, C, D / steps, H / steps, W / steps).

    Batch index ((i steps + j) steps + k) N + n holds the voxels at i, j, k modulo `steps`.
    """
    count, channels, *sides = x.shape
    depth, height, width = (side // steps for side in sides)
    split = x.reshape(count, channels, depth, steps, height, steps, width, steps)
    return split.permute(3, 5, 7, 0, 1, 2, 4, 6).reshape(-1, channels, depth, height, width)


def from_sub_grids(x: Tensor, steps: int) -> Tensor:
    """The inverse of `to_sub_grids`."""
    channels, depth, height, width = x.shape[1:]
    split = x.reshape(steps, steps, steps, -1, channels, depth, height, width)
    joined = split.permute(3, 4, 5, 0, 6, 1, 7, 2)
    return joined.reshape(-1, channels, depth * steps, height * steps, width * steps)


class _Pass(torch.autograd.Function):
    """A convolution whose gradient is ours, and only the input's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: Convolution, watch: Watch) -> Tensor:
        ctx.layer, ctx.watch, ctx.shape = layer, watch, x.shape
        y = layer.forward(x)
        watch.forward()
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        result = ctx.layer.backward(ctx.layer.placement.place(gradient), ctx.shape)
        ctx.watch.backward()
        return result, None, None


def _folded(
    convolution: nn.Conv3d, norm: nn.BatchNorm3d, placement: Placement
) -> tuple[Tensor, Tensor]:
    """Weight and bias: s = gamma / sqrt(var + eps); weight' = s weight; bias' = beta - s mean."""
    running = (norm.running_var, norm.running_mean)
    variance, mean = (torch.empty(0) if each is None else each.double() for each in running)
    scale = norm.weight.double() / torch.sqrt(variance + norm.eps)
    bias = norm.bias.double() - scale * mean
    weight = convolution.weight * scale.float()[:, None, None, None, None]
    return weight, bias.to(placement.device, placement.dtype)
