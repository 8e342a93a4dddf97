"""The network of one stage: what learns, how fast, and what it says of a batch."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.models.backbones import FEATURES
from core.models.mortality_resnet3d import MortalityResNet3D
from core.training.configuration import StageName, StageSettings

BACKBONE = "backbone."
LEARNERS: dict[StageName, tuple[str, ...]] = {
    "findings": (),
    "mortality": ("hidden.", "classifier."),
    "survival": ("survival_head.",),
    "hybrid": ("classifier.",),
}
"""Parts of the network that a stage trains beside the backbone; what it does not name stays."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """Of N scans.

    Attributes:
        logits: (N, 2), alive and dead.
        hazard_logits: (N, intervals), None without a survival head.
        findings: (N, columns) in SD, None without that head.
    """

    logits: Tensor
    hazard_logits: Tensor | None
    findings: Tensor | None


class StageNetwork(nn.Module):
    """The model with the head for findings that only training knows.

    Args:
        network: The model.
        findings: Columns of that head; 0 for none. It takes features in SD of the batches that
            were seen (batch norm), as heads on frozen features do: raw ones hide the scan behind
            their means.
        precision: "bf16": the backbone runs in bf16 where torch's autocast allows; else "fp32".
    """

    def __init__(self, network: MortalityResNet3D, findings: int, precision: str) -> None:
        super().__init__()
        self.network = network
        self.precision = precision
        self.findings_head: nn.Module | None = None
        if findings:
            self.findings_head = nn.Sequential(
                nn.BatchNorm3d(FEATURES), nn.Flatten(), nn.Linear(FEATURES, findings)
            )

    def pooled(self, images: Tensor) -> Tensor:
        """(N, 1, D, H, W) to the mean of the last layer's features (N, 512), float32."""
        kind = torch.bfloat16
        with torch.autocast(images.device.type, kind, enabled=self.precision == "bf16"):
            features: Tensor = self.network.backbone(images)
        return features.float().mean(dim=(2, 3, 4))

    def forward(
        self, scans: Tensor, clinical: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """All heads: images (N, 1, D, H, W) or pooled features (N, 512) to the parts of `Outputs`.

        A tuple, since torch's DistributedDataParallel looks for tensors in nothing else.
        """
        pooled = self.pooled(scans) if scans.dim() == 5 else scans
        pooled = pooled[:, :, None, None, None]
        said = self.network.heads(pooled, clinical)
        findings = None if self.findings_head is None else self.findings_head(pooled)
        return said.logits, said.hazard_logits, findings


def let_learn(model: StageNetwork, stage: StageSettings) -> list[dict[str, object]]:
    """Mark what the stage trains; its parameters with their learning rates.

    Everything else keeps its values; a frozen backbone also its running statistics, which is up to
    the caller: frozen stages never pass an image through it.
    """
    trained = LEARNERS[stage.name]
    if stage.name == "findings" or stage.findings_weight:
        trained = (*trained, "findings_head.")
    heads: list[nn.Parameter] = []
    backbone: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = name.removeprefix("network.")
        of_backbone = inner.startswith(BACKBONE)
        learns = not stage.is_frozen if of_backbone else inner.startswith(trained)
        parameter.requires_grad_(learns)
        if learns:
            (backbone if of_backbone else heads).append(parameter)
    groups: list[dict[str, object]] = [{"params": heads, "lr": stage.learning_rate}]
    if backbone:
        rate = stage.learning_rate * stage.backbone_factor
        groups.append({"params": backbone, "lr": rate})
    return groups
