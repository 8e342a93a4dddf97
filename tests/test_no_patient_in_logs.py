"""Nothing a patient could be known by is in a log line, an exception or a `repr`.

The corpus plants names; everything that reads it is run on it and everything it says is searched.
The log of the whole test run is searched too: `planted_names_stay_out_of_every_log` in conftest.py.
"""

import logging
import os
import random
import subprocess
import sys
import traceback
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from core.bugs import understood
from core.data.deidentify import deidentify_file, deidentify_series
from core.data.deidentify_key import DeidentificationKey
from core.data.geometry_gate import fitness_of
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ThoralensError
from tests.conftest import PLANTED_WORDS
from tests.corpus import CASES, series

KEY = DeidentificationKey(b"only for this test, and no other")
ROOT = Path(__file__).resolve().parents[1]
FOLDER = "Zzyzx, QX77PLANTED"
"""People name folders and files after patients."""


class Said:
    """Everything that the program says while a test runs: progress, errors, log, `repr`."""

    def __init__(self):
        self.lines = []

    def step(self, fraction, message):
        self.lines.append(message)

    def attempt(self, work, *arguments, **options):
        """Run a piece of work; keep what it returns or the words of what it raises."""
        try:
            result = work(*arguments, **options)
        except ThoralensError as error:
            self.lines += [str(error), repr(error), repr(error.args)]
            self.lines += traceback.format_exception_only(understood(error))
            self.lines += _said_by_causes(error)
            return None
        self.lines.append(repr(result))
        return result

    def assert_no_name(self):
        for line in self.lines:
            found = [word for word in PLANTED_WORDS if word in line.lower()]
            assert not found, f"'{found[0]}' in: {line[:300]}"


def _said_by_causes(error):
    """What a log of the traceback would print of an error's causes, unless they are suppressed."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None:
        yield repr(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


@pytest.fixture
def said(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    said = Said()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said.lines += [str(each.message) for each in caught]
    said.lines += [f"{each.getMessage()} {each.args} {each.exc_info}" for each in caplog.records]
    said.lines += capfd.readouterr()
    said.assert_no_name()


def read_and_export(folder, said):
    found = said.attempt(index, folder, said)
    if found is None:
        return
    said.lines += [each.reason for each in found.unreadable]
    for number, record in enumerate(found.series):
        said.attempt(fitness_of, record)
        said.attempt(read, record, said)
        out = folder.parent / f"out-{number}"
        few = replace(record, slices=record.slices[:6])
        report = said.attempt(deidentify_series, few, out, key=KEY, progress=said)
        for copy in out.glob("*") if report is not None else ():
            content = copy.read_bytes().lower()
            assert not any(word.encode() in content for word in PLANTED_WORDS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reading_and_exporting_the_corpus_names_nobody(case, tmp_path, said):
    folder = tmp_path / FOLDER
    case.build(folder)
    read_and_export(folder, said)
    assert said.lines


def test_damaged_files_make_no_error_speak(tmp_path, said):
    """Flipped bytes and cuts: the libraries' own messages, which print values, never get out."""
    folder = tmp_path / "whole"
    whole = series(folder)[0].read_bytes()
    chance = random.Random(20_260)
    for number in range(250):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            content[chance.randrange(128, 1100)] = chance.randrange(256)
        if number % 5 == 0:
            del content[chance.randrange(132, len(content)) :]
        damaged = tmp_path / FOLDER / f"Zzyzx-{number}"
        damaged.parent.mkdir(exist_ok=True)
        damaged.write_bytes(content)
        said.attempt(deidentify_file, damaged, tmp_path / "copy.dcm", KEY)
    read_and_export(tmp_path / FOLDER, said)
    assert len(said.lines) > 250


def test_the_search_finds_a_name_that_is_there(tmp_path):
    speaks = Said()

    def blabs():
        raise ThoralensError("No slice of Zzyzx^Planted was found.", "Look again.")

    speaks.attempt(blabs)
    with pytest.raises(AssertionError, match="zzyzx"):
        speaks.assert_no_name()


@pytest.mark.parametrize(
    "command", [("index", "--json"), ("deidentify",)], ids=lambda each: each[0]
)
def test_the_command_line_names_nobody_on_standard_error(tmp_path, command):
    folder = tmp_path / FOLDER
    paths = series(folder, drop=[30])
    paths[3].write_bytes(paths[3].read_bytes()[:700])
    out = ("--out", tmp_path / "out") if command[0] == "deidentify" else ()
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "core", command[0], folder, *command[1:], *out],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr
    assert not any(word in done.stderr.lower() for word in PLANTED_WORDS)


def test_a_bug_report_names_nobody():
    """What nobody foresaw is shown without the values that the exception holds."""
    name = "".join(reversed("xyzzZ"))  # a report may quote lines of the program's own text
    with pytest.raises(ValueError, match=name) as raised:
        int(name)
    told = understood(raised.value)
    assert name not in f"{told} {told.details}"
    assert "ValueError" in str(told)
