"""Models D and E: long-term mortality from a chest CT by a 3D ResNet.

Lu, Aslani, Emberton, Alexander, Jacob. Deep learning-based long term mortality prediction in the
National Lung Screening Trial. IEEE Access 2022;10:34369. doi:10.1109/ACCESS.2022.3161954.

Reproduced exactly: MedicalNet ResNet-10 backbone, global average pooling, FC 512 -> 32 (ReLU,
dropout 0.5), FC 32 -> 2; Model E joins 11 clinical values (scaled to 0..1) after the first FC,
FC 43 -> 2. Parameters: backbone 14,355,520; D 14,372,002; E 14,372,024.

Not stated in the paper, or ours: intensities enter the network divided by 255; the crop to the
heart-preserving region (`core.preprocessing.resample`); the eleven clinical columns of Model E
(named in its card); and a discrete-time survival head on the same pooled features (FC 512 -> 32,
ReLU, dropout 0.5, FC 32 -> intervals), so that mortality and survival come out of one forward pass.
The survival head never touches the mortality output and is not counted in the numbers above.

Cohort of the paper: NLST, 166 deaths of cardiac or respiratory cause (ICD-10 I10-I52, J00-J99)
matched 1:2 with survivors. Outcome: such a death during the trial's follow-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import WeightsError
from core.models.backbones import FEATURES, MedicalNetResNet10
from core.models.cards import ModelCard
from core.models.clinical_values import scaled
from core.prognosis import HorizonRisk, Prognosis, SurvivalCurve

ARCHITECTURE = "mortality_resnet3d"
SALIENCY_LAYER = "backbone.layer4"
"""Whose features GradCAM weighs: the last convolutional layer."""

HIDDEN = 32  # section III: FC 512 -> 32
DROPOUT = 0.5
CLASSES = 2  # alive, dead
CLINICAL_VALUES = 11  # chosen by impurity importance, section III
DEAD = 1

PREPROCESSING = (
    "reorient",
    "lung mask (grt123)",
    "heart-preserving convex hull per axial slice",
    "clip to -1200..600 HU, scale to 0..255, outside 170",
    "crop to the hull, 256 x 256 x 128, linear",
    "divide by 255",
)


@dataclass(frozen=True)
class MortalityOutput:
    """What one forward pass gives.

    Attributes:
        logits: (N, 2), alive and dead.
        hazard_logits: (N, intervals); None without a survival head.
    """

    logits: Tensor
    hazard_logits: Tensor | None


class MortalityResNet3D(nn.Module):
    """Model D (no clinical values) or E (eleven), with an optional survival head.

    Args:
        clinical_values: 0 for Model D, 11 for Model E.
        intervals: Of the survival head; 0 for none.
    """

    def __init__(self, *, clinical_values: int = 0, intervals: int = 0) -> None:
        super().__init__()
        self.clinical_values = clinical_values
        self.backbone = MedicalNetResNet10()
        self.hidden = nn.Linear(FEATURES, HIDDEN)
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(HIDDEN + clinical_values, CLASSES)
        self.survival_head: nn.Sequential | None = None
        if intervals:
            self.survival_head = nn.Sequential(
                nn.Linear(FEATURES, HIDDEN),
                nn.ReLU(),
                nn.Dropout(DROPOUT),
                nn.Linear(HIDDEN, intervals),
            )

    def heads(self, features: Tensor, clinical: Tensor | None = None) -> MortalityOutput:
        """Both heads on the backbone's features.

        Args:
            features: (N, 512, D/8, H/8, W/8).
            clinical: (N, clinical_values) scaled to 0..1; None for Model D.
        """
        pooled = features.mean(dim=(2, 3, 4))  # (N, 512)
        hidden = self.dropout(torch.relu(self.hidden(pooled)))  # (N, 32)
        if self.clinical_values:
            if clinical is None or clinical.shape != (len(pooled), self.clinical_values):
                found = None if clinical is None else tuple(clinical.shape)
                raise ValueError(f"clinical must be (N, {self.clinical_values}), got {found}")
            hidden = torch.cat((hidden, clinical), dim=1)  # (N, 43)
        hazards = None if self.survival_head is None else self.survival_head(pooled)
        return MortalityOutput(self.classifier(hidden), hazards)

    def forward(self, image: Tensor, clinical: Tensor | None = None) -> MortalityOutput:
        """Image (N, 1, D, H, W) with intensities 0..1 to both outputs."""
        return self.heads(self.backbone(image), clinical)


def build(card: ModelCard) -> MortalityResNet3D:
    """The network that a card describes, in evaluation mode, its weights not yet set.

    Raises:
        WeightsError: The card describes another network, or maps of another layer.
    """
    described = (card.architecture, card.saliency_layer)
    if described != (ARCHITECTURE, SALIENCY_LAYER):
        raise WeightsError(
            f"The card of '{card.id}' describes {' with maps of '.join(described)}; this version "
            f"knows {ARCHITECTURE} with maps of {SALIENCY_LAYER}.",
            "Use a newer version of Thoralens, or correct card.json.",
        )
    intervals = 0 if card.survival is None else len(card.survival.breaks_years) - 1
    network = MortalityResNet3D(clinical_values=len(card.clinical), intervals=intervals)
    return network.eval()


def clinical_tensor(card: ModelCard, clinical: Mapping[str, float]) -> Tensor | None:
    """Clinical values in the order of the card, scaled to 0..1: (1, values); None for Model D.

    Raises:
        ModelInputError: A value is missing, unknown or out of range, or none is wanted.
    """
    values = scaled(card, clinical)
    return torch.tensor([values], dtype=torch.float32) if values else None


def to_prognosis(card: ModelCard, output: MortalityOutput) -> Prognosis:
    """Probabilities of one scan (N = 1): softmax of the logits; product of 1 - hazard."""
    logits = output.logits[0].detach().double()
    curve = _survival_curve(card, output)
    return Prognosis(
        model_id=card.id,
        outcome=card.outcome,
        mortality_probability=float(torch.softmax(logits, dim=0)[DEAD]),
        horizons=_horizon_risks(card, curve),
        survival_curve=curve,
        risk_score=float(logits[DEAD] - logits[1 - DEAD]),  # log odds
        warnings=card.warnings,
    )


def _survival_curve(card: ModelCard, output: MortalityOutput) -> SurvivalCurve | None:
    if card.survival is None or output.hazard_logits is None:
        return None
    hazards = torch.sigmoid(output.hazard_logits[0].detach().double())
    survival = torch.cumprod(1 - hazards, dim=0).tolist()
    return SurvivalCurve(card.survival.breaks_years, (1.0, *survival))


def _horizon_risks(card: ModelCard, curve: SurvivalCurve | None) -> tuple[HorizonRisk, ...]:
    if card.survival is None or curve is None:
        return ()
    return tuple(
        HorizonRisk(years, float(1 - curve.at(years))) for years in card.survival.horizons_years
    )
