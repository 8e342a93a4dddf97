"""One person of a cohort: who, what became of them, and why they were chosen."""

from dataclasses import dataclass
from enum import StrEnum

from core.phantom.disease import draw_subject
from core.phantom.outcome import Outcome, draw_outcome
from core.phantom.subject import Subject

SEEDS_OF_A_COHORT = 1_000_000
"""Person k of the cohort with seed s has the seed s times this, plus k."""


class Part(StrEnum):
    """Why a person was chosen."""

    EVERYONE = "everyone"
    CASE = "case"
    CONTROL = "control"
    HELD_OUT = "held_out"


@dataclass(frozen=True)
class Member:
    """A person of a cohort.

    Attributes:
        subject: Anatomy and diseases.
        outcome: End of the follow-up.
        part: Why this person was chosen; held out are deaths from lung cancer.
    """

    subject: Subject
    outcome: Outcome
    part: Part = Part.EVERYONE

    @property
    def patient_id(self) -> str:
        """The seed as an identifier; nobody's."""
        return f"P{self.subject.seed:09d}"


def draw_member(cohort_seed: int, number: int) -> Member:
    """Person `number` (0 to 999,999) of all people that a cohort's seed stands for."""
    subject = draw_subject(cohort_seed * SEEDS_OF_A_COHORT + number)
    return Member(subject, draw_outcome(subject))
