"""From a folder to an open scan, on real and made-up folders."""

import numpy as np
import pytest

from core.data.fitness import Level
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.progress import Cancelled, Silent
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series
from viewer.jobs import JobRunner
from viewer.looking_through import look_through
from viewer.messages import Messages
from viewer.opening import Opener, read_reoriented
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
    volume = read_reoriented(found.series, Silent()).volume
    assert volume.geometry.axes == pytest.approx(HEAD_BACK_LEFT, abs=1e-6)
    assert volume.hu.flags.c_contiguous
    assert not volume.hu.flags.writeable


def test_reading_can_be_cancelled(shared_data):
    found = look_through(shared_data / "cip-tiny" / "dicom", Silent())
    with pytest.raises(Cancelled):
        read_reoriented(found.series, Stubborn())


@pytest.fixture
def localizer_folder(tmp_path):
    """A folder whose only series is a localizer, which nobody can view as a volume."""
    thorax = marked_thorax(STORAGE_ORDERS["axial to the head"])
    tags = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "SeriesInstanceUID": "1.2.3.9"}
    write_series(tmp_path / "scan" / "localizer", thorax.hu, thorax.geometry, **tags)
    return tmp_path / "scan"


def test_where_no_series_can_be_viewed_the_reason_is_told(qtbot, opener, localizer_folder):
    found = look_through(localizer_folder, Silent())
    assert found.series is None
    assert all(each.view.level is Level.BLOCK for each in found.fitness.values())
    opener.open_folder(localizer_folder)
    qtbot.waitUntil(lambda: bool(opener.told), timeout=20_000)
    assert found.fitness[found.index.series[0].uid].view.worst.text in opener.told[0].text
    assert opener.session.state.series_index is not None  # the list shows every reason
    assert opener.session.state.volume is None


def test_a_blocked_series_that_is_chosen_only_says_why(qtbot, opener, localizer_folder):
    thorax = marked_thorax(STORAGE_ORDERS["axial to the head"])
    write_series(localizer_folder / "slices", thorax.hu, thorax.geometry)
    opener.open_folder(localizer_folder)
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=30_000)
    state = opener.session.state
    blocked = next(
        each
        for each in state.series_index.series
        if state.fitness[each.uid].view.level is Level.BLOCK
    )
    opener.told.clear()
    opener.open_series(blocked)
    qtbot.waitUntil(lambda: bool(opener.told), timeout=5000)
    assert opener.told[-1].text == state.fitness[blocked.uid].view.worst.text
    assert opener.session.state.volume is state.volume


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


@pytest.mark.parametrize(("lost", "words"), [(1, "One slice could"), (2, "2 slices could")])
def test_slices_that_cannot_be_read_are_missing_and_told(qtbot, opener, tmp_path, lost, words):
    thorax = marked_thorax(STORAGE_ORDERS["axial to the head"])
    for name in ("first", "second"):
        tags = {"SeriesInstanceUID": f"1.2.{len(name)}", "SeriesDescription": name}
        write_series(tmp_path / name, thorax.hu, thorax.geometry, **tags)
    opener.open_folder(tmp_path)
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=30_000)
    before = opener.session.state
    other = next(each for each in before.series_index.series if each is not before.series)
    for k in range(lost):
        other.slices[8 + k].path.unlink()
    opener.told.clear()
    opener.open_series(other)
    qtbot.waitUntil(lambda: opener.session.state.series is other, timeout=30_000)
    qtbot.waitUntil(lambda: bool(opener.told), timeout=5000)
    state = opener.session.state
    assert state.volume.missing_slices == tuple(range(8, 8 + lost))
    assert state.fitness[other.uid].view.level is Level.WARN
    assert state.fitness[other.uid].model.level is Level.BLOCK
    assert state.fitness[before.series.uid] == before.fitness[before.series.uid]
    assert opener.told[0].text.startswith(words)
    from_the_head = state.volume.geometry.shape[0] - 8 - (lost - 1)
    assert f"slice {from_the_head}" in opener.told[0].text
    assert str(tmp_path) not in opener.told[0].text


def test_a_series_is_first_seen_on_a_slice_that_is_there(qtbot, opener, tmp_path):
    thorax = marked_thorax(STORAGE_ORDERS["axial to the head"])
    middle = round((thorax.geometry.shape[0] - 1) / 2)
    write_series(tmp_path, thorax.hu, thorax.geometry, drop=[middle])
    opener.open_folder(tmp_path)
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=30_000)
    state = opener.session.state
    assert state.volume.missing_slices == (middle,)
    index = state.volume.geometry.to_index(state.view.crosshair_mm)[0]
    assert abs(index - middle) == pytest.approx(1)
