import pytest

from core.data.series import Patient, SeriesRecord
from core.prognosis import HorizonRisk
from core.report import words


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "0.0 %"),
        (0.0004, "< 0.1 %"),
        (0.0412, "4.1 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "100.0 %"),
        (None, words.NOT_GIVEN),
    ],
)
def test_a_probability_is_never_rounded_to_never_or_to_certainty(probability, text):
    assert words.percent(probability) == text


def test_an_interval_has_both_ends_or_says_that_there_is_none():
    assert words.interval((0.03, 0.052)) == "3.0 % to 5.2 %"
    assert words.interval(None) == words.NOT_GIVEN


def test_a_horizon_is_written_in_the_right_number():
    risks = (HorizonRisk(1, 0.1), HorizonRisk(2.5, 0.2, (0.1, 0.3)))
    assert words.horizon_rows(risks) == [
        ("1 year", "10.0 %", words.NOT_GIVEN),
        ("2.5 years", "20.0 %", "10.0 % to 30.0 %"),
    ]


@pytest.mark.parametrize(
    ("patient", "line"),
    [
        (Patient("DOE^JANE^^Dr", "42"), "DOE JANE Dr · 42"),
        (Patient("", "42"), "42"),
        (Patient("^^", " "), words.ANONYMISED),
    ],
)
def test_a_patient_without_name_and_identifier_is_called_anonymised(patient, line):
    assert words.patient_line(patient) == line


@pytest.mark.parametrize(
    ("age", "sex", "text"),
    [
        ("067Y", "F", "67 years, female"),
        ("008M", "", "8 months, sex not stated"),
        ("", "M", "age not stated, male"),
        ("", "", words.NOT_STATED),
        ("old", "?", words.NOT_STATED),
    ],
)
def test_age_and_sex_are_read_from_their_codes(age, sex, text):
    assert words.age_and_sex(Patient(age=age, sex=sex)) == text


@pytest.mark.parametrize(
    ("stored", "text"),
    [("20190314", "2019-03-14"), ("", words.NOT_STATED), ("20191399", words.NOT_STATED)],
)
def test_a_date_that_is_none_is_not_stated(stored, text):
    assert words.date(stored) == text


def test_missing_headers_are_not_stated():
    series = SeriesRecord("1.2", ())
    assert words.scanner(series) == words.NOT_STATED
    assert words.tube_voltage(series) == words.NOT_STATED


def test_negative_scores_have_a_true_minus():
    assert words.signed(-0.3488) == "\N{MINUS SIGN}0.349"
    assert words.signed(2) == "+2.000"
