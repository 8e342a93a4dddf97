from itertools import permutations

import numpy as np
import pytest

from core.data.cohort import CohortRow
from core.data.matching import match, match_values
from core.errors import CohortError


def row(name, died, age, male, pack_years):
    clinical = {"age_years": age, "male": male, "pack_years": pack_years}
    cause = "I25" if died else ""
    return CohortRow(name, None, died, 3.0, cause, clinical, number=int(name[1:]) + 2)


def test_matches_lie_within_the_tolerances_and_the_nearest_are_taken():
    sample = match(
        [
            row("p0", True, 60, 1, 40),
            row("p1", False, 60, 0, 40),  # other sex
            row("p2", False, 65.1, 1, 40),  # too old
            row("p3", False, 60, 1, 50.5),  # smoked too much
            row("p4", False, 65, 1, 50),  # at both limits
            row("p5", False, 61, 1, 42),
            row("p6", False, 62, 1, 40),
        ]
    )
    ((case, *matches),) = sample.sets
    assert case.patient_id == "p0"
    assert {each.patient_id for each in matches} == {"p5", "p6"}
    assert sample.patients == {"p0", "p5", "p6"}
    assert sample.unmatched == ()


def test_a_death_without_enough_matches_is_counted_and_frees_what_it_held():
    sample = match(
        [
            row("p0", True, 60, 1, 40),
            row("p1", True, 69, 1, 40),  # only p2 is eligible
            row("p2", False, 64.5, 1, 40),
            row("p3", False, 56, 1, 40),
        ]
    )
    assert [[each.patient_id for each in some] for some in sample.sets] == [["p0", "p2", "p3"]]
    assert [each.patient_id for each in sample.unmatched] == ["p1"]


def test_every_case_is_matched_where_a_greedy_choice_would_leave_one_over():
    # Case 0 is nearest to candidate 0, the only one that case 1 may have.
    found = match_values(
        np.array([[60.0], [64.0]]), np.array([[60.5], [55.5]]), within=(5,), ratio=1
    )
    assert found == {0: (1,), 1: (0,)}


def test_the_total_distance_is_the_least_of_all_choices():
    random = np.random.default_rng(3)
    cases, others = random.uniform(0, 4, (3, 2)), random.uniform(0, 4, (6, 2))
    found = match_values(cases, others, within=(5, 5))
    distance = ((cases[:, None] - others) ** 2 / 25).sum(axis=2)
    ours = sum(distance[case, list(some)].sum() for case, some in found.items())
    least = min(
        sum(distance[k // 2, each] for k, each in enumerate(order))
        for order in permutations(range(6))
    )
    assert ours == pytest.approx(least)


def test_nobody_is_used_twice_in_a_large_sample():
    random = np.random.default_rng(1)
    cases = np.c_[random.normal(64, 5, 60), random.integers(0, 2, 60), random.normal(55, 20, 60)]
    others = np.c_[
        random.normal(61, 5, 900), random.integers(0, 2, 900), random.normal(48, 20, 900)
    ]
    found = match_values(cases, others, within=(5, 0, 10))
    used = [index for some in found.values() for index in some]
    assert len(found) >= 55
    assert len(used) == len(set(used)) == 2 * len(found)
    for case, some in found.items():
        assert (np.abs(others[list(some)] - cases[case]) <= (5, 0, 10)).all()


def test_a_missing_value_or_column_or_a_second_scan_is_refused():
    living = row("p1", False, 60, 1, 40)
    lacking = CohortRow("p2", None, True, 1.0, "I25", {"age_years": 61.0, "male": 1.0}, number=4)
    with pytest.raises(
        CohortError, match="'pack_years' in every row; 1 of 2 lack it, the first is row 4"
    ):
        match([living, lacking])
    with pytest.raises(CohortError, match="'smoking' in every row; 1 of 1"):
        match([living], tolerances={"smoking": 1})
    with pytest.raises(CohortError, match="one scan a patient"):
        match([living, living])


def test_without_cases_or_candidates_nothing_is_matched():
    assert match_values(np.zeros((0, 1)), np.zeros((3, 1)), within=(1,)) == {}
    assert match_values(np.zeros((2, 1)), np.zeros((0, 1)), within=(1,)) == {}
