import csv
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import CohortError
from core.phantom.protocol import Size
from core.phantom_command import CohortOptions, write_cohort
from core.progress import Silent


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "core", "phantom", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def test_a_cohort_is_written_and_its_table_printed(tmp_path):
    folder = tmp_path / "cohort"
    done = run("cohort", "--subjects", 2, "--seed", 1, "--size", "half", "--out", folder,
               "--shuffled-table")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "cohort.csv")
    rows = list(csv.DictReader((folder / "cohort.csv").read_text().splitlines()))
    assert [row["patient_id"] for row in rows] == ["P001000000", "P001000001"]
    assert all((folder / row["scan"]).is_file() for row in rows)
    assert (folder / "truth.csv").is_file()
    others = list(csv.DictReader((folder / "cohort-shuffled.csv").read_text().splitlines()))
    assert [row["scan"] for row in others] == [row["scan"] for row in rows]
    assert {row["time_years"] for row in others} == {row["time_years"] for row in rows}
    assert "Imaging people" in done.stderr


def test_a_folder_that_holds_other_files_is_refused_with_status_3(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = run("cohort", "--subjects", 1, "--seed", 1, "--out", tmp_path)
    assert done.returncode == 3
    assert "Expected a new or empty folder" in done.stderr
    assert str(tmp_path) not in done.stderr


def test_no_subjects_are_wrong_use(tmp_path):
    assert run("cohort", "--subjects", 0, "--seed", 1, "--out", tmp_path).returncode == 2


@pytest.mark.parametrize(("subjects", "seed"), [(0, 1), (3, -1)])
def test_impossible_numbers_are_refused_in_words(tmp_path, subjects, seed):
    with pytest.raises(CohortError, match=f"found {subjects} and {seed}"):
        write_cohort(tmp_path / "cohort", CohortOptions(subjects, seed, Size.HALF), Silent())
    assert not list(tmp_path.iterdir())
