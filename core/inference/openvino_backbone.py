"""The backbone's forward pass in OpenVINO, whose bf16 convolutions take half of PyTorch's time.

The graph is written down layer by layer, in milliseconds: OpenVINO's conversion of a PyTorch module
takes 9 s, and its tools are never imported, for they report every import to their maker.
"""

import importlib
import importlib.util
import platform
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.models.backbones import MedicalNetResNet10
from core.models.folded_backbone import Convolution, FoldedBackbone, Placement

MACHINES = ("x86_64", "AMD64")
"""Where its convolutions were compared with PyTorch's, and pyproject.toml asks for it."""

NEVER_IMPORTED = ("openvino_telemetry", "openvino.tools.ovc")
"""What would reach for the network, and what calls it; `import openvino` does without both."""

POLL_MS = 50
PRECISIONS = {"fp32": "f32", "bf16": "bf16"}

Node = Any
OnWait = Callable[[], None]


class OpenVinoError(NotImplementedError):
    """OpenVINO does not load, or cannot run the network."""


def is_supported() -> bool:
    """This machine is one of `MACHINES`."""
    return platform.machine() in MACHINES


def is_installed() -> bool:
    """It can be found; whether it loads is seen when it is used."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoBackbone:
    """The function of `FoldedBackbone`, forward only, on the CPU.

    Compiled anew (0.3 s) where a scan has another shape than the one before; one compiled network
    is kept.

    Args:
        backbone: In evaluation mode; its weights are copied.
        precision: "fp32" or "bf16"; OpenVINO would choose bf16 by itself.
        threads: As PyTorch uses.

    Raises:
        OpenVinoError: It does not load.
    """

    def __init__(self, backbone: MedicalNetResNet10, precision: str, threads: int) -> None:
        openvino = loaded()
        self._core = openvino.Core()
        self._model = _graph(openvino, backbone)
        self._options = {
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
        }
        self._shape: tuple[int, ...] = ()
        self._compiled: Any = None

    def __call__(self, image: Tensor, on_wait: OnWait = lambda: None) -> Tensor:
        """(1, 1, D, H, W) float32 to features (1, 512, D / 8, H / 8, W / 8) float32.

        Args:
            image: On the CPU.
            on_wait: Called some twenty times a second; raising in it stops the pass at the next
                layer.

        Raises:
            OpenVinoError: It cannot run the network.
            MemoryError: Not enough memory.
        """
        try:
            request = self._compiled_for(tuple(image.shape)).create_infer_request()
            request.start_async({0: image.detach().contiguous().numpy()}, share_inputs=True)
            _wait(request, on_wait)
            return torch.from_numpy(np.array(request.get_output_tensor(0).data))
        except RuntimeError as error:
            if "alloc" in str(error) or "memory" in str(error):
                raise MemoryError from error
            raise OpenVinoError("OpenVINO cannot run this network.") from error

    def give_back(self) -> None:
        """Free the memory of the activations, which it keeps from pass to pass."""
        if self._compiled is not None:
            self._compiled.release_memory()

    def _compiled_for(self, shape: tuple[int, ...]) -> Any:
        if shape != self._shape:
            self._compiled, self._shape = None, ()
            self._model.reshape(list(shape))
            self._compiled = self._core.compile_model(self._model, "CPU", self._options)
            self._shape = shape
        return self._compiled


def loaded() -> Any:
    """The package, without what would reach for the network.

    Raises:
        OpenVinoError: It does not load.
    """
    for name in NEVER_IMPORTED:
        sys.modules[name] = None  # type: ignore[assignment] # Python's way to refuse an import
    try:
        return importlib.import_module("openvino")
    except (ImportError, OSError) as error:  # OSError: one of its libraries does not load
        raise OpenVinoError("OpenVINO does not load.") from error


def _wait(request: Any, on_wait: OnWait) -> None:
    """Until it is done; what `on_wait` raises goes on only when nothing runs any more."""
    try:
        while not request.wait_for(POLL_MS):
            on_wait()
    except BaseException:
        request.cancel()
        _until_stopped(request)
        raise


def _until_stopped(request: Any) -> None:
    try:
        request.wait()
    except RuntimeError:
        return  # "was canceled", in its words


def _graph(openvino: Any, backbone: MedicalNetResNet10) -> Any:
    """The layers of `FoldedBackbone` as an OpenVINO model of an image of any size."""
    ops = importlib.import_module("openvino.opset13")
    exact = Placement(torch.device("cpu"), torch.float32, channels_last=False)
    folded = FoldedBackbone(backbone, exact)
    image = ops.parameter([1, 1, -1, -1, -1], np.float32)
    x = ops.relu(_convolution(ops, image, folded.stem))
    x = ops.max_pool(x, [2] * 3, [1] * 3, [1] * 3, [1] * 3, [3] * 3).output(0)
    for block in folded.blocks:
        shortcut = x if block.shortcut is None else _convolution(ops, x, block.shortcut)
        inner = ops.relu(_convolution(ops, x, block.first))
        x = ops.relu(ops.add(_convolution(ops, inner, block.second), shortcut))
    return openvino.Model([x], [image])


def _convolution(ops: Any, x: Node, layer: Convolution) -> Node:
    stride, padding, dilation = ([n] * 3 for n in (layer.stride, layer.padding, layer.dilation))
    weight = ops.constant(layer.weight.numpy())
    bias = ops.constant(layer.bias.numpy().reshape(1, -1, 1, 1, 1))
    return ops.add(ops.convolution(x, weight, stride, padding, padding, dilation), bias)
