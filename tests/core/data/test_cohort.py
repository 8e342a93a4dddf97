import numpy as np
import pytest

from core.data.cause_groups import CauseGroup
from core.data.cohort import clinical_matrix, mortality_label, read_cohort, require_scans
from core.errors import CohortError
from tests.core.data.cohort_tables import COLUMNS, person, read_rows, write_table

CLINICAL = (*COLUMNS, "age_years", "male", "scanner", "#note")


def refusal(folder, rows, columns=COLUMNS):
    with pytest.raises(CohortError) as caught:
        read_rows(folder, rows, columns=columns)
    assert "PLANTED" not in str(caught.value)
    assert "Zzyzx" not in str(caught.value)
    return caught.value.message


def test_a_table_becomes_rows_with_outcome_and_clinical_values(tmp_path):
    cohort = read_rows(
        tmp_path,
        [
            person(1, "i25.1", age_years=63.5, male=1, scanner="A", time_years="3.25"),
            person(2, age_years="", male=0, scanner="B", **{"#note": "12 and more"}),
        ],
        columns=CLINICAL,
    )
    first, second = cohort.rows
    assert (first.event, first.time_years, first.cause) == (True, 3.25, "I25.1")
    assert first.group is CauseGroup.CARDIAC
    assert first.scan == tmp_path / "scans" / "0001.nii"
    assert dict(first.clinical) == {"age_years": 63.5, "male": 1.0}
    assert dict(second.clinical) == {"male": 0.0}, "a missing value is absent, not guessed"
    assert second.group is None
    assert cohort.clinical_names == ("age_years", "male")
    assert cohort.notes == ("Columns of text are not used: scanner.",)
    matrix = clinical_matrix(cohort.rows, cohort.clinical_names)
    assert np.array_equal(matrix, [[63.5, 1], [np.nan, 0]], equal_nan=True)


def test_the_label_is_of_the_endpoint_and_other_deaths_have_none(tmp_path):
    causes = ("I25", "J44", "C34", "K70", "")
    rows = [person(number, cause) for number, cause in enumerate(causes)]
    rows.append(person(9, event=1))  # died, nobody knows of what
    found = [mortality_label(row) for row in read_rows(tmp_path, rows).rows]
    assert found == [True, True, None, None, False, None]


def test_the_label_of_another_endpoint_needs_no_other_table(tmp_path):
    (row,) = read_rows(tmp_path, [person(1, "C34.1")]).rows
    assert mortality_label(row, (CauseGroup.LUNG_CANCER,)) is True


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"patient_id": ""}, "row 3, column 'patient_id': it is empty"),
        ({"scan": ""}, "row 3, column 'scan': it is empty"),
        ({"event": "yes Zzyzx"}, "row 3, column 'event': 0 or 1 was expected, a text found"),
        ({"event": 2}, "row 3, column 'event': 0 or 1 was expected, another number found"),
        ({"time_years": -1}, "row 3, column 'time_years': a time of 0 years or more"),
        ({"time_years": "nan"}, "row 3, column 'time_years': a time of 0 years"),
        ({"time_years": "1e999"}, "row 3, column 'time_years': a time of 0 years"),
        (
            {"time_years": 2165},
            "row 3, column 'time_years': more than 120 is no time in years; are",
        ),
        ({"cause": "Zzyzx", "event": 1}, "row 3, column 'cause': an ICD-10 code such as I25.1"),
        ({"cause": "I25", "event": 0}, "row 3, column 'cause': a cause of death is given"),
        ({"scan": "scans/0001.nii"}, "row 3, column 'scan': it stands in row 2 already"),
    ],
)
def test_a_fault_is_named_by_row_and_column_and_without_the_patient(tmp_path, cells, words):
    assert words in refusal(tmp_path, [person(1), person(2, **cells)])


def test_a_number_column_with_a_word_in_it_is_a_fault_not_a_text_column(tmp_path):
    rows = [person(1, age_years=61), person(2, age_years="Zzyzx")]
    message = refusal(tmp_path, rows, columns=CLINICAL)
    assert "row 3, column 'age_years': a number or an empty cell was expected, a text" in message


def test_a_patient_who_both_died_and_lives_is_refused(tmp_path):
    both = person(1, "I25") | {"scan": "second.nii"}
    message = refusal(tmp_path, [person(1), both])
    assert "row 3, column 'event': row 2 is of the same patient and says otherwise" in message


def test_several_scans_of_a_patient_are_rows_of_one_patient(tmp_path):
    later = person(1, "I25", time_years=1.0) | {"scan": "later.nii"}
    cohort = read_rows(tmp_path, [person(1, "I25"), later, person(2)])
    assert [len(rows) for rows in cohort.patients.values()] == [2, 1]
    assert cohort.rows_of(list(cohort.patients)[1:]) == cohort.rows[2:]


def test_many_faults_are_counted_and_the_first_told(tmp_path):
    message = refusal(tmp_path, [person(number, event="x") for number in range(30)])
    assert message.startswith("The cohort table has 30 faults in 30 rows: row 2, ")
    assert message.endswith("; and 22 more.")


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    path = write_table(tmp_path, [person(1), person(2, event=7)])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1], "", ",,,,", lines[2]]) + "\n")
    with pytest.raises(CohortError, match="row 5, column 'event'"):
        read_cohort(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "needs the columns patient_id"),
        (b"QX77PLANTED,a.nii,0,5,\n", "they are not there"),
        (b"patient_id;scan;event;time_years;cause\n", "separated by semicolons"),
        (b"patient_id,scan,event,time_years,cause\n", "no row below its header"),
        (b"patient_id,scan,event,time_years,cause,age,age\nx,y,0,5,,1,1\n", "found: 'age'"),
        (b"patient_id,scan,event,time_years,cause\nx,y,0,5\n", "row 2: 5 cells were expected, 4"),
        (b'patient_id,scan,event,time_years,cause\n"x,y,0,5,\n', "quotation mark"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "cohort.csv"
    path.write_bytes(content)
    with pytest.raises(CohortError) as caught:
        read_cohort(path)
    assert words in caught.value.message
    assert "PLANTED" not in str(caught.value)


def test_no_table_is_refused_without_its_path(tmp_path):
    with pytest.raises(CohortError) as caught:
        read_cohort(tmp_path / "cohort.csv")
    assert str(tmp_path) not in str(caught.value)


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = write_table(tmp_path, [person(1)])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read_cohort(path).rows) == 1


def test_scans_that_do_not_exist_are_named_by_their_rows(tmp_path):
    cohort = read_rows(tmp_path, [person(1), person(2)])
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "0001.nii").touch()
    with pytest.raises(CohortError, match=r"1 of them do not exist .*row 3\)"):
        require_scans(cohort)
    (tmp_path / "scans" / "0002.nii").touch()
    require_scans(cohort)


def test_no_damage_to_a_table_ends_in_anything_but_a_cohort_or_words(tmp_path):
    """Thousand tables with bytes changed, lost, doubled: never a bug, never a name in the words."""
    rows = [person(k, "I25" if k % 3 else "", age_years=60 + k, male=k % 2) for k in range(6)]
    whole = write_table(tmp_path, rows, columns=CLINICAL).read_bytes()
    random = np.random.default_rng(0)
    told = []
    for _ in range(1000):
        content = bytearray(whole)
        for _ in range(int(random.integers(1, 6))):
            place = int(random.integers(0, len(content)))
            kind = random.integers(0, 3)
            if kind == 0:
                content[place] = int(random.choice([*b',";\n\r\x00\xff0.9eI-', place % 256]))
            elif kind == 1:
                del content[place : place + int(random.integers(1, 20))]
            else:
                content[place:place] = content[place : place + int(random.integers(1, 40))]
        (tmp_path / "cohort.csv").write_bytes(content)
        try:
            read_cohort(tmp_path / "cohort.csv")
        except CohortError as error:
            told.append(str(error))
    assert not any("PLANTED" in words for words in told)
    assert 300 < len(told) < 1000


def test_identifiers_that_are_numbers_are_never_told(tmp_path):
    """A table whose columns slipped by one holds identifiers where outcomes belong."""
    slipped = {"event": 77012345, "time_years": 77012345, "cause": 77012345}
    message = refusal(tmp_path, [person(1, **slipped), person(2, time_years=-77012345)])
    assert message.startswith("The cohort table has 4 faults")
    assert "77" not in message


def test_a_table_that_is_not_there_has_a_remedy_of_its_own(tmp_path):
    with pytest.raises(CohortError, match="no cohort table at this path") as caught:
        read_cohort(tmp_path / "cohort.csv")
    assert "Check the path" in caught.value.remedy


def test_a_table_without_outcomes_is_read_where_none_are_needed_and_gives_no_class(tmp_path):
    rows = [person(1, age_years=61), person(2)]
    path = write_table(tmp_path, rows, columns=("patient_id", "scan", "age_years"))
    cohort = read_cohort(path, outcomes=False)
    assert not cohort.has_outcomes
    assert [mortality_label(row) for row in cohort.rows] == [None, None]
    assert cohort.rows[0].clinical == {"age_years": 61.0}
    with pytest.raises(CohortError, match="needs the columns event, time_years, cause"):
        read_cohort(path)


def test_outcomes_that_are_there_are_checked_where_none_are_needed(tmp_path):
    path = write_table(tmp_path, [person(1, "I25")])
    assert mortality_label(read_cohort(path, outcomes=False).rows[0]) is True
    path = write_table(tmp_path, [person(1)], columns=("patient_id", "scan", "event"))
    with pytest.raises(CohortError, match="needs the columns time_years, cause"):
        read_cohort(path, outcomes=False)


def test_the_table_may_name_who_is_matched_with_whom(tmp_path):
    rows = [person(1, "I25", matched_set="a"), person(2, matched_set="a"), person(3)]
    rows.append(person(2, matched_set="a") | {"scan": "second.nii"})
    cohort = read_rows(tmp_path, rows, columns=(*COLUMNS, "matched_set"))
    assert cohort.matched_sets == ((rows[0]["patient_id"], rows[1]["patient_id"]),)
    assert cohort.clinical_names == ()
    assert cohort.notes == ()
