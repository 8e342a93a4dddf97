import pytest

from core.errors import CohortError
from core.training.prediction_table import PredictionRow, read_table, write_table

ROWS = (
    PredictionRow("QX77PLANTED1", 0, True, True, 1.25, 0.75, 1.1, {1.0: 0.9, 2.5: 0.4}, -6.25),
    PredictionRow("a, b", "test", None, True, 2.0, None, -0.3, {1.0: 1.0, 2.5: 0.0}),
    PredictionRow("c", "held_out", False, False, 0.1 + 0.2, 1 / 3, 2e-9, {1.0: 0.5, 2.5: 0.5}),
)


def test_what_is_written_is_read_again_to_the_last_digit(tmp_path):
    write_table(tmp_path / "predictions.csv", ROWS)
    assert read_table(tmp_path / "predictions.csv") == ROWS
    header = (tmp_path / "predictions.csv").read_text().splitlines()[0]
    assert header.endswith("probability,risk_score,survival_risk,survival_1y,survival_2.5y")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("0.75", "1.75"), "Row 2 of the predictions of a model is not valid"),
        (("1.25", "nan"), "Row 2 of the predictions of a model is not valid"),
        (("held_out", "elsewhere"), "Row 4 of the predictions of a model is not valid"),
        (("risk_score", "score"), "The predictions of a model lack the columns risk_score"),
        (("survival_1y", "survival_one"), "names no years"),
    ],
)
def test_a_damaged_table_is_refused_by_row_or_column_without_the_patient(tmp_path, change, words):
    path = tmp_path / "predictions.csv"
    write_table(path, ROWS)
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(CohortError) as caught:
        read_table(path)
    assert words in caught.value.message
    assert "PLANTED" not in str(caught.value)


def test_rows_are_counted_and_cells_read_as_those_of_the_cohort_are(tmp_path):
    path = tmp_path / "predictions.csv"
    write_table(path, ROWS)
    header, first, *others = path.read_text().splitlines()
    saved = [header, "", first.replace("QX77PLANTED1", " QX77PLANTED1 "), ",,", *others]
    path.write_text("\r\n".join(saved) + "\r\n", "utf-8-sig")
    assert read_table(path) == ROWS
    path.write_text("\n".join([header, "", first.replace("0.75", "1.75")]))
    with pytest.raises(CohortError, match="Row 3 of the predictions"):
        read_table(path)
    path.write_text("\n".join([header, first, first.replace(",", ";")]))
    with pytest.raises(CohortError, match="Row 3 of the predictions"):
        read_table(path)


def test_no_file_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(CohortError, match="cannot be read"):
        read_table(tmp_path / "predictions.csv")
    write_table(tmp_path / "predictions.csv", ())
    with pytest.raises(CohortError, match="hold no row"):
        read_table(tmp_path / "predictions.csv")


def test_numbers_that_are_none_are_not_written(tmp_path):
    bad = PredictionRow("a", 0, True, True, 1.0, float("nan"), 0.0)
    with pytest.raises(ValueError, match="finite"):
        write_table(tmp_path / "predictions.csv", [bad])
    with pytest.raises(ValueError, match="same horizons"):
        write_table(
            tmp_path / "predictions.csv", [ROWS[0], PredictionRow(*"ab", True, True, 1, None, 0)]
        )
    assert not (tmp_path / "predictions.csv").exists()
