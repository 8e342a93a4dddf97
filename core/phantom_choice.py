"""Who of all synthetic people is imaged: everyone, or deaths with their matched controls.

Stands between the rooms of the phantom and of data, which do not know each other.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.data.matching import PUBLISHED_RATIO, PUBLISHED_TOLERANCES, match_values
from core.errors import CohortError
from core.phantom.member import SEEDS_OF_A_COHORT, Member, Part, draw_member
from core.phantom.outcome import CARDIAC_OR_RESPIRATORY, Cause
from core.phantom.subject import Sex

DRAWN_AT_ONCE = 1000
HELD_OUT_SHARE = 12
"""One death from lung cancer is held out for so many people of the matched sample."""


def consecutive(count: int, seed: int) -> tuple[Member, ...]:
    """The first people of a cohort's seed, whatever becomes of them."""
    return tuple(draw_member(seed, number) for number in range(count))


def matched(count: int, seed: int) -> tuple[Member, ...]:
    """Cardiac and respiratory deaths, two living controls each, and held-out lung cancer deaths.

    Controls are of the same sex, within 5 years of age and 10 pack-years (Lu et al. 2022). People
    are drawn until there are enough; about one in twenty dies of heart or lung.

    Args:
        count: Cases and controls together; lung cancer deaths, a twelfth of it, come on top.
        seed: Of the cohort.

    Returns:
        Members in the order of their seeds.

    Raises:
        CohortError: Fewer than one case, or more people than a seed stands for.
    """
    cases_wanted = count // (1 + PUBLISHED_RATIO)
    if cases_wanted < 1:
        raise CohortError(
            f"A matched sample needs at least {1 + PUBLISHED_RATIO} people, found {count}.",
            "Ask for more subjects.",
        )
    drawn: list[Member] = []
    while len(drawn) + DRAWN_AT_ONCE <= SEEDS_OF_A_COHORT:
        first = len(drawn)
        drawn += [draw_member(seed, first + k) for k in range(DRAWN_AT_ONCE)]
        held_out = [member for member in drawn if member.outcome.cause is Cause.LUNG_CANCER]
        if len(held_out) * HELD_OUT_SHARE < count or _count_cases(drawn) < cases_wanted:
            continue
        sets = _matched_sets(drawn)
        if len(sets) >= cases_wanted:
            chosen = [member for some in sets[:cases_wanted] for member in some]
            chosen += [replace(m, part=Part.HELD_OUT) for m in held_out[: count // HELD_OUT_SHARE]]
            return tuple(sorted(chosen, key=lambda member: member.subject.seed))
    raise CohortError(
        f"Expected {cases_wanted} cases with controls among {SEEDS_OF_A_COHORT:,} people, "
        "found fewer.",
        "Ask for fewer subjects, or join cohorts of several seeds.",
    )


def _is_case(member: Member) -> bool:
    return member.outcome.cause in CARDIAC_OR_RESPIRATORY


def _count_cases(members: list[Member]) -> int:
    return sum(_is_case(member) for member in members)


def _matched_sets(members: list[Member]) -> list[tuple[Member, ...]]:
    """Each a case and its controls, in the order of the cases."""
    cases = [member for member in members if _is_case(member)]
    living = [member for member in members if not member.outcome.event]
    found = match_values(
        _matching_table(cases), _matching_table(living), within=tuple(PUBLISHED_TOLERANCES.values())
    )
    return [
        (
            replace(cases[k], part=Part.CASE, matched_set=cases[k].patient_id),
            *(
                replace(living[i], part=Part.CONTROL, matched_set=cases[k].patient_id)
                for i in controls
            ),
        )
        for k, controls in sorted(found.items())
    ]


def _matching_table(members: list[Member]) -> NDArray[np.float64]:
    """Age, sex, pack-years: the columns of `PUBLISHED_TOLERANCES`, in its order."""
    subjects = [member.subject for member in members]
    return np.array([[s.age_years, s.sex is Sex.MALE, s.pack_years] for s in subjects], float)
