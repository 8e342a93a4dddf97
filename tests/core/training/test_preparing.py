"""Who is left out of a run, and that a table says so by row."""

import csv

import pytest

from core.data.cohort import read_cohort
from core.data.folds import make_folds
from core.errors import ModelInputError
from core.progress import Silent
from core.training.configuration import TrainingError, read_configuration
from core.training.cross_validation import clinical_columns, described_input
from core.training.input_cache import InputCache
from core.training.preparing import LEFT_OUT_FILE, prepared_examples
from core.training.processes import Processes
from tests.core.training.toy_cohort import CLINICAL, toy_configuration

MODEL_E = {"id": "toy-e", "variant": "E", "clinical": CLINICAL}
HYBRID = [{"name": "hybrid", "epochs": 1}]


@pytest.fixture
def change(tmp_path):
    """Gives a function that changes cells of the first death, and prepares the cohort."""

    def prepare(scan_is_damaged=False, leave_out=True, **cells):
        path = toy_configuration(
            tmp_path, count=40, model=MODEL_E, stage=HYBRID, input={"leave_out_unusable": leave_out}
        )
        configuration = read_configuration(path)
        table = configuration.cohort.csv
        rows = list(csv.DictReader(table.read_text().splitlines()))
        place = next(k for k, row in enumerate(rows) if row["event"] == "1")
        rows[place] |= cells
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        if scan_is_damaged:
            (table.parent / rows[place]["scan"]).write_bytes(b"another content")
        cohort = read_cohort(table)
        folds = make_folds(cohort, 2, validation=8, test=8)
        examples = prepared_examples(
            configuration, cohort, folds,
            columns=clinical_columns(configuration),
            cache=InputCache(configuration.input.cache, described_input(configuration)),
            processes=Processes(), progress=Silent(),
        )  # fmt: skip
        told = configuration.output.folder / LEFT_OUT_FILE
        lines = told.read_text().splitlines() if told.exists() else []
        return examples, place + 2, lines

    return prepare


def test_where_nobody_is_left_out_no_table_is_written(change):
    examples, _, lines = change()
    assert len(examples) == 40
    assert lines == []


def test_an_unusable_scan_is_left_out_and_told_by_its_row(change):
    examples, row, lines = change(scan_is_damaged=True)
    assert len(examples) == 39
    assert lines[0] == "row,why"
    assert lines[1].startswith(f"{row},")
    assert len(lines) == 2


def test_an_unusable_scan_stops_the_run_where_nothing_else_is_asked_for(change):
    with pytest.raises(ModelInputError, match=r"1 scans of the cohort cannot be used"):
        change(scan_is_damaged=True, leave_out=False)


def test_a_death_of_another_cause_without_clinical_values_is_left_out_and_told(change):
    examples, row, lines = change(cause="V89", age="")
    assert len(examples) == 39
    assert lines[1] == f"{row},\"death of another cause, and the value of 'age' is missing\""


def test_a_missing_value_of_anyone_else_stops_the_run(change):
    with pytest.raises(TrainingError, match="column 'age': the value is missing"):
        change(age="")
