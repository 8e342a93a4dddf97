"""Which device, which precision: decided in one place, by rule and not by the clock.

The same machine always chooses the same, so the same scan gives the same bits.
"""

from dataclasses import dataclass, replace

import torch

from core.errors import ResourcesError
from core.inference.openvino_backbone import is_installed, is_supported
from core.models.folded_backbone import Placement

NATIVE_BF16 = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}
"""Abilities of a CPU (torch.cpu.get_capabilities) that multiply bf16 faster than fp32."""

TORCH, OPENVINO = "torch", "openvino"

DILATED_IN_PARTS = "amx_bf16"
"""oneDNN has no fast bf16 kernel for dilated convolutions here, and has one everywhere else."""


@dataclass(frozen=True)
class Engine:
    """Where and how the network runs.

    Attributes:
        device: Of the backbone and the heads.
        precision: "fp32", or "bf16" for all but the first layer and the heads.
        backend: The library of the backbone's forward pass, TORCH or OPENVINO; its gradient is
            always torch's.
        device_name: In words, for the provenance.
        note: Why this choice, and its measured difference from fp32 on the CPU.
        may_change: The precision was not asked for: it may be lowered where memory is short, and
            raised where bf16 strays too far.
        is_checked: Compared with fp32 on the CPU, or fp32 on the CPU itself.
    """

    device: torch.device
    precision: str
    backend: str = TORCH
    device_name: str = ""
    note: str = ""
    may_change: bool = False
    is_checked: bool = False

    @property
    def placement(self) -> Placement:
        """How the weights lie for it."""
        is_cpu, is_bf16 = self.device.type == "cpu", self.precision == "bf16"
        return Placement(
            self.device,
            torch.bfloat16 if is_bf16 else torch.float32,
            channels_last=is_cpu or is_bf16,
            space_to_batch=is_cpu and is_bf16 and _has(DILATED_IN_PARTS),
        )

    @property
    def is_reference(self) -> bool:
        """Torch's fp32 on the CPU, with which all others are compared."""
        return (self.device.type, self.precision, self.backend) == ("cpu", "fp32", TORCH)

    def noted(self, words: str) -> "Engine":
        """The same with another sentence in its note."""
        return replace(self, note=f"{self.note} {words}".strip())

    def in_fp32(self, reason: str) -> "Engine":
        """Fp32 on the same device."""
        raised = replace(self, precision="fp32", may_change=False)
        return replace(raised, is_checked=raised.is_reference).noted(reason)

    def by_torch(self, reason: str) -> "Engine":
        """The same precision, the forward pass by torch as well."""
        changed = replace(self, backend=TORCH)
        return replace(changed, is_checked=changed.is_reference).noted(reason)

    def when_memory_is_short(self) -> "Engine | None":
        """What to try next: bf16 where the precision is free, then the CPU; None on the CPU."""
        if self.device.type == "cpu":
            return None
        reason = f"The memory of {self.device_name} did not suffice in {self.precision}:"
        if self.precision == "fp32" and self.may_change:
            lower = replace(self, precision="bf16", is_checked=False)
            return lower.noted(f"{reason} run in bf16.")
        asked = "auto" if self.may_change else self.precision
        return on_cpu(asked, f"{self.note} {reason} run on the CPU.".strip())


def choose_engine(device: str, precision: str) -> Engine:
    """Resolve "auto".

    Device: CUDA, Apple, Intel, else CPU. Precision: fp32 on a GPU, where a scan takes milliseconds
    either way; on a CPU bf16 if it multiplies that natively, else fp32. Whether bf16 comes close
    enough to fp32 depends on the weights: `core.inference.prepare` checks it.

    Args:
        device: "auto", "cpu", "cuda", "mps" or "xpu".
        precision: "auto", "fp32" or "bf16".

    Raises:
        ResourcesError: A device was asked for that is not there.
    """
    found = _accelerator()
    if device not in ("auto", "cpu", found):
        maker = {"cuda": "CUDA", "mps": "Apple", "xpu": "Intel"}.get(device, device)
        raise ResourcesError(
            f"The device '{device}' was asked for, but this machine shows no {maker} GPU to "
            "PyTorch.",
            f"Use device 'auto' or 'cpu', or install a GPU driver and a {maker} build of PyTorch.",
        )
    if device == "cpu" or found == "cpu":
        return on_cpu(precision)
    chosen = "fp32" if precision == "auto" else precision
    return Engine(
        torch.device(found),
        chosen,
        device_name=_name(found),
        note="fp32: a GPU is fast enough in it." if precision == "auto" else "",
        may_change=precision == "auto",
    )


def on_cpu(precision: str, note: str = "") -> Engine:
    """The CPU; "auto" is bf16 where it multiplies that natively.

    Args:
        precision: "auto", "fp32" or "bf16".
        note: Why the CPU, where that was not asked for.
    """
    native = [words for ability, words in NATIVE_BF16.items() if _has(ability)]
    reasons = {
        "auto": f"bf16: this CPU multiplies it natively ({', '.join(native)})."
        if native
        else "fp32: this CPU does not multiply bf16 natively.",
        "fp32": "fp32: asked for.",
        "bf16": "bf16: asked for.",
    }
    chosen = ("bf16" if native else "fp32") if precision == "auto" else precision
    backend, why = _backend(is_fast=bool(native) or chosen == "fp32")
    engine = Engine(
        torch.device("cpu"),
        chosen,
        backend,
        device_name=f"CPU, {torch.get_num_threads()} threads",
        note=note,
        may_change=precision == "auto",
    )
    engine = replace(engine, is_checked=engine.is_reference)
    return (engine if note and precision != "auto" else engine.noted(reasons[precision])).noted(why)


def _backend(is_fast: bool) -> tuple[str, str]:
    """Of the forward pass on a CPU that multiplies the precision natively or not, and why."""
    if not is_supported() or not is_fast:
        return TORCH, ""
    if not is_installed():
        return TORCH, "By PyTorch: OpenVINO is not installed."
    return OPENVINO, "Forward pass by OpenVINO, gradient by PyTorch."


def _has(ability: str) -> bool:
    return bool(torch.cpu.get_capabilities().get(ability))


def _accelerator() -> str:
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "xpu" if torch.xpu.is_available() else "cpu"


def _name(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    return "Apple GPU" if device == "mps" else torch.xpu.get_device_name()
