"""Findings: columns of the cohort or of another table, in SD of the training scans."""

from pathlib import Path

import numpy as np
import pytest

from core.data.cohort import Cohort, CohortRow
from core.errors import CohortError
from core.training.configuration import TrainingError
from core.training.findings import (
    finding_scale,
    findings_of_cohort,
    read_findings,
    require_findings,
)


def row(patient, **clinical):
    return CohortRow(patient, Path("scan"), False, 1.0, "", clinical)


ROWS = (row("a", size=1.0), row("b", size=3.0), row("c"))


def test_columns_of_the_cohort_are_scaled_by_the_training_scans_alone():
    table = findings_of_cohort(Cohort(ROWS, ("size",)))
    scale = finding_scale(table, ROWS[:2], ("size",))
    np.testing.assert_allclose(scale(ROWS), [[-1], [1], [np.nan]])
    np.testing.assert_allclose(scale((row("d"), ROWS[1])), [[np.nan], [1]])


def test_a_table_of_its_own_names_patients_and_text_is_left_unread(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("patient_id,calcium,kernel,empty\nb,7,soft,\na,0,lung,2\nc,,soft,\n")
    table = read_findings(path)
    assert table.names == {"calcium", "empty"}
    values = table.values(ROWS, ("calcium", "log:calcium", "empty"))
    expected = [[0, 0, 2], [7, np.log(8), np.nan], [np.nan, np.nan, np.nan]]
    np.testing.assert_allclose(values, expected)


def test_every_scan_of_a_patient_has_its_own_finding():
    rows = (row("a", size=60.0), row("a", size=90.0))
    values = findings_of_cohort(Cohort(rows, ("size",))).values(rows, ("size",))
    np.testing.assert_array_equal(values, [[60], [90]])


def test_a_table_of_findings_that_names_a_patient_twice_is_refused_by_its_row(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("patient_id,size\nQX77,60\nb,1\nQX77,90\n")
    with pytest.raises(CohortError, match=r"Row 4 .* names a patient of an earlier row") as caught:
        read_findings(path)
    assert "QX77" not in str(caught.value)


def test_an_unknown_finding_is_refused_with_the_names_of_the_known():
    with pytest.raises(TrainingError, match=r"no findings weight.*size"):
        findings_of_cohort(Cohort(ROWS, ("size",))).values(ROWS, ("weight",))


def test_a_finding_that_is_the_same_for_all_is_refused():
    table = findings_of_cohort(Cohort(ROWS, ("size",)))
    with pytest.raises(TrainingError, match=r"'size' cannot be learned: .* 1 different"):
        finding_scale(table, ROWS[:1], ("size",))


def test_a_logarithm_of_less_than_nothing_is_refused():
    rows = (row("a", size=-1.0), row("b", size=3.0))
    with pytest.raises(TrainingError, match="below 0"):
        findings_of_cohort(Cohort(rows, ("size",))).values(rows, ("log:size",))


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("a,b\n1,2\n", "column")])
def test_a_table_that_names_no_patients_is_refused(tmp_path, content, words):
    path = tmp_path / "truth.csv"
    if content:
        path.write_text(content)
    with pytest.raises(CohortError, match=words):
        read_findings(path)


def test_a_table_as_excel_writes_it_is_read_as_the_cohort_is(tmp_path):
    """A mark before the first name, blanks around cells, empty lines between."""
    path = tmp_path / "truth.csv"
    path.write_bytes(b"\xef\xbb\xbfpatient_id,size\r\n\r\n a ,1\r\nb, 3\r\n,\r\n")
    table = read_findings(path)
    np.testing.assert_array_equal(table.values(ROWS[:2], ("size",)), [[1], [3]])
    assert set(table.patients) == {"a", "b"}


@pytest.mark.parametrize(
    ("last", "words"),
    [("a,2", "Row 5 .* a patient of an earlier row"), ("c", "Row 5 .* has 1 cells")],
)
def test_rows_are_counted_as_a_spreadsheet_does(tmp_path, last, words):
    path = tmp_path / "truth.csv"
    path.write_text(f"patient_id,size\n\na,1\n\n{last}\n")
    with pytest.raises(CohortError, match=words):
        read_findings(path)


def test_training_patients_without_a_row_are_counted(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("patient_id,size\na,1\nb,\nd,2\n")
    table = read_findings(path)
    require_findings(table, (ROWS[0], ROWS[1], row("d")), ("size",))
    with pytest.raises(TrainingError, match="2 of the 3 training patients have no row"):
        require_findings(table, (*ROWS, row("x"), row("x"))[1:], ("size",))
