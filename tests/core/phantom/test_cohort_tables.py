import csv
import io
import math

import pytest

from core.data.cause_groups import CauseGroup
from core.data.cohort import mortality_label, read_cohort
from core.phantom.cohort_tables import cohort_table, truth_table
from core.phantom.member import Part, draw_member
from core.phantom.outcome import CARDIAC_OR_RESPIRATORY, Cause, hazards, oracle_score
from core.phantom.protocol import Size

MEMBERS = tuple(draw_member(3, number) for number in range(300))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    path = tmp_path_factory.mktemp("cohort") / "cohort.csv"
    path.write_bytes(cohort_table(MEMBERS, "subjects/{}/scan.nii.gz"))
    return path, read_cohort(path)


@pytest.fixture(scope="module")
def truths():
    return list(csv.DictReader(io.StringIO(truth_table(MEMBERS, Size.FULL).decode())))


def test_the_room_of_real_cohorts_reads_the_table_without_a_note(cohort):
    path, read = cohort
    assert read.notes == ()
    assert len(read.rows) == 300
    assert len(read.patients) == 300
    first = MEMBERS[0].patient_id
    assert read.rows[0].scan == path.parent / "subjects" / first / "scan.nii.gz"
    assert {"age_years", "male", "pack_years"} <= set(read.clinical_names)


def test_outcomes_keep_their_causes_through_the_codes(cohort):
    groups = {
        Cause.CARDIAC: CauseGroup.CARDIAC,
        Cause.RESPIRATORY: CauseGroup.RESPIRATORY,
        Cause.LUNG_CANCER: CauseGroup.LUNG_CANCER,
        Cause.OTHER: CauseGroup.OTHER,
    }
    seen = set()
    for member, row in zip(MEMBERS, cohort[1].rows, strict=True):
        assert row.event == member.outcome.event
        assert row.time_years == member.outcome.time_years
        if member.outcome.cause is not None:
            assert row.group is groups[member.outcome.cause]
            seen.add(row.group)
        expected = member.outcome.cause in CARDIAC_OR_RESPIRATORY
        assert mortality_label(row) in (expected, None if member.outcome.event else expected)
    assert len(seen) >= 3


def test_the_truth_has_a_row_for_every_row_of_the_cohort(cohort, truths):
    assert [row["patient_id"] for row in truths] == [row.patient_id for row in cohort[1].rows]
    assert {row["part"] for row in truths} == {Part.EVERYONE.value}


def test_the_truth_holds_amounts_hazards_and_the_oracle_in_full(truths):
    for member, row in zip(MEMBERS, truths, strict=True):
        diseases = member.subject.diseases
        assert float(row["total_agatston"]) == diseases.total_agatston
        assert float(row["emphysema"]) == diseases.centrilobular + diseases.panlobular
        assert float(row["effusion_ml"]) == sum(diseases.effusion_ml)
        assert float(row["oracle_score"]) == oracle_score(member.subject)
        survival = [float(row[f"oracle_survival_{years}y"]) for years in (1, 3, 5)]
        expected = [math.exp(-years * oracle_score(member.subject)) for years in (1, 3, 5)]
        assert survival == pytest.approx(expected)
        for cause, hazard in hazards(member.subject).items():
            assert float(row[f"hazard_{cause.value}"]) == hazard


def test_no_people_make_an_empty_table():
    assert cohort_table((), "{}") == b""
