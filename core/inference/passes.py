"""One pass through a network: outputs, GradCAM and the input gradient from one shared forward.

GradCAM needs the gradient of the heads alone. The input gradient goes on from there through the
frozen backbone; no gradient of a weight is ever computed. Progress is reported at every
convolution, forward and backward, so that Cancel acts within one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import WeightsError
from core.inference.engine import Engine
from core.inference.memory import within_memory
from core.inference.ready import ReadyNetwork
from core.models.folded_backbone import CONVOLUTIONS, Watch
from core.models.mortality_resnet3d import MortalityOutput, MortalityResNet3D
from core.progress import Progress, Span
from core.saliency.grad_cam import grad_cam
from core.saliency.targets import MORTALITY, Target

FORWARD_SHARE = 0.45
"""Part of the time that the forward pass takes of forward and backward together."""


@dataclass(frozen=True)
class Maps:
    """What is wanted besides the prognosis and GradCAM, which come with it.

    Attributes:
        gradient: Of the target with respect to every voxel: more than doubles the time.
    """

    gradient: bool = True


@dataclass(frozen=True, eq=False)
class Inference:
    """What one pass gave.

    Attributes:
        output: Of both heads, on the CPU, float32.
        gradcam: Raw GradCAM (d, h, w), not negative.
        gradient: Raw signed dy/dx (D, H, W); None where it was not wanted.
        features: (1, 512, d, h, w) of the last layer, on the CPU, float32.
        engine: The one that ran, after any fallback.
    """

    output: MortalityOutput
    gradcam: NDArray[np.float32]
    gradient: NDArray[np.float32] | None
    features: Tensor
    engine: Engine

    @property
    def note(self) -> str:
        """Why this engine, and its measured difference from fp32."""
        return self.engine.note


def infer(
    network: MortalityResNet3D,
    image: NDArray[np.float32],
    clinical: Tensor | None,
    *,
    engine: Engine,
    progress: Progress,
    target: Target = MORTALITY,
    breaks_years: tuple[float, ...] | None = None,
    wants: Maps = Maps(),
) -> Inference:
    """Run one scan through forward and, where wanted, backward.

    Args:
        network: Frozen, in evaluation mode.
        image: (D, H, W), intensities 0..1, sides multiples of 8.
        clinical: (1, values) scaled to 0..1, or None.
        engine: Where to run; checked and, if need be, exchanged first.
        progress: Told at every convolution; may cancel.
        target: What the maps explain.
        breaks_years: Of the survival head, for a target at a horizon.
        wants: Maps that cost extra.

    Raises:
        ModelInputError: The model does not give this target.
        ResourcesError: Not enough memory.
        WeightsError: The network gave a number that is not finite.
    """

    def work(made: ReadyNetwork, chosen: Engine) -> Inference:
        x = _tensor(image).requires_grad_(wants.gradient)
        with _exact_convolutions(), torch.set_grad_enabled(wants.gradient):
            layer = made.backbone(x, _watch(progress, wants.gradient))
            exact = layer.detach().float().requires_grad_()
            with torch.enable_grad():
                output = made.heads.heads(exact, _to(clinical, chosen))
                value = target.value(output, breaks_years)
                (of_layer,) = torch.autograd.grad(value, exact)
            gradient = None
            if wants.gradient:
                (found,) = torch.autograd.grad(layer, x, of_layer.to(layer.dtype))
                gradient = found[0, 0].numpy()
        exact = exact.detach()
        gradcam = grad_cam(exact, of_layer)[0].cpu().numpy()
        return Inference(_on_cpu(output), gradcam, gradient, exact.cpu(), chosen)

    inference = within_memory(network, engine, work)
    _require_finite(inference.output, inference.gradcam, inference.gradient)
    return inference


def predict(
    network: MortalityResNet3D,
    images: NDArray[np.float32],
    clinical: Tensor | None,
    *,
    engine: Engine,
    progress: Progress,
) -> MortalityOutput:
    """Run scans forward, one after the other: the same bits as alone, and the memory of one.

    Args:
        network: Frozen, in evaluation mode.
        images: (N, D, H, W), intensities 0..1, sides multiples of 8.
        clinical: (1, values) for all, or (N, values), scaled to 0..1; None for Model D.
        engine: Where to run.
        progress: Told at every convolution; may cancel.

    Returns:
        N rows, on the CPU, float32.

    Raises:
        ResourcesError: Not enough memory.
        WeightsError: The network gave a number that is not finite.
    """
    rows = None if clinical is None else clinical.expand(len(images), -1)

    def one(number: int, layer: Tensor, made: ReadyNetwork, chosen: Engine) -> MortalityOutput:
        values = None if rows is None else rows[number : number + 1]
        return _on_cpu(made.heads.heads(layer, _to(values, chosen)))

    def work(made: ReadyNetwork, chosen: Engine) -> list[MortalityOutput]:
        layers = _forward(made, images, progress)
        with torch.no_grad():
            return [one(number, layer, made, chosen) for number, layer in enumerate(layers)]

    outputs = within_memory(network, engine, work)
    hazards = [each.hazard_logits for each in outputs if each.hazard_logits is not None]
    joined = MortalityOutput(
        torch.cat([each.logits for each in outputs]), torch.cat(hazards) if hazards else None
    )
    _require_finite(joined)
    return joined


def features(
    network: MortalityResNet3D,
    images: NDArray[np.float32],
    *,
    engine: Engine,
    progress: Progress,
) -> Tensor:
    """The backbone's last layer for scans, run one after the other.

    Args:
        network: Frozen, in evaluation mode.
        images: (N, D, H, W), intensities 0..1, sides multiples of 8.
        engine: Where to run.
        progress: Told at every convolution; may cancel.

    Returns:
        (N, 512, D / 8, H / 8, W / 8), on the CPU, float32.

    Raises:
        ResourcesError: Not enough memory.
    """

    def work(made: ReadyNetwork, _chosen: Engine) -> Tensor:
        return torch.cat([layer.cpu() for layer in _forward(made, images, progress)])

    return within_memory(network, engine, work)


def _forward(
    made: ReadyNetwork, images: NDArray[np.float32], progress: Progress
) -> Iterator[Tensor]:
    """Features of each scan, on the device, float32."""
    if images.ndim != 4 or not len(images):
        raise ValueError(f"images must be (N, D, H, W), got {images.shape}")
    for number, image in enumerate(images):
        span = Span(progress, number / len(images), (number + 1) / len(images))
        with _exact_convolutions(), torch.no_grad():
            layer = made.backbone(_tensor(image), _watch(span, with_backward=False))
        yield layer.float()


def _tensor(image: NDArray[np.float32]) -> Tensor:
    """(1, 1, D, H, W), a copy."""
    return torch.from_numpy(np.array(image, dtype=np.float32))[None, None]


def _to(clinical: Tensor | None, engine: Engine) -> Tensor | None:
    return None if clinical is None else clinical.to(engine.device)


def _on_cpu(output: MortalityOutput) -> MortalityOutput:
    hazards = output.hazard_logits
    return MortalityOutput(
        output.logits.detach().float().cpu(),
        None if hazards is None else hazards.detach().float().cpu(),
    )


def _require_finite(output: MortalityOutput, *maps: NDArray[np.float32] | None) -> None:
    numbers = (output.logits, output.hazard_logits, *maps)
    if not all(np.isfinite(np.asarray(each)).all() for each in numbers if each is not None):
        raise WeightsError(
            "The model gave a number that is not finite: its weights are of no use.",
            "Copy the model's bundle anew, or choose another model.",
        )


@contextmanager
def _exact_convolutions() -> Iterator[None]:
    """On CUDA: fp32 is fp32, not TF32 with its 10 bits, and the same scan gives the same bits."""
    with torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    ):
        yield


def _watch(progress: Progress, with_backward: bool) -> Watch:
    """Reports 0..1 over the convolutions of the forward pass, and of the backward pass if any."""
    share = FORWARD_SHARE if with_backward else 1.0
    done = {"forward": 0, "backward": 0}

    def forward() -> None:
        done["forward"] += 1
        progress.step(share * done["forward"] / CONVOLUTIONS, "Running the model")

    def backward() -> None:
        done["backward"] += 1
        progress.step(
            share + (1 - share) * done["backward"] / CONVOLUTIONS, "Finding where the model looked"
        )

    return Watch(forward, backward)
