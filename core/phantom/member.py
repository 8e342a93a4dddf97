"""One person of a cohort: who, what became of them, and why they were chosen."""

from dataclasses import dataclass, field
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
        matched_set: Id of the case to whom this person was matched, a case's own; "" without one.
            Follows from who was chosen, so it is no part of what tells cohorts apart.
    """

    subject: Subject
    outcome: Outcome
    part: Part = Part.EVERYONE
    matched_set: str = field(default="", repr=False)

    @property
    def patient_id(self) -> str:
        """The seed as an identifier; nobody's."""
        return f"P{self.subject.seed:09d}"


def draw_member(cohort_seed: int, number: int) -> Member:
    """Person `number` (0 to 999,999) of all people that a cohort's seed stands for."""
    subject = draw_subject(cohort_seed * SEEDS_OF_A_COHORT + number)
    return Member(subject, draw_outcome(subject))
