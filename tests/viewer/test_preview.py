"""The first slice is seen while the rest is read, and is never part of the session."""

import threading

import numpy as np
import pytest

from core.data.series_index import index
from core.preprocessing.reorient import reorient
from core.views.planes import Plane
from core.views.window import MEDIASTINUM
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series
from viewer import opening
from viewer.jobs import JobRunner
from viewer.messages import Messages
from viewer.opening import Opener
from viewer.panels.view_grid import ViewGrid
from viewer.preview import Preview, slice_of_volume, stored_plane
from viewer.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def opener(qtbot, nothing_left_running):
    session, messages = Session(), Messages()
    jobs = JobRunner(messages)
    opener = Opener(session, jobs, messages=messages)
    opener.session, opener.jobs, opener.seen = session, jobs, []
    opener.preview_changed.connect(opener.seen.append)
    yield opener
    jobs.shut_down()


@pytest.fixture
def scan(tmp_path):
    thorax = marked_thorax(STORAGE_ORDERS["axial to the feet"])
    write_series(tmp_path / "scan", thorax.hu, thorax.geometry)
    return tmp_path / "scan"


@pytest.fixture
def held(monkeypatch):
    """Reading stops after the first slice until it is let go on."""
    go_on = threading.Event()
    read = opening.read_reoriented

    def read_slowly(record, progress, fitness, on_preview):
        def seen(place, hu):
            on_preview(place, hu)
            for _ in range(500):
                progress.step(opening.READING_SHARE / 3, "Reading slices")
                if go_on.wait(0.02):
                    break

        return read(record, progress, fitness, seen)

    monkeypatch.setattr(opening, "read_reoriented", read_slowly)
    yield go_on
    go_on.set()


@pytest.mark.parametrize("order", sorted(STORAGE_ORDERS))
def test_a_slice_of_a_volume_lies_where_it_lies_in_the_whole(order):
    stored = marked_thorax(STORAGE_ORDERS[order])
    alone = slice_of_volume(stored.geometry, 7, stored.hu[7])
    whole = reorient(stored)
    index_of = np.argwhere(np.ones(alone.geometry.shape, bool))
    at = np.rint(whole.geometry.to_index(alone.geometry.to_patient(index_of))).astype(int)
    np.testing.assert_array_equal(alone.hu.ravel(), whole.hu[tuple(at.T)])


@pytest.mark.parametrize(
    ("order", "plane"),
    [("axial to the feet", Plane.AXIAL), ("coronal", Plane.CORONAL), ("sagittal", Plane.SAGITTAL)],
)
def test_the_preview_is_shown_in_the_plane_that_was_stored(tmp_path, order, plane):
    thorax = marked_thorax(STORAGE_ORDERS[order])
    write_series(tmp_path, thorax.hu, thorax.geometry)
    record = index(tmp_path).series[0]
    alone = slice_of_volume(thorax.geometry, 3, thorax.hu[3])
    assert stored_plane(alone) is plane
    assert alone.geometry.shape[plane.axis] == 1
    assert Preview(record, MEDIASTINUM, "", volume=alone).plane is plane
    assert Preview(record, MEDIASTINUM, "").plane is None


def test_the_first_slice_is_seen_before_the_whole_is_read(qtbot, opener, scan, held):
    opener.open_folder(scan)
    qtbot.waitUntil(lambda: any(p and p.volume is not None for p in opener.seen), timeout=10_000)
    qtbot.waitUntil(lambda: opener.preview.words.startswith("Reading "), timeout=5000)
    state = opener.session.state
    assert state.volume is None
    assert state.series_index is not None  # nothing was open: the list is filled already
    count = opener.preview.record.slice_count
    qtbot.waitUntil(
        lambda: opener.preview.words == f"Reading {round(count / 3)} of {count}", timeout=5000
    )
    held.set()
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=10_000)
    assert opener.preview is None
    assert opener.seen[-1] is None


def test_cancel_takes_the_preview_away_and_keeps_what_was_open(
    qtbot, opener, scan, held, shared_data
):
    held.set()
    opener.open_folder(shared_data / "cip-tiny" / "dicom")
    qtbot.waitUntil(lambda: opener.session.state.volume is not None, timeout=20_000)
    state = opener.session.state
    held.clear()
    opener.open_folder(scan)
    qtbot.waitUntil(lambda: opener.preview is not None and opener.preview.volume is not None)
    assert opener.session.state is state
    opener.jobs.cancel("load")
    assert opener.preview is None
    assert opener.session.state is state


def test_a_view_shows_the_preview_in_its_own_plane_and_words_in_the_others(qtbot, scan):
    session = Session()
    grid = ViewGrid(session)
    qtbot.addWidget(grid)
    grid.resize(800, 700)
    grid.show()
    record = index(scan).series[0]
    thorax = marked_thorax(STORAGE_ORDERS["axial to the feet"])
    alone = slice_of_volume(thorax.geometry, 18, thorax.hu[18])
    grid.show_preview(Preview(record, MEDIASTINUM, "Reading 3 of 36", 0.1, alone))

    def bright(view):
        picture = view.grab().toImage()
        pixels = np.array(picture.constBits(), np.uint8)[1::4]
        return (pixels > 100).mean()

    assert bright(grid.slices[Plane.AXIAL]) > 0.05
    assert bright(grid.slices[Plane.CORONAL]) < 0.02
    assert grid.slices[Plane.AXIAL].placement() is None  # gestures wait for the volume
    grid.show_preview(None)
    assert bright(grid.slices[Plane.AXIAL]) < 0.02
