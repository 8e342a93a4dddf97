"""What a map explains: the one number of the network's output whose cause is looked for.

No torch at module level: the viewer names targets, the engine in the child process takes their
value.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import ModelInputError
from core.models.cards import ModelCard

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.mortality_resnet3d import MortalityOutput

TargetKind = Literal["mortality", "risk_score", "horizon"]

ALIVE, DEAD = 0, 1
"""Columns of the mortality logits (`core.models.mortality_resnet3d`)."""


@dataclass(frozen=True)
class Target:
    """A scalar of the network's output.

    Attributes:
        kind: "mortality" is the logit of death; "risk_score" is the logit of death less that of
            survival, the log odds of death; "horizon" is the log odds of death within `years`.
        years: Of "horizon" only, above 0.
    """

    kind: TargetKind = "mortality"
    years: float | None = None

    def __post_init__(self) -> None:
        if (self.kind == "horizon") != (self.years is not None and self.years > 0):
            raise ValueError(f"years above 0 belong to a horizon and to it alone, got {self}")

    @property
    def words(self) -> str:
        """For the panel, the legend and the report."""
        if self.kind == "mortality":
            return f"logit of death (class {DEAD})"
        if self.kind == "risk_score":
            return "risk score (log odds of death)"
        return f"log odds of death within {self.years:g} year{'' if self.years == 1 else 's'}"

    @property
    def file_word(self) -> str:
        """Within the name of a file: "mortality", "risk_score", "horizon-5"."""
        return self.kind if self.years is None else f"{self.kind}-{self.years:g}"

    def values(
        self, output: "MortalityOutput", breaks_years: tuple[float, ...] | None = None
    ) -> "Tensor":
        """The number that is explained, for each scan; differentiable.

        With hazard logits a_k: log S(t_k) = -sum_{j<=k} log(1 + exp a_j); risk r = 1 - S, both
        linear between the breaks as in `core.prognosis.SurvivalCurve`; value = log r - log(1 - r).

        Args:
            output: Of N scans: logits (N, 2), hazard logits (N, K).
            breaks_years: K + 1 breaks of the survival head, rising from 0; only for a horizon.

        Returns:
            (N,), in the precision of `output` (of a horizon: float64, on the CPU).

        Raises:
            ModelInputError: The model has no survival head, or it ends before the horizon.
        """
        if self.kind == "mortality":
            return output.logits[:, DEAD]
        if self.kind == "risk_score":
            return output.logits[:, DEAD] - output.logits[:, ALIVE]
        if output.hazard_logits is None or breaks_years is None:
            raise _no_such_horizon(self, None)
        return _log_odds(output.hazard_logits, breaks_years, self)

    def value(
        self, output: "MortalityOutput", breaks_years: tuple[float, ...] | None = None
    ) -> "Tensor":
        """The sum of `values` over the batch: a scalar whose gradient is each scan's own."""
        return self.values(output, breaks_years).sum()

    def probabilities(
        self, output: "MortalityOutput", breaks_years: tuple[float, ...] | None = None
    ) -> "Tensor":
        """The probability that belongs to the target, for each scan: of death, or of death by then.

        Args:
            output: As for `values`.
            breaks_years: As for `values`.

        Returns:
            (N,), 0..1.

        Raises:
            ModelInputError: As for `values`.
        """
        log_odds = RISK_SCORE if self.kind == "mortality" else self
        return log_odds.values(output, breaks_years).sigmoid()


MORTALITY = Target("mortality")
RISK_SCORE = Target("risk_score")


def targets_of(card: ModelCard) -> tuple[Target, ...]:
    """Every target that a model offers: the logit of death first, then the score, the horizons."""
    years = () if card.survival is None else card.survival.horizons_years
    return MORTALITY, RISK_SCORE, *(Target("horizon", each) for each in years)


def require_target(target: Target, card: ModelCard) -> None:
    """Refuse a target that the model's output does not hold.

    Any horizon up to the last break is allowed, also one that the card does not list.

    Raises:
        ModelInputError: The model has no survival head, or it ends before the horizon.
    """
    if target.years is None:
        return
    breaks_years = None if card.survival is None else card.survival.breaks_years
    if breaks_years is None or target.years > breaks_years[-1]:
        raise _no_such_horizon(target, breaks_years)


def parse_target(text: str) -> Target:
    """The target that a word of the command line names: "mortality", "risk_score", "horizon:3".

    Raises:
        ModelInputError: It names none.
    """
    kind, _, years = text.partition(":")
    try:
        if kind == "horizon":
            return Target("horizon", float(years))
        known = {MORTALITY.kind: MORTALITY, RISK_SCORE.kind: RISK_SCORE}
        return known[text]  # type: ignore[index] # any text may be asked for
    except (KeyError, ValueError):
        raise ModelInputError(
            f"'{text}' is no target of a map.",
            "Give mortality, risk_score, or a horizon in years such as horizon:3.",
        ) from None


def target_in_words(words: str) -> Target:
    """The target that `Target.words` describes.

    Raises:
        ValueError: None does.
    """
    years = re.fullmatch(r"log odds of death within ([0-9.e+-]+) years?", words)
    if years is not None:
        return Target("horizon", float(years[1]))
    for known in (MORTALITY, RISK_SCORE):
        if known.words == words:
            return known
    raise ValueError(f"no target is described as {words!r}")


def _log_odds(hazard_logits: "Tensor", breaks_years: tuple[float, ...], target: Target) -> "Tensor":
    """Log odds of death within the target's years: (N,), float64 on the CPU (Apple has none)."""
    years = target.years
    if years is None or years > breaks_years[-1]:
        raise _no_such_horizon(target, breaks_years)
    last = max(k for k in range(len(breaks_years) - 1) if breaks_years[k] < years)
    share = (years - breaks_years[last]) / (breaks_years[last + 1] - breaks_years[last])
    hazards = hazard_logits.cpu().double()
    log_survival = -hazards.logaddexp(hazards.new_zeros(())).cumsum(dim=1)  # (N, K)
    after = log_survival[:, last]
    before = log_survival[:, last - 1] if last else hazards.new_zeros(len(hazards))
    risk = -((1 - share) * before.expm1() + share * after.expm1())
    survival = (1 - share) * before.exp() + share * after.exp()
    return risk.log() - survival.log()


def _no_such_horizon(target: Target, breaks_years: tuple[float, ...] | None) -> ModelInputError:
    if breaks_years is None:
        return ModelInputError(
            f"A map of the {target.words} was asked for, but this model has no survival head.",
            "Choose the logit of death or the risk score.",
        )
    return ModelInputError(
        f"A map of the {target.words} was asked for, but this model ends at "
        f"{breaks_years[-1]:g} years.",
        f"Choose a horizon of at most {breaks_years[-1]:g} years.",
    )
