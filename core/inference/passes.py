"""One run through a network: outputs, GradCAM and the input gradient.

GradCAM needs the gradient of the heads alone. The input gradient goes on from there through the
frozen backbone; no gradient of a weight is ever computed. Torch gives all from one shared forward
pass. With OpenVINO the features, and so prognosis and GradCAM, are its own in every function here,
and the gradient is that of a torch pass of its own: the answers to "what if this place were
different" have the same bits as the run's wherever nothing differs. Progress is reported at every
convolution of torch's, forward and backward, and while OpenVINO works; Cancel acts within a layer.
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
from core.inference.openvino_backbone import OpenVinoBackbone
from core.inference.ready import ReadyNetwork
from core.models.folded_backbone import CONVOLUTIONS, Watch
from core.models.mortality_resnet3d import MortalityOutput, MortalityResNet3D
from core.progress import Progress, Span
from core.saliency.grad_cam import grad_cam
from core.saliency.targets import MORTALITY, Target

FORWARD_SHARE = 0.45
"""Part of the time that torch's forward pass takes of forward and backward together."""

RUNNING = "Running the model"

OPENVINO_SHARE = 0.25
"""Part of the time that OpenVINO's forward pass takes of itself and torch's two together."""


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


@dataclass(frozen=True, eq=False)
class _Found:
    """Outputs, features and the target's gradient with respect to these, and to the image."""

    output: MortalityOutput
    layer: Tensor
    of_layer: Tensor
    gradient: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class _Asked:
    """One question to a network: prognosis, GradCAM and, where wanted, the gradient."""

    image: NDArray[np.float32]
    clinical: Tensor | None
    target: Target
    breaks_years: tuple[float, ...] | None
    with_gradient: bool
    progress: Progress

    def answer(self, made: ReadyNetwork, chosen: Engine) -> Inference:
        if made.openvino is None:
            found = self._by_torch(made, self.progress)
        else:
            found = self._by_openvino(made, made.openvino)
        gradcam = grad_cam(found.layer, found.of_layer)[0].cpu().numpy()
        return Inference(_on_cpu(found.output), gradcam, found.gradient, found.layer.cpu(), chosen)

    def _look_back(self, layer: Tensor, made: ReadyNetwork) -> tuple[MortalityOutput, Tensor]:
        """Outputs, and the gradient of the target with respect to the features, in fp32."""
        exact = layer.detach().float().requires_grad_()
        with torch.enable_grad():
            output = made.heads.heads(exact, _to(self.clinical, made))
            value = self.target.value(output, self.breaks_years)
            (of_layer,) = torch.autograd.grad(value, exact)
        return output, of_layer

    def _by_torch(self, made: ReadyNetwork, span: Progress) -> _Found:
        x = _tensor(self.image).requires_grad_(self.with_gradient)
        with _exact_convolutions(), torch.set_grad_enabled(self.with_gradient):
            layer = made.backbone(x, _watch(span, self.with_gradient))
            output, of_layer = self._look_back(layer, made)
            gradient = None
            if self.with_gradient:
                (found,) = torch.autograd.grad(layer, x, of_layer.to(layer.dtype))
                gradient = found[0, 0].numpy()
        return _Found(output, layer.detach().float(), of_layer, gradient)

    def _by_openvino(self, made: ReadyNetwork, openvino: OpenVinoBackbone) -> _Found:
        share = OPENVINO_SHARE if self.with_gradient else 1.0
        layer = _by_openvino(openvino, self.image, Span(self.progress, 0, share))
        output, of_layer = self._look_back(layer, made)
        gradient = None
        if self.with_gradient:
            openvino.give_back()
            gradient = self._by_torch(made, Span(self.progress, share, 1)).gradient
        return _Found(output, layer, of_layer, gradient)


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
    asked = _Asked(image, clinical, target, breaks_years, wants.gradient, progress)
    inference = within_memory(network, engine, asked.answer)
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

    def one(number: int, layer: Tensor, made: ReadyNetwork) -> MortalityOutput:
        values = None if rows is None else rows[number : number + 1]
        return _on_cpu(made.heads.heads(layer, _to(values, made)))

    def work(made: ReadyNetwork, _chosen: Engine) -> list[MortalityOutput]:
        layers = _forward(made, images, progress)
        with torch.no_grad():
            return [one(number, layer, made) for number, layer in enumerate(layers)]

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
        if made.openvino is not None:
            yield _by_openvino(made.openvino, image, span)
            continue
        with _exact_convolutions(), torch.no_grad():
            layer = made.backbone(_tensor(image), _watch(span, with_backward=False))
        yield layer.float()


def _by_openvino(
    openvino: OpenVinoBackbone, image: NDArray[np.float32], progress: Progress
) -> Tensor:
    """Features; it does not tell how far it is."""
    progress.step(0.0, RUNNING)
    layer = openvino(_tensor(image), lambda: progress.step(0.0, RUNNING))
    progress.step(1.0, RUNNING)
    return layer


def _tensor(image: NDArray[np.float32]) -> Tensor:
    """(1, 1, D, H, W), a copy."""
    return torch.from_numpy(np.array(image, dtype=np.float32))[None, None]


def _to(clinical: Tensor | None, made: ReadyNetwork) -> Tensor | None:
    return None if clinical is None else clinical.to(made.backbone.placement.device)


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
        progress.step(share * done["forward"] / CONVOLUTIONS, RUNNING)

    def backward() -> None:
        done["backward"] += 1
        progress.step(
            share + (1 - share) * done["backward"] / CONVOLUTIONS, "Finding where the model looked"
        )

    return Watch(forward, backward)
