"""What a series may be used for, with the reasons in words."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How serious a finding is; a verdict is as serious as its worst reason."""

    PASS = 0
    WARN = 1
    BLOCK = 2

    @property
    def word(self) -> str:
        """The verdict as a word: pass, warn or block."""
        return self.name.lower()


@dataclass(frozen=True)
class Reason:
    """One finding about a series.

    Attributes:
        level: WARN or BLOCK.
        text: What was expected and what was found.
        remedy: What the user can do.
    """

    level: Level
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class Verdict:
    """May the series be used for one purpose, and why not."""

    reasons: tuple[Reason, ...] = ()

    @property
    def level(self) -> Level:
        """The worst of the reasons; PASS without any."""
        return max((reason.level for reason in self.reasons), default=Level.PASS)

    @property
    def worst(self) -> Reason | None:
        """The first of the most serious reasons, None where the verdict is PASS."""
        return next((reason for reason in self.reasons if reason.level == self.level), None)


@dataclass(frozen=True)
class Fitness:
    """Verdicts for the three things that Thoralens does with a series."""

    view: Verdict = Verdict()
    model: Verdict = Verdict()
    calcium: Verdict = Verdict()
