"""`thoralens-core cohort` as scripts use it: counts, flow, folds, exit status, no name anywhere."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.data.cohort import read_cohort
from core.data.folds import read_folds
from core.data.matching import match
from tests.core.data.cohort_tables import COLUMNS, person, write_table

WITH_MATCHING = (*COLUMNS, "slice_thickness_mm", "age_years", "male", "pack_years", "site")


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", "cohort", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.fixture
def table(tmp_path):
    alike = {"slice_thickness_mm": 2, "male": 1, "pack_years": 40, "site": "Zzyzx"}
    rows = [person(k, "I25" if k < 12 else "", age_years=55 + k % 12, **alike) for k in range(48)]
    rows += [person(60, "C34", age_years=60, **alike), person(61, "K70", age_years=60, **alike)]
    rows.append(person(62, age_years=60, **alike) | {"slice_thickness_mm": 5})
    (tmp_path / "in").mkdir()
    return write_table(tmp_path / "in", rows, columns=WITH_MATCHING)


def test_published_rules_give_a_flow_a_new_table_and_folds(table, tmp_path):
    chosen, folds = tmp_path / "out" / "chosen.csv", tmp_path / "out" / "folds.json"
    done = run(
        table, "--published", "--out", chosen, "--folds", folds,
        "--validation", "6", "--fold-count", "3", "--test", "0.2", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [(step["name"], step["patients"]) for step in document["flow"]] == [
        ("table", 51), ("thin_slices", 50), ("known_outcome", 49), ("one_scan_a_patient", 49),
        ("matched_sample", 37),
    ]  # fmt: skip
    assert document["deaths"] == {"cardiac": 12, "lung_cancer": 1}
    assert document["folds"]["folds"] == [9, 9, 6]  # sets of three
    cohort = read_cohort(chosen)
    assert len(cohort.rows) == 37
    assert cohort.rows[0].scan.resolve() == (tmp_path / "in" / "scans" / "0000.nii").resolve()
    assert cohort.clinical_names == ("slice_thickness_mm", "age_years", "male", "pack_years")
    dealt = read_folds(folds, cohort)
    assert (len(dealt.test), len(dealt.validation)) == (6, 6)
    for some in match(cohort.rows).sets:
        assert len({dealt.part_of(row.patient_id) for row in some}) == 1


def test_the_flow_is_printed_for_people(table):
    done = run(table, "--include", "thin_slices", "--include", "known_outcome")
    assert done.returncode == 0, done.stderr
    assert "49 scans of 49 patients: 36 alive; deaths: cardiac 12, lung cancer 1." in done.stdout
    assert "Columns of text are not used: site." in done.stdout
    assert "Research use only" in done.stderr


def test_faults_end_with_status_3_and_name_row_and_column_but_nobody(table):
    table.write_text(table.read_text().replace(",0,6.5,", ",7,6.5,", 1))
    done = run(table)
    assert done.returncode == 3
    assert done.stdout == ""
    assert (
        "row 14, column 'event': 0 or 1 was expected, another number found"
        in done.stderr.replace("\n", " ")
    )
    assert "PLANTED" not in done.stderr
    assert "Zzyzx" not in done.stderr


def test_a_cohort_for_testing_alone_is_dealt_in_words(table, tmp_path):
    folds = tmp_path / "folds.json"
    done = run(table, "--folds", folds, "--fold-count", 0)
    assert done.returncode == 0, done.stderr
    assert "No fold; validation 0, test 49, lung cancer held out 1." in done.stdout
    assert len(read_folds(folds, read_cohort(table), is_for_training=False).test) == 49
    done = run(table, "--folds", folds, "--fold-count", 0, "--test", "0.3")
    assert done.returncode == 3
    assert "Leave --test away" in done.stderr.replace("\n", " ")


def test_the_table_itself_is_never_written_over(table):
    before = table.read_bytes()
    done = run(table, "--out", table)
    assert done.returncode == 3
    assert table.read_bytes() == before


def test_sets_that_the_table_names_stay_in_one_fold_without_matching_anew(tmp_path):
    """Here the sets are of people nobody would match by age."""
    sets = [f"set {k % 12}" for k in range(36)]
    rows = [
        person(k, "I25" if k < 12 else "", matched_set=sets[k], age_years=50 + k) for k in range(36)
    ]
    table = write_table(tmp_path, rows, columns=(*COLUMNS, "matched_set", "age_years"))
    folds = tmp_path / "folds.json"
    done = run(table, "--folds", folds, "--validation", 6, "--fold-count", 3)
    assert done.returncode == 0, done.stderr
    dealt = read_folds(folds, read_cohort(table))
    for name in set(sets):
        parts = {dealt.part_of(row["patient_id"]) for row in rows if row["matched_set"] == name}
        assert len(parts) == 1
