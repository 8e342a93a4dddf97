"""A window with the small scan, with and without calcium mode."""

import pytest

from tests.viewer.calcium.small_scan import Hands, write_small_scan


@pytest.fixture
def small_folder(tmp_path):
    return write_small_scan(tmp_path / "scan")


@pytest.fixture
def open_hands(qtbot, make_window, small_folder):
    """The scan is open, the mode is off."""
    hands = Hands(qtbot, make_window())
    hands.open(small_folder)
    return hands


@pytest.fixture
def hands(open_hands):
    """The mode is on, nothing is marked."""
    open_hands.enter()
    return open_hands
