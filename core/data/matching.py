"""Matched case-control sampling: for each death, living people of like age, sex and smoking.

Lu et al. 2022 matched each death 1:2 by age within 5 years, sex, and smoking within 10 pack-years.
How they chose among several eligible people is [unstated]: here as many deaths as possible get
all their matches, and among those choices the one with the least total distance is taken.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core.data.cohort import CohortRow, clinical_matrix, mortality_label
from core.errors import CohortError

PUBLISHED_TOLERANCES: Mapping[str, float] = MappingProxyType(
    {"age_years": 5.0, "male": 0.0, "pack_years": 10.0}
)
"""Largest difference by clinical column; 0 where it must be equal. Sex is the column `male`."""

PUBLISHED_RATIO = 2
NOT_ELIGIBLE = 1e6
"""Cost of a pair outside the tolerances: more than any sum of eligible ones can save."""


@dataclass(frozen=True)
class MatchedSample:
    """Rows of a matched sample.

    Attributes:
        sets: Each a death and its living matches.
        unmatched: Deaths for whom not enough eligible people were there.
    """

    sets: tuple[tuple[CohortRow, ...], ...]
    unmatched: tuple[CohortRow, ...]

    @property
    def patients(self) -> frozenset[str]:
        """Everyone in a matched set."""
        return frozenset(row.patient_id for some in self.sets for row in some)


def match(
    rows: Sequence[CohortRow],
    *,
    ratio: int = PUBLISHED_RATIO,
    tolerances: Mapping[str, float] = PUBLISHED_TOLERANCES,
) -> MatchedSample:
    """Match every death of the endpoint with living patients; nobody is used twice.

    Args:
        rows: One scan a patient; deaths of other causes take no part.
        ratio: Living patients for each death.
        tolerances: As `PUBLISHED_TOLERANCES`, by columns of the cohort.

    Raises:
        CohortError: A value to match by is missing, or a patient has several scans.
    """
    rows = [row for row in rows if mortality_label(row) is not None]
    _require_matchable(rows, tolerances)
    cases = [row for row in rows if mortality_label(row)]
    living = [row for row in rows if not mortality_label(row)]
    found = match_values(
        clinical_matrix(cases, tolerances),
        clinical_matrix(living, tolerances),
        within=tuple(tolerances.values()),
        ratio=ratio,
    )
    return MatchedSample(
        tuple((cases[k], *(living[i] for i in some)) for k, some in sorted(found.items())),
        tuple(row for k, row in enumerate(cases) if k not in found),
    )


def match_values(
    cases: NDArray[np.float64],
    candidates: NDArray[np.float64],
    *,
    within: Sequence[float],
    ratio: int = PUBLISHED_RATIO,
) -> dict[int, tuple[int, ...]]:
    """Match rows of one table with rows of another.

    Args:
        cases: (N, columns).
        candidates: (M, columns).
        within: Largest difference in each column; 0 where it must be equal.
        ratio: Candidates for each case.

    Returns:
        By index of a matched case the indices of its candidates; a case that cannot have `ratio`
        of them is not there.
    """
    if not len(cases) or not len(candidates):
        return {}
    distance = _distances(cases, candidates, within)
    eligible = (distance < NOT_ELIGIBLE).sum(axis=1)
    left = [k for k in range(len(cases)) if eligible[k] >= ratio]
    while left:
        rows, columns = linear_sum_assignment(np.repeat(distance[left], ratio, axis=0))
        chosen: dict[int, list[int]] = {k: [] for k in left}
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            case = left[row // ratio]
            if distance[case, column] < NOT_ELIGIBLE:
                chosen[case].append(column)
        short = [k for k in left if len(chosen[k]) < ratio]
        if not short:
            return {k: tuple(sorted(some)) for k, some in chosen.items()}
        # What the hardest case holds may complete another.
        left.remove(min(short, key=lambda k: (eligible[k], k)))
    return {}


def _distances(
    cases: NDArray[np.float64], candidates: NDArray[np.float64], within: Sequence[float]
) -> NDArray[np.float64]:
    """(case, candidate): squared differences in units of the tolerances."""
    total = np.zeros((len(cases), len(candidates)))
    outside = np.zeros(total.shape, dtype=bool)
    for column, tolerance in enumerate(within):
        difference = np.abs(cases[:, column, None] - candidates[:, column])
        outside |= ~(difference <= tolerance)  # a missing value is never within
        if tolerance > 0:
            total += (difference / tolerance) ** 2
    return np.where(outside, NOT_ELIGIBLE, total)


def _require_matchable(rows: Collection[CohortRow], tolerances: Mapping[str, float]) -> None:
    for name in tolerances:
        missing = [row.number for row in rows if name not in row.clinical]
        if missing:
            raise CohortError(
                f"Matching needs the clinical column '{name}' in every row; {len(missing)} of "
                f"{len(rows)} lack it, the first is row {missing[0]}.",
                "Add the values as numbers, name other columns to match by, or leave these rows "
                "out by the rule complete_values.",
            )
    if len({row.patient_id for row in rows}) < len(rows):
        raise CohortError(
            "Matching needs one scan a patient; some patients have several.",
            "Choose one of each by the rule one_scan_a_patient.",
        )
