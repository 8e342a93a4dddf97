"""One pass through a network: outputs, GradCAM and input gradient. Decides device and precision.

Progress is reported at every layer, forward and backward, so that Cancel acts within a layer.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import ResourcesError, WeightsError
from core.models.mortality_resnet3d import MortalityOutput, MortalityResNet3D, saliency_target
from core.progress import Progress
from core.saliency.grad_cam import grad_cam
from core.saliency.gradient import gradient_saliency

WATCHED_LAYERS = (nn.Conv3d, nn.BatchNorm3d)
WATCHED_COUNT = 24
"""Convolutions and batch norms of ResNet-10: each is passed once forward and once backward."""

FORWARD_SHARE = 0.3
"""Part of the time that the forward pass takes of forward and backward together."""


@dataclass(frozen=True)
class Engine:
    """Where and how the network runs."""

    device: torch.device
    precision: str

    @property
    def device_name(self) -> str:
        """The device in words, for the provenance."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return f"CPU, {torch.get_num_threads()} threads"


@dataclass(frozen=True)
class Inference:
    """What one pass gave.

    Attributes:
        output: Of both heads, on the CPU, float32.
        gradcam: Raw GradCAM (d, h, w).
        gradient: Raw absolute gradient (D, H, W).
    """

    output: MortalityOutput
    gradcam: NDArray[np.float32]
    gradient: NDArray[np.float32]


def choose_engine(device: str, precision: str) -> Engine:
    """Resolve "auto": CUDA where it is, else CPU; fp32 (bf16 has no fast 3D kernels on CPUs yet).

    Raises:
        ResourcesError: CUDA was asked for and is not there.
    """
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise ResourcesError(
            "The device 'cuda' was asked for, but this machine shows no CUDA GPU to PyTorch.",
            "Use device 'auto' or 'cpu', or install a GPU driver and a CUDA build of PyTorch.",
        )
    kind = "cuda" if has_cuda and device != "cpu" else "cpu"
    return Engine(torch.device(kind), "bf16" if precision == "bf16" else "fp32")


def infer(
    network: MortalityResNet3D,
    image: NDArray[np.float32],
    clinical: Tensor | None,
    *,
    engine: Engine,
    progress: Progress,
) -> Inference:
    """Run one scan through forward and backward.

    Args:
        network: Frozen, in evaluation mode.
        image: (D, H, W), intensities 0..1.
        clinical: (1, values) scaled to 0..1, or None.
        engine: Where to run.
        progress: Told at every layer; may cancel.

    Raises:
        ResourcesError: Not enough memory.
        WeightsError: The network gave a number that is not finite.
    """
    try:
        network.to(engine.device)
        with _reporting_layers(network, progress), _autocast(engine), _exact_convolutions():
            inference = _forward_and_backward(network, image, clinical, engine)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(engine) from error
    except RuntimeError as error:
        if "not enough memory" in str(error) or "can't allocate" in str(error):
            raise _out_of_memory(engine) from error
        raise
    _require_finite(inference)
    return inference


def _require_finite(inference: Inference) -> None:
    output = inference.output
    numbers = (output.logits, output.hazard_logits, inference.gradcam, inference.gradient)
    if not all(np.isfinite(np.asarray(each)).all() for each in numbers if each is not None):
        raise WeightsError(
            "The model gave a number that is not finite: its weights are of no use.",
            "Copy the model's bundle anew, or choose another model.",
        )


def _forward_and_backward(
    network: MortalityResNet3D,
    image: NDArray[np.float32],
    clinical: Tensor | None,
    engine: Engine,
) -> Inference:
    x = torch.from_numpy(np.array(image, dtype=np.float32))[None, None].to(engine.device)
    x.requires_grad_()
    values = None if clinical is None else clinical.to(engine.device)
    features = network.backbone(x)
    output = network.heads(features, values)
    gradients = torch.autograd.grad(saliency_target(output), (features, x))
    hazards = output.hazard_logits
    return Inference(
        MortalityOutput(
            output.logits.detach().float().cpu(),
            None if hazards is None else hazards.detach().float().cpu(),
        ),
        _array(grad_cam(features.detach().float(), gradients[0].float())),
        _array(gradient_saliency(gradients[1].float())),
    )


def _array(maps: Tensor) -> NDArray[np.float32]:
    result: NDArray[np.float32] = maps[0].cpu().numpy()
    return result


def _autocast(engine: Engine) -> torch.autocast:
    return torch.autocast(
        engine.device.type, dtype=torch.bfloat16, enabled=engine.precision == "bf16"
    )


def _exact_convolutions() -> AbstractContextManager[None]:
    """On CUDA: fp32 is fp32, not TF32 with its 10 bits, and the same scan gives the same bits."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return flags


@contextmanager
def _reporting_layers(network: nn.Module, progress: Progress) -> Iterator[None]:
    """Call `progress` after each watched layer, on the way forward and on the way back."""
    done = {"forward": 0, "backward": 0}

    def backward(gradient: Tensor) -> Tensor:
        done["backward"] += 1
        share = min(done["backward"] / WATCHED_COUNT, 1)
        progress.step(FORWARD_SHARE + (1 - FORWARD_SHARE) * share, "Finding where the model looked")
        return gradient

    def forward(_layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        done["forward"] += 1
        share = min(done["forward"] / WATCHED_COUNT, 1)
        progress.step(FORWARD_SHARE * share, "Running the model")
        if output.requires_grad:
            output.register_hook(backward)  # type: ignore[no-untyped-call] # torch leaves it so

    handles = [
        layer.register_forward_hook(forward)
        for layer in network.modules()
        if isinstance(layer, WATCHED_LAYERS)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _out_of_memory(engine: Engine) -> ResourcesError:
    return ResourcesError(
        f"The memory of {engine.device_name} does not suffice for the model "
        "(about 3 GB are needed with the maps).",
        "Close other programs"
        + ("." if engine.device.type == "cpu" else ", or run with device 'cpu'."),
    )
