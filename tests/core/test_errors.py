import pickle

import numpy as np
import pytest

from core import errors
from core.bugs import Bug, understood
from core.errors import ResourcesError, SeriesError, ThoralensError

ALL_ERRORS = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, ThoralensError)
]


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_every_error_survives_the_way_out_of_the_child(kind):
    sent = kind("Expected 3, found 4.", "Take one away.")
    arrived = pickle.loads(pickle.dumps(sent))
    assert type(arrived) is kind
    assert (arrived.message, arrived.remedy) == ("Expected 3, found 4.", "Take one away.")
    assert str(arrived) == "Expected 3, found 4. Take one away."


def test_an_error_without_a_remedy_ends_with_its_message():
    assert str(SeriesError("Nothing here.", "")) == "Nothing here."


def test_a_bug_survives_the_way_out_of_the_child():
    arrived = pickle.loads(pickle.dumps(Bug("KeyError", "where it was")))
    assert (arrived.kind, arrived.details) == ("KeyError", "where it was")
    assert "KeyError" in arrived.message
    assert arrived.remedy


def test_an_error_for_the_user_is_left_as_it_is():
    error = SeriesError("Slices are missing.", "Copy the folder anew.")
    assert understood(error) is error


def test_too_little_memory_is_no_bug():
    error = understood(MemoryError("Unable to allocate 3 GiB"))
    assert isinstance(error, ResourcesError)
    assert "memory" in error.message


def caught(function, kind) -> Bug:
    with pytest.raises(kind) as raised:
        function()
    bug = understood(raised.value)
    assert isinstance(bug, Bug)
    return bug


def test_the_details_of_a_bug_name_type_function_and_line():
    def divide_by_nothing():
        return 1 / 0

    bug = caught(divide_by_nothing, ZeroDivisionError)
    assert bug.kind == "ZeroDivisionError"
    assert "in divide_by_nothing: return 1 / 0" in bug.details
    assert "core/test_errors.py:" in bug.details
    assert "Python 3" in bug.details


def test_the_details_of_a_bug_hold_no_path_and_no_foreign_words(tmp_path):
    folder = tmp_path / "DOE^JANE"
    for fault, kind in (
        (lambda: (folder / "scan.dcm").read_bytes(), FileNotFoundError),
        (lambda: int("DOE^JANE"), ValueError),
    ):
        bug = caught(fault, kind)
        assert "DOE^JANE" not in bug.details.replace('int("DOE^JANE")', "")
        assert str(tmp_path) not in bug.details
        assert "site-packages" not in bug.message


def test_the_words_of_our_own_code_are_kept():
    from core.geometry import VolumeGeometry

    bug = caught(lambda: VolumeGeometry((1, 1, 1), [[0]]), ValueError)
    assert "affine must be 4 x 4" in bug.details


def test_what_python_says_in_a_line_of_ours_may_quote_a_header_and_is_withheld():
    from core.geometry import VolumeGeometry

    bug = caught(lambda: VolumeGeometry(("DOE^JANE", 1, 1), np.eye(4)), ValueError)
    assert "core/geometry.py" in bug.details
    assert "DOE^JANE" not in bug.details.replace('(("DOE^JANE", 1, 1)', "")


def test_the_details_tell_causes_before_consequences():
    def fail_twice():
        try:
            _ = {}["missing"]
        except KeyError as cause:
            raise RuntimeError from cause

    details = caught(fail_twice, RuntimeError).details
    assert -1 < details.index("KeyError") < details.index("RuntimeError")
