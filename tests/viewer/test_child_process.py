import pytest

from viewer.child_process import death_in_words


@pytest.mark.parametrize(
    ("exit_status", "words"),
    [
        (-9, "stopped by the system (signal 9): most often too little memory"),
        (-11, "crashed (signal 11, SIGSEGV)"),
        (-15, "stopped from outside (signal 15)"),
        (-200, "crashed (signal 200, unknown)"),
        (0, "exit status 0"),
        (3, "exit status 3"),
        (0xC0000005, "crashed (status 0xC0000005)"),
        (None, "ended without an answer"),
    ],
)
def test_a_death_is_told_in_words(exit_status, words):
    assert words in death_in_words(exit_status)
