"""Thumbnails: what they show, and that they wait for what the user waits for."""

import threading
from pathlib import Path

import numpy as np
import pytest

from core.data.fitness import Fitness
from core.data.series import SeriesIndex
from core.data.series_index import index
from core.progress import Silent
from tests.phantoms import STORAGE_ORDERS, marked_thorax, series_record, write_series
from viewer.jobs import JobRunner
from viewer.messages import Messages
from viewer.session import Session
from viewer.thumbnails import GROUP, SIDE_PX, Thumbnails, thumbnail


@pytest.fixture
def jobs(qtbot, nothing_left_running):
    messages = Messages()
    jobs = JobRunner(messages)
    jobs.told = []
    messages.posted.connect(jobs.told.append)
    yield jobs
    jobs.shut_down()


@pytest.fixture
def found(tmp_path):
    for name in ("axial to the head", "coronal"):
        thorax = marked_thorax(STORAGE_ORDERS[name])
        tags = {"SeriesInstanceUID": f"1.2.{len(name)}"}
        write_series(tmp_path / name.replace(" ", "-"), thorax.hu, thorax.geometry, **tags)
    return index(tmp_path)


def grey_of(picture):
    pixels = np.array(picture.constBits(), np.uint8)
    return pixels.reshape(picture.height(), picture.bytesPerLine())[:, : picture.width()]


@pytest.mark.parametrize(
    "order", ["axial to the head", "feet first, columns to the right", "coronal", "sagittal"]
)
def test_a_thumbnail_is_turned_as_the_views_turn_their_slices(tmp_path, order):
    thorax = marked_thorax(STORAGE_ORDERS[order])
    write_series(tmp_path / "scan", thorax.hu, thorax.geometry)
    record = index(tmp_path / "scan").series[0]
    picture = thumbnail(record, Silent())
    assert max(picture.width(), picture.height()) == SIDE_PX
    grey = grey_of(picture).astype(float)
    height, width = grey.shape
    down_mm, right_mm = {"c": (290, 340), "s": (290, 250)}.get(order[0], (250, 340))
    assert height / width == pytest.approx(down_mm / right_mm, abs=0.05)
    if order[0] in "af":  # the spine lies behind, which is at the bottom
        assert grey[height // 2 :, width // 2].mean() > grey[: height // 2, width // 2].mean() - 20
        assert grey[round(height * 0.82), width // 2] == 255


def test_every_listed_series_gets_its_picture(qtbot, jobs, found):
    session, made = Session(), {}
    thumbnails = Thumbnails(session, jobs)
    thumbnails.made.connect(lambda uid, picture: made.update({uid: picture}))
    session.replace(series_index=found, fitness={each.uid: Fitness() for each in found.series})
    qtbot.waitUntil(lambda: len(made) == 2, timeout=10_000)
    assert set(made) == {each.uid for each in found.series}
    first = dict(made)
    made.clear()
    session.replace(series_index=None)
    session.replace(series_index=found)
    assert made.keys() == first.keys()  # at once, from memory


def test_a_slice_that_cannot_be_read_has_no_picture_and_no_message(qtbot, jobs, found):
    session, made = Session(), {}
    thumbnails = Thumbnails(session, jobs)
    thumbnails.made.connect(lambda uid, picture: made.update({uid: picture}))
    lost = series_record()  # headers without files
    session.replace(series_index=SeriesIndex(Path(), (lost, *found.series)))
    qtbot.waitUntil(lambda: len(made) == 2, timeout=10_000)
    assert lost.uid not in made
    assert jobs.told == []


def test_thumbnails_wait_while_a_series_is_opened(qtbot, jobs, found):
    session, made, may_end = Session(), {}, threading.Event()
    thumbnails = Thumbnails(session, jobs)
    thumbnails.made.connect(lambda uid, picture: made.update({uid: picture}))
    jobs.start("load", lambda progress: may_end.wait(10), on_done=lambda _: None)
    session.replace(series_index=found)
    qtbot.wait(100)
    assert made == {}
    assert jobs.job(GROUP) is None
    may_end.set()
    qtbot.waitUntil(lambda: len(made) == 2, timeout=10_000)
