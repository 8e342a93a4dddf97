"""What each stage wants: its loss on a batch, and its score on the validation scans."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional
from numpy.typing import NDArray
from torch import Tensor

from core.losses.discrete_time_hazard import discrete_time_hazard_loss
from core.metrics.classification import auc
from core.metrics.concordance import harrell_c
from core.training.configuration import StageSettings, TrainingError
from core.training.examples import Examples
from core.training.findings import FindingScale
from core.training.stage_network import Outputs

SCORE_WORDS = {"findings": "R2", "survival": "C", "mortality": "AUC", "hybrid": "AUC"}


@dataclass(frozen=True, eq=False)
class Targets:
    """What is known of N scans.

    Attributes:
        labels: (N,) 1 dead, 0 alive.
        events: (N,) bool.
        time_years: (N,).
        findings: (N, columns) in SD, NaN where missing.
        clinical: (N, values) 0..1; None for Model D.
    """

    labels: Tensor
    events: Tensor
    time_years: Tensor
    findings: Tensor
    clinical: Tensor | None

    def take(self, indices: Tensor, device: torch.device) -> "Targets":
        """Some of them, on the device."""
        return Targets(
            self.labels[indices].to(device),
            self.events[indices].to(device),
            self.time_years[indices].to(device),
            self.findings[indices].to(device),
            None if self.clinical is None else self.clinical[indices].to(device),
        )


def targets_of(examples: Examples, scale: FindingScale | None) -> Targets:
    """Labels, times, findings and clinical values as tensors on the CPU."""
    findings = np.zeros((len(examples), 0), np.float32) if scale is None else scale(examples.rows)
    return Targets(
        torch.from_numpy(examples.labels.astype(np.int64)),
        torch.from_numpy(examples.events),
        torch.from_numpy(examples.time_years),
        torch.from_numpy(findings),
        torch.from_numpy(examples.clinical) if examples.clinical.shape[1] else None,
    )


@dataclass(frozen=True, eq=False)
class Objective:
    """Of one stage.

    Attributes:
        stage: Its settings.
        breaks_years: Of the survival head.
    """

    stage: StageSettings
    breaks_years: Tensor

    def loss(self, said: Outputs, known: Targets) -> Tensor:
        """Mean over the batch, a scalar."""
        if self.stage.name == "findings":
            return findings_loss(said.findings, known.findings)
        loss = self._main(said, known)
        if self.stage.findings_weight:
            loss = loss + self.stage.findings_weight * findings_loss(said.findings, known.findings)
        return loss

    def _main(self, said: Outputs, known: Targets) -> Tensor:
        if self.stage.name != "survival":
            return torch.nn.functional.cross_entropy(said.logits, known.labels)
        if said.hazard_logits is None:
            raise TrainingError("The model has no survival head.", "Give breaks_years.")
        survival = torch.sigmoid(-said.hazard_logits)  # 1 - hazard
        return discrete_time_hazard_loss(
            survival, known.events, known.time_years, breaks=self.breaks_years
        )

    def score(self, said: Outputs, known: Targets) -> float:
        """Of the validation scans, larger is better: R2, AUC or Harrell's C.

        Raises:
            TrainingError: They cannot tell one model from another.
        """
        try:
            return self._score(said, known)
        except ValueError as error:
            raise TrainingError(
                f"The validation scans cannot judge the stage '{self.stage.name}': {error}.",
                "Make the folds with a larger validation part, or lower the learning rate.",
            ) from None

    def _score(self, said: Outputs, known: Targets) -> float:
        if self.stage.name == "findings":
            return r_squared(said.findings, known.findings)
        if self.stage.name == "survival":
            risk = death_risk(said.hazard_logits)
            return harrell_c(known.events.numpy(), known.time_years.numpy(), risk)
        risk = (said.logits[:, 1] - said.logits[:, 0]).double().numpy()
        return auc(known.labels.numpy().astype(bool), risk)


def findings_loss(said: Tensor | None, known: Tensor) -> Tensor:
    """Squared error in SD, the mean over the columns that are known of each scan, then over scans.

    Args:
        said: (N, columns).
        known: (N, columns), NaN where missing.
    """
    if said is None:
        raise ValueError("there is no head for findings")
    is_known = torch.isfinite(known)
    apart = torch.where(is_known, said - torch.nan_to_num(known), 0.0)
    return (apart.square().sum(1) / is_known.sum(1).clamp(min=1)).mean()


def r_squared(said: Tensor | None, known: Tensor) -> float:
    """1 - residual / total sum of squares, the mean over the columns that differ; 0 if none do."""
    if said is None:
        raise ValueError("there is no head for findings")
    shares = []
    for column in range(known.shape[1]):
        rows = torch.isfinite(known[:, column])
        truth, guess = known[rows, column].double(), said[rows, column].double()
        total = (truth - truth.mean()).square().sum()
        if total > 0:
            shares.append(float(1 - (truth - guess).square().sum() / total))
    return float(np.mean(shares)) if shares else 0.0


def death_risk(hazard_logits: Tensor | None) -> NDArray[np.float64]:
    """(N,): expected number of survived breaks, turned round: the larger, the earlier the death.

    The area under each survival curve S(t_k) = prod (1 - h_j): one number for a whole curve, which
    Harrell's C then ranks.
    """
    if hazard_logits is None:
        raise ValueError("there is no survival head")
    survival = torch.cumprod(torch.sigmoid(-hazard_logits.double()), dim=1)
    risk: NDArray[np.float64] = -survival.sum(dim=1).numpy()
    return risk
