"""What the command line says to people: nothing of a patient, and nothing twice."""

import re
import sys
from pathlib import Path

import pytest

from core.console import print_bug, print_refusal, progress_on_stderr
from core.errors import SeriesError


def test_without_a_terminal_each_step_is_one_line(capsys):
    with progress_on_stderr() as progress:
        for number in range(1, 4):
            progress.step(number / 10, f"Reading slice {number} of 3")
        progress.step(0.9, "Writing the report")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [" 10%  Reading slice 1 of 3", " 90%  Writing the report"]


def test_a_refusal_is_one_paragraph_with_reason_and_remedy(capsys):
    print_refusal(SeriesError("Slices are missing. " * 8, "Export the series again."))
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) > 1
    assert "\n\n" not in shown
    assert shown.endswith("Export the series again.\n")


def test_a_bug_is_told_without_the_name_that_it_met(capsys):
    try:
        Path("/nowhere/Smith^John.dcm").read_bytes()
    except OSError:
        print_bug(*sys.exc_info())
    shown = capsys.readouterr().err
    assert "Thoralens made a mistake (FileNotFoundError)" in shown
    assert "test_console.py" in shown
    assert not re.search("Smith.*John", shown.replace('Path("/nowhere/Smith^John.dcm")', ""))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_stop_from_outside_is_no_bug(kind, capsys):
    print_bug(kind, kind(), None)
    assert capsys.readouterr().err == f"Stopped ({kind.__name__}).\n"
