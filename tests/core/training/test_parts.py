"""Who trains, validates and tests; labels and clinical values of each scan."""

from pathlib import Path

import numpy as np
import pytest

from core.data.cohort import CohortRow
from core.data.folds import Folds
from core.models.cards import ClinicalColumn
from core.training.configuration import TrainingError
from core.training.examples import examples_of
from core.training.parts import parts_of

AGE = ClinicalColumn(name="age", title="Age", minimum=40, maximum=90)
DEAD, ALIVE, CANCER, ACCIDENT = "I21", "", "C34", "V89"


def row(patient, cause, age=65.0):
    return CohortRow(patient, Path("s"), bool(cause), 2.0, cause, {"age": age}, 7)


ROWS = [
    row("a", DEAD), row("b", ALIVE), row("c", DEAD), row("d", ALIVE), row("d", ALIVE, 66.0),
    row("e", DEAD), row("f", ALIVE), row("g", DEAD), row("h", ALIVE), row("i", CANCER),
    row("j", ACCIDENT),
]  # fmt: skip
FOLDS = Folds(0, (("a", "b"), ("c", "d")), ("e", "f"), ("g", "h"), ("i",))


def examples():
    return examples_of(ROWS, [str(k) for k in range(len(ROWS))], ())


def names(some):
    return "".join(row.patient_id for row in some.rows)


def test_every_scan_of_a_patient_lies_in_one_part():
    first, second, final = parts_of(examples(), FOLDS, ("folds", "final"))
    assert (first.name, first.fold, second.fold) == ("fold-1", 0, 1)
    assert (names(first.training), names(first.test)) == ("cddj", "ab")
    assert (names(second.training), names(second.test)) == ("abj", "cdd")
    assert (names(final.training), names(final.test)) == ("abcddj", "gh")
    assert names(final.held_out) == "i"
    assert {names(part.validation) for part in (first, second, final)} == {"ef"}


def test_a_death_of_another_cause_teaches_as_censored_and_is_never_tested_on():
    for part in parts_of(examples(), FOLDS, ("folds", "final")):
        place = names(part.training).index("j")
        assert not part.training.events[place]
        assert not part.training.has_label[place]
        assert "j" not in names(part.validation) + names(part.test)


def test_only_the_parts_that_are_wanted_are_made():
    assert [part.name for part in parts_of(examples(), FOLDS, ("final",))] == ["final"]


def test_a_death_of_another_cause_has_no_label_and_counts_as_censored():
    found = examples()
    np.testing.assert_array_equal(found.has_label, [True] * 9 + [False] * 2)
    np.testing.assert_array_equal(found.events, found.labels)
    assert names(found.take(found.labels)) == "aceg"


def test_a_part_without_deaths_is_refused():
    folds = Folds(0, (("a", "b"), ("d",)), ("e", "f"))
    with pytest.raises(TrainingError, match="training scans of fold-1 hold 0 deaths"):
        parts_of(examples(), folds, ("folds",))


def test_a_scan_without_a_key_is_left_out():
    assert names(examples_of(ROWS[:3], ["1", "", "3"], ())) == "ac"


def test_clinical_values_are_scaled_and_never_guessed():
    found = examples_of([row("a", DEAD, 65.0)], ["k"], [AGE])
    np.testing.assert_allclose(found.clinical, [[0.5]])
    with pytest.raises(TrainingError, match=r"Row 7 .* 'age': .* between 40 and 90") as caught:
        examples_of([ROWS[0], row("b", ALIVE, 120.0)], ["k", "l"], [AGE])
    assert "120" not in str(caught.value)
    nobody = CohortRow("z", Path("s"), False, 2.0, "", {})
    with pytest.raises(TrainingError, match="column 'age': the value is missing"):
        examples_of([nobody], ["k"], [AGE])
