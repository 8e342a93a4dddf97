from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from core.data.cohort import Cohort, CohortRow, mortality_label
from core.data.folds import Folds, all_tested, make_folds, read_folds, write_folds
from core.data.matching import match_values
from core.errors import CohortError
from core.metrics.classification import auc
from tests.core.data.cohort_tables import cohort_of


def deaths(cohort, patients):
    return sum(mortality_label(row) is True for row in cohort.rows_of(patients))


def test_the_published_cohort_gives_48_for_validation_and_5_folds_of_90():
    cohort = cohort_of(166, 332, lung_cancer=39, other=7)
    folds = make_folds(cohort)
    assert len(folds.validation) == 48
    assert [len(some) for some in folds.folds] == [90] * 5
    assert [deaths(cohort, some) for some in folds.folds] == [30] * 5
    assert deaths(cohort, folds.validation) == 16
    assert len(folds.held_out) == 39
    assert folds.test == ()


def test_every_patient_of_a_class_is_in_exactly_one_part():
    cohort = cohort_of(31, 57, lung_cancer=4, other=3)
    folds = make_folds(cohort, 4, validation=0.1, test=11)
    parts = [*folds.folds, folds.validation, folds.test, folds.held_out]
    everyone = list(chain(*parts))
    assert len(everyone) == len(set(everyone)) == 31 + 57 + 4
    assert (len(folds.validation), len(folds.test)) == (8, 11)  # a tenth of the 77 left
    sizes = [len(some) for some in folds.folds]
    assert max(sizes) - min(sizes) <= 1
    assert {deaths(cohort, some) for some in folds.folds} <= {6, 7}
    for number, some in enumerate(folds.folds):
        assert set(folds.training(number)).isdisjoint({*some, *folds.validation, *folds.test})
        assert len(folds.training(number)) + len(some) == sum(sizes)
        assert {folds.part_of(patient) for patient in some} == {number}
    assert folds.part_of("nobody") is None


def test_the_deal_hangs_on_seed_and_patients_and_not_on_the_order_of_rows():
    cohort = cohort_of(20, 40)
    turned = Cohort(tuple(reversed(cohort.rows)), ())
    assert make_folds(cohort, validation=6) == make_folds(turned, validation=6)
    assert make_folds(cohort, validation=6) != make_folds(cohort, validation=6, seed=1)


def test_all_scans_of_a_patient_lie_in_one_part():
    cohort = cohort_of(20, 40)
    second = tuple(replace(row, time_years=1.0) for row in cohort.rows[::2])
    folds = make_folds(Cohort(cohort.rows + second, ()), validation=6)
    assert folds == make_folds(cohort, validation=6)


def test_a_death_and_its_matches_stay_in_one_part():
    cohort = cohort_of(166, 332, lung_cancer=39)
    patients = list(cohort.patients)
    sets = [(patients[k], *patients[166 + 2 * k : 168 + 2 * k]) for k in range(166)]
    folds = make_folds(cohort, together=sets)
    assert {len({folds.part_of(patient) for patient in some}) for some in sets} == {1}
    assert len(folds.validation) == 48
    assert [len(some) for some in folds.folds] == [90] * 5
    assert [deaths(cohort, some) for some in folds.folds] == [30] * 5
    assert folds.together == tuple(sorted(sets))
    assert folds != make_folds(cohort, together=sets, seed=1)


@pytest.mark.parametrize(("is_kept", "lowest", "highest"), [(False, 0.0, 0.3), (True, 0.4, 0.6)])
def test_parted_matches_teach_a_model_to_be_wrong(is_kept, lowest, highest):
    """Age and smoking alone, by which the sample is matched, can tell nothing: the AUC is 0.5.

    Each death's nearest neighbours are its own matches, so a model of neighbours that was taught on
    them takes the death for one of the living.
    """
    random = np.random.default_rng(2)
    cases = np.c_[random.normal(64, 5, 80), random.normal(55, 20, 80)]
    living = np.c_[random.normal(61, 5, 1000), random.normal(48, 20, 1000)]
    found = match_values(cases, living, within=(5, 10))
    sets = [[cases[k], *living[list(some)]] for k, some in found.items()]
    place = {f"{k}-{i}": row for k, some in enumerate(sets) for i, row in enumerate(some)}
    rows = [CohortRow(name, None, name.endswith("-0"), 2.0, "I25" * name.endswith("-0"), {})
            for name in place]  # fmt: skip
    together = [[f"{k}-{i}" for i in range(3)] for k in range(len(sets))]
    folds = make_folds(Cohort(tuple(rows), ()), validation=0, together=together if is_kept else ())
    areas = []
    for number, left_out in enumerate(folds.folds):
        taught = folds.training(number)
        away = np.array([[place[a] - place[b] for b in taught] for a in left_out]) / (5, 10)
        weight = np.exp(-5 * (away**2).sum(axis=2)) + 1e-12
        died = np.array([name.endswith("-0") for name in taught])
        scores = weight @ died / weight.sum(axis=1)
        areas.append(auc([name.endswith("-0") for name in left_out], scores))
    assert lowest < np.mean(areas) < highest


def test_sets_and_people_without_one_are_dealt_in_their_ratio():
    cohort = cohort_of(60, 140)
    patients = list(cohort.patients)
    sets = [(patients[k], *patients[60 + 2 * k : 62 + 2 * k]) for k in range(40)]
    folds = make_folds(cohort, 4, validation=20, test=30, together=sets)
    parts = [*folds.folds, folds.validation, folds.test]
    assert sorted(chain(*parts)) == sorted(patients)
    assert {len({folds.part_of(patient) for patient in some}) for some in sets} == {1}
    for part in parts:
        assert deaths(cohort, part) / len(part) == pytest.approx(0.3, abs=0.06)
    assert abs(len(folds.validation) - 20) <= 2
    assert abs(len(folds.test) - 30) <= 2


def test_a_patient_of_two_sets_is_refused():
    cohort = cohort_of(6, 12)
    patients = list(cohort.patients)
    with pytest.raises(CohortError, match="matched in two sets"):
        make_folds(cohort, 2, validation=0, together=[patients[:3], patients[2:5]])


def test_a_named_test_set_stays_out_of_the_folds():
    cohort = cohort_of(20, 40)
    wanted = [row.patient_id for row in cohort.rows[10:30]]
    folds = make_folds(cohort, validation=4, test=wanted)
    assert set(folds.test) == set(wanted)
    assert set(chain(*folds.folds)).isdisjoint(wanted)
    with pytest.raises(CohortError, match="1 of 1 patients of the test set are not in the cohort"):
        make_folds(cohort, test=["nobody"])


def test_what_is_written_is_read_again(tmp_path):
    cohort = cohort_of(20, 40, lung_cancer=3)
    together = [[row.patient_id for row in cohort.rows[k:60:20]] for k in range(8)]
    folds = make_folds(cohort, validation=5, test=0.2, together=together, seed=7)
    write_folds(folds, tmp_path / "folds.json")
    assert read_folds(tmp_path / "folds.json", cohort) == folds


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (cohort_of(20, 39, lung_cancer=3), "1 patients of the folds are not in it"),
        (cohort_of(20, 40, lung_cancer=3, other=0), None),
        (cohort_of(20, 40, lung_cancer=3, other=5), None),  # they take no part
        (cohort_of(20, 43), "3 of its patients are in no part, 3 have another outcome"),
        (cohort_of(20, 40, lung_cancer=5), "2 have another outcome"),
    ],
)
def test_folds_that_do_not_fit_the_cohort_are_refused(tmp_path, other, words):
    folds = make_folds(cohort_of(20, 40, lung_cancer=3), validation=5)
    write_folds(folds, tmp_path / "folds.json")
    if words is None:
        assert read_folds(tmp_path / "folds.json", other) == folds
        return
    with pytest.raises(CohortError) as caught:
        read_folds(tmp_path / "folds.json", other)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "folds",
    [
        Folds(0, (("a", "b"), ("b", "c"))),
        Folds(0, (("a",), ("b",)), test=("a",)),
        Folds(0, (("a",),)),
        Folds(0, (("a",), ())),
    ],
)
def test_a_patient_in_two_parts_or_an_empty_fold_is_refused(tmp_path, folds):
    write_folds(folds, tmp_path / "folds.json")
    with pytest.raises(CohortError, match="each patient once"):
        read_folds(tmp_path / "folds.json")


def test_parted_sets_are_refused(tmp_path):
    write_folds(Folds(0, (("a", "b"), ("c",)), together=(("a", "c"),)), tmp_path / "folds.json")
    with pytest.raises(CohortError, match="1 sets are parted"):
        read_folds(tmp_path / "folds.json")


def test_a_test_set_alone_holds_everyone_of_a_class_and_is_read_where_nobody_is_taught(tmp_path):
    cohort = cohort_of(3, 5, lung_cancer=2, other=1)
    folds = all_tested(cohort)
    assert len(folds.test) == 8
    assert deaths(cohort, folds.test) == 3
    assert len(folds.held_out) == 2
    assert (folds.folds, folds.validation) == ((), ())
    write_folds(folds, tmp_path / "folds.json")
    assert read_folds(tmp_path / "folds.json", cohort, is_for_training=False) == folds
    with pytest.raises(CohortError, match=r"a test set alone.* train") as caught:
        read_folds(tmp_path / "folds.json", cohort)
    assert "--folds" in caught.value.remedy
    with pytest.raises(CohortError, match="1 of its patients are in no part"):
        read_folds(tmp_path / "folds.json", cohort_of(3, 6, lung_cancer=2), is_for_training=False)


def test_a_test_set_alone_without_both_classes_is_refused():
    with pytest.raises(CohortError, match="0 deaths of the endpoint and 5 living"):
        all_tested(cohort_of(0, 5, lung_cancer=1))


@pytest.mark.parametrize("folds", [Folds(0, ()), Folds(0, (("a", "b"),), test=("c",))])
def test_evaluation_too_refuses_folds_of_nobody_and_one_fold(tmp_path, folds):
    write_folds(folds, tmp_path / "folds.json")
    with pytest.raises(CohortError, match="each patient once"):
        read_folds(tmp_path / "folds.json", is_for_training=False)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"folds": 3}', b'{"format": 9}'])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "folds.json").write_bytes(content)
    with pytest.raises(CohortError, match="not valid"):
        read_folds(tmp_path / "folds.json")


def test_too_few_deaths_for_the_folds_are_refused():
    with pytest.raises(CohortError, match="3 and 40 are left"):
        make_folds(cohort_of(3, 40), validation=0)
    with pytest.raises(CohortError, match="A part of 80 patients was asked for, 43"):
        make_folds(cohort_of(3, 40), validation=80)
