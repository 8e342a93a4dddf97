import pytest

from core.data import inclusion
from core.data.inclusion import include
from core.errors import CohortError
from tests.core.data.cohort_tables import COLUMNS, person, read_rows

WITH_THICKNESS = (*COLUMNS, "slice_thickness_mm", "age_years")


@pytest.fixture
def cohort(tmp_path):
    rows = [
        person(0, "I25", slice_thickness_mm=2.5, age_years=60),
        person(1, slice_thickness_mm=1, age_years=61),
        person(1, slice_thickness_mm=1, age_years=62, time_years=5.5) | {"scan": "again.nii"},
        person(2, slice_thickness_mm=2.6, age_years=63),
        person(3, "J44", slice_thickness_mm=5, age_years=64),
        person(4, "C34", slice_thickness_mm=2, age_years=65),
        person(5, "K70", slice_thickness_mm=2, age_years=66),
        person(6, slice_thickness_mm=2, time_years=0.5),
    ]
    return read_rows(tmp_path, rows, columns=WITH_THICKNESS)


def test_the_flow_counts_who_fell_out_where(cohort):
    rules = [
        inclusion.thin_slices(),
        inclusion.known_outcome(),
        inclusion.one_scan_a_patient(),
        inclusion.followed_up(5),
        inclusion.complete_values(["age_years"]),
    ]
    kept, flow = include(cohort, rules)
    assert [(step.name, step.scans, step.patients, step.deaths) for step in flow] == [
        ("table", 8, 7, 2),
        ("thin_slices", 6, 5, 1),
        ("known_outcome", 5, 4, 1),
        ("one_scan_a_patient", 4, 4, 1),
        ("followed_up", 3, 3, 1),
        ("complete_values", 3, 3, 1),
    ]
    assert [step.scans_out for step in flow] == [0, 2, 1, 1, 1, 0]
    assert [step.patients_out for step in flow] == [0, 2, 1, 0, 1, 0]
    assert [row.number for row in kept.rows] == [2, 3, 7]
    assert kept.clinical_names == cohort.clinical_names


def test_the_published_limit_of_thickness_itself_passes(cohort):
    kept, flow = include(cohort, [inclusion.thin_slices()])
    assert max(row.clinical["slice_thickness_mm"] for row in kept.rows) == 2.5
    assert "2.5 mm" in flow[1].meaning


def test_lung_cancer_may_be_left_out_too(cohort):
    kept, _ = include(cohort, [inclusion.known_outcome(with_lung_cancer=False)])
    assert not any(row.cause.startswith("C34") for row in kept.rows)


def test_the_earliest_scan_is_the_one_with_the_longest_follow_up(cohort):
    kept, _ = include(cohort, [inclusion.one_scan_a_patient()])
    (row,) = kept.rows_of([cohort.rows[1].patient_id])
    assert row.time_years == 6.5


def test_the_thickness_of_a_scan_on_disk_is_read_where_the_table_is_silent(tmp_path, shared_data):
    thick = shared_data / "lungdx-a0002" / "dicom"
    rows = [person(1) | {"scan": str(thick)}, person(2, slice_thickness_mm=1)]
    kept, _ = include(read_rows(tmp_path, rows, columns=WITH_THICKNESS), [inclusion.thin_slices()])
    assert [row.number for row in kept.rows] == [3]


def test_a_scan_that_is_lost_or_too_thick_for_the_model_is_not_usable(
    tmp_path, shared_data, lidc_folder
):
    scans = [tmp_path / "lost", shared_data / "lungdx-a0002" / "dicom", lidc_folder]
    rows = [person(k) | {"scan": str(scan)} for k, scan in enumerate(scans)]
    kept, flow = include(read_rows(tmp_path, rows), [inclusion.usable_scan()])
    assert [row.number for row in kept.rows] == [4]
    assert flow[1].patients_out == 2


def test_the_published_rules_end_in_a_matched_sample(tmp_path):
    columns = (*WITH_THICKNESS, "male", "pack_years")
    alike = {"slice_thickness_mm": 2, "age_years": 60, "male": 1, "pack_years": 40}
    rows = [person(0, "I25", **alike), *(person(k, **alike) for k in (1, 2, 3))]
    rows += [person(4, "C34", **alike), person(5, "K70", **alike)]
    cohort = read_rows(tmp_path, rows, columns=columns)
    kept, flow = include(cohort, inclusion.published_rules())
    assert [(step.name, step.patients) for step in flow] == [
        ("table", 6), ("thin_slices", 6), ("known_outcome", 5), ("one_scan_a_patient", 5),
        ("matched_sample", 4),
    ]  # fmt: skip
    assert [row.cause for row in kept.rows if row.event] == ["I25", "C34"]
    assert flow[-1].meaning.endswith("(age_years within 5, same male, pack_years within 10)")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("thin_slices", "axial slices of at most 2.5 mm"),
        ("thin_slices=3", "axial slices of at most 3 mm"),
        ("followed_up=5", "died, or alive 5 years after the scan"),
        ("complete_values=age_years,bmi", "values of age_years, bmi are known"),
        ("one_scan_a_patient", "the earliest scan of each patient"),
        ("matched_sample=1", "deaths matched 1:1 with the living"),
    ],
)
def test_rules_are_found_by_name_and_value(text, meaning):
    assert inclusion.rule_named(text).meaning.startswith(meaning)


@pytest.mark.parametrize(
    "text", ["thick_slices", "thin_slices=thin", "followed_up", "usable_scan=1", "complete_values"]
)
def test_a_rule_that_does_not_exist_or_lacks_its_value_is_refused(text):
    with pytest.raises(CohortError, match=r"rule") as caught:
        inclusion.rule_named(text)
    assert "Rules are thin_slices, usable_scan" in caught.value.remedy


def test_complete_values_keeps_rows_without_gaps(cohort):
    kept, _ = include(cohort, [inclusion.complete_values(["age_years", "slice_thickness_mm"])])
    assert [row.number for row in kept.rows] == [2, 3, 4, 5, 6, 7, 8]


def test_a_rule_whose_column_is_missing_stops_and_names_the_row(tmp_path):
    rows = [person(1, slice_thickness_mm=1), person(2)]
    cohort = read_rows(tmp_path, rows, columns=WITH_THICKNESS)
    with pytest.raises(CohortError, match="found no thickness in row 3"):
        include(cohort, [inclusion.thin_slices()])


def test_nobody_left_is_an_error_that_names_the_rule(cohort):
    with pytest.raises(CohortError, match=r"after the rule 'thin_slices' \(axial slices of at"):
        include(cohort, [inclusion.thin_slices(0.5)])
