"""What a trained model says of scans, from their pooled features."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.models.mortality_resnet3d import DEAD, MortalityResNet3D
from core.training.configuration import MORTALITY, SURVIVAL
from core.training.examples import Examples
from core.training.objectives import death_risk
from core.training.prediction_table import PredictionRow


@dataclass(frozen=True, eq=False)
class Said:
    """Of N scans.

    Attributes:
        probability: (N,) of death.
        risk_score: (N,) its log odds.
        survival: (N, horizons), empty without a survival head.
        hazard_logits: (N, intervals), None without a survival head.
    """

    probability: NDArray[np.float64]
    risk_score: NDArray[np.float64]
    survival: NDArray[np.float64]
    hazard_logits: Tensor | None


@torch.no_grad()
def said_of(
    network: MortalityResNet3D,
    pooled: Tensor,
    clinical: NDArray[np.float32],
    *,
    breaks_years: Sequence[float],
    horizons_years: Sequence[float],
) -> Said:
    """What the heads say of pooled features.

    Args:
        network: In evaluation mode.
        pooled: (N, 512).
        clinical: (N, values) scaled to 0..1.
        breaks_years: Of the survival head.
        horizons_years: At which survival is wanted; linear between the breaks.
    """
    values = torch.from_numpy(clinical) if clinical.shape[1] else None
    output = network.eval().heads(pooled[:, :, None, None, None], values)
    logits = output.logits.double()
    survival = np.zeros((len(pooled), 0))
    if output.hazard_logits is not None:
        curve = torch.cumprod(torch.sigmoid(-output.hazard_logits.double()), dim=1).numpy()
        curve = np.hstack((np.ones((len(curve), 1)), curve))
        survival = np.array([np.interp(horizons_years, breaks_years, each) for each in curve])
    return Said(
        torch.softmax(logits, dim=1)[:, DEAD].numpy(),
        (logits[:, DEAD] - logits[:, 1 - DEAD]).numpy(),
        survival,
        output.hazard_logits,
    )


def prediction_rows(
    examples: Examples,
    said: Said,
    *,
    fold: int | str,
    horizons_years: Sequence[float],
    heads: Collection[str],
) -> list[PredictionRow]:
    """One row for each scan, of what was taught: the other heads hold random numbers.

    Args:
        examples: Whose scans they are.
        said: Of them, by all heads.
        fold: That the scans were left out of.
        horizons_years: Of `said.survival`.
        heads: That were taught: "mortality", "survival". Without mortality there is no probability
            and the risk is that of the survival curve; with neither there is no row.
    """
    tells_mortality = MORTALITY in heads
    tells_survival = SURVIVAL in heads and said.hazard_logits is not None
    risks = death_risk(said.hazard_logits) if tells_survival else None
    ranks = said.risk_score if tells_mortality else risks
    if ranks is None:
        return []
    horizons = horizons_years if tells_survival else ()
    return [
        PredictionRow(
            patient_id=row.patient_id,
            fold=fold,
            label=bool(examples.labels[k]) if examples.has_label[k] else None,
            event=row.event,
            time_years=row.time_years,
            probability=float(said.probability[k]) if tells_mortality else None,
            risk_score=float(ranks[k]),
            survival={years: float(said.survival[k, n]) for n, years in enumerate(horizons)},
            survival_risk=None if risks is None else float(risks[k]),
        )
        for k, row in enumerate(examples.rows)
    ]
