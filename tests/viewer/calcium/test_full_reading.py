"""A whole reading: what it asks of the hand beside the lesions themselves."""

import json

import pytest
from PySide6.QtCore import Qt

from core.calcium.categories import VisualGrade
from tests.viewer.calcium.full_reading import LUNG1_LESIONS, read_whole
from tests.viewer.calcium.small_scan import DENSE, FAINT, LONG, MILD, Hands

pytestmark = pytest.mark.gui
MOST_BESIDE = 10
"""Keys and clicks beside the lesions that a reader is asked for (issue 5)."""


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def saved(out):
    return json.loads((out / "calcium.json").read_text())


def test_a_reading_of_three_vessels_needs_at_most_ten_keys_and_clicks_beside_its_lesions(
    qtbot, make_window, small_folder, out
):
    hands = Hands(qtbot, make_window())
    lesions = {Qt.Key.Key_R: (DENSE,), Qt.Key.Key_W: (MILD, FAINT), Qt.Key.Key_E: (LONG,)}
    counted = read_whole(hands, small_folder, lesions, grade=VisualGrade.MODERATE, out=out)
    assert counted.lesions == len(hands.state.reading.marks.lesions) == 4
    assert counted.beside <= MOST_BESIDE
    assert len(saved(out)["lesions"]) == 4
    assert saved(out)["total"]["visual_grade"] == "moderate"


@pytest.mark.slow
def test_eight_lesions_of_a_real_scan_need_no_more(qtbot, make_window, shared_data, out):
    hands = Hands(qtbot, make_window())
    folder = shared_data / "lung1-001" / "dicom"
    counted = read_whole(hands, folder, LUNG1_LESIONS, grade=VisualGrade.SEVERE, out=out)
    assert counted.lesions == len(hands.state.reading.marks.lesions) == 8
    assert counted.beside <= MOST_BESIDE
    assert saved(out)["total"]["agatston"] == hands.total()
    assert (out / "calcium.pdf").stat().st_size > 0
