"""From a folder to an open scan, on real and made-up folders."""

import numpy as np
import pytest

from core.data.fitness import Level
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.progress import Cancelled, Silent
from viewer.jobs import JobRunner
from viewer.messages import Messages
from viewer.opening import Opener, look_through, read_reoriented
from viewer.session import Session


class Stubborn:
    def step(self, fraction, message):
        raise Cancelled


@pytest.fixture
def opener(qtbot, nothing_left_running):
    session, messages = Session(), Messages()
    jobs = JobRunner(messages)
    opener = Opener(session, jobs, messages=messages)
    opener.told = []
    messages.posted.connect(opener.told.append)
    opener.session = session
    yield opener
    jobs.shut_down()


def test_the_whole_of_a_real_folder_is_judged_and_one_series_chosen(shared_data):
    found = look_through(shared_data / "cip-tiny" / "dicom", Silent())
    assert found.series is found.index.series[0]
    assert set(found.fitness) == {record.uid for record in found.index.series}


def test_a_feet_first_scan_is_brought_into_our_order(lidc_folder):
    found = look_through(lidc_folder, Silent())
    volume = read_reoriented(found.series, Silent())
    assert volume.geometry.axes == pytest.approx(HEAD_BACK_LEFT, abs=1e-6)
    assert volume.hu.flags.c_contiguous
    assert not volume.hu.flags.writeable


def test_reading_can_be_cancelled(shared_data):
    found = look_through(shared_data / "cip-tiny" / "dicom", Silent())
    with pytest.raises(Cancelled):
        read_reoriented(found.series, Stubborn())


def test_where_no_series_can_be_viewed_the_reason_is_told(qtbot, opener, shared_data, tmp_path):
    folder = shared_data / "edge-geometry"
    blocked = next(
        path
        for path in sorted(folder.iterdir())
        if path.is_dir() and look_through(path, Silent()).series is None
    )
    found = look_through(blocked, Silent())
    assert all(each.view.level is Level.BLOCK for each in found.fitness.values())
    opener.open_folder(blocked)
    qtbot.waitUntil(lambda: bool(opener.told), timeout=20_000)
    assert found.fitness[found.index.series[0].uid].view.worst.text in opener.told[0].text
    assert opener.session.state.series_index is not None  # the list shows every reason
    assert opener.session.state.volume is None


def test_a_blocked_series_that_is_chosen_only_says_why(qtbot, opener, shared_data):
    opener.open_folder(shared_data / "edge-geometry")
    qtbot.waitUntil(lambda: opener.session.state.series_index is not None, timeout=30_000)
    state = opener.session.state
    blocked = next(
        each
        for each in state.series_index.series
        if state.fitness[each.uid].view.level is Level.BLOCK
    )
    opener.told.clear()
    before = opener.session.state.volume
    opener.open_series(blocked)
    qtbot.waitUntil(lambda: bool(opener.told), timeout=5000)
    assert opener.told[-1].text == state.fitness[blocked.uid].view.worst.text
    assert opener.session.state.volume is before


def test_opening_twice_at_once_opens_only_the_second(qtbot, opener, shared_data):
    opened = []
    opener.folder_opened.connect(opened.append)
    opener.open_folder(shared_data / "lungdx-a0002" / "dicom")
    opener.open_folder(shared_data / "cip-tiny" / "dicom")
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=30_000)
    assert opened == [shared_data / "cip-tiny" / "dicom"]
    assert opener.session.state.volume.hu.shape == (79, 64, 64)


def test_the_crosshair_starts_on_a_stored_slice(qtbot, opener, shared_data):
    opener.open_folder(shared_data / "cip-tiny" / "dicom")
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=30_000)
    state = opener.session.state
    index = state.volume.geometry.to_index(state.view.crosshair_mm)
    assert index == pytest.approx(np.rint(index), abs=1e-6)
