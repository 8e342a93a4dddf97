"""The strip on a real widget: what is drawn, told, and done by mouse and keys."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.views.planes import Plane, nearest_slice, slice_number
from core.views.window import MEDIASTINUM
from tests.phantoms import series_record
from tests.results import example_result
from viewer.panels.geometry_strip import GeometryStrip
from viewer.panels.strip_places import Mark
from viewer.session import Session
from viewer.theme import AMBER, RED
from viewer.view_changes import opened

pytestmark = pytest.mark.gui


@pytest.fixture
def session():
    request, _ = example_result()
    session = Session()
    view = opened(session.state.view, request.volume.geometry, MEDIASTINUM)
    session.replace(series=request.series, volume=request.volume, view=view)
    return session


@pytest.fixture
def strip(qtbot, session, themed):
    strip = GeometryStrip(session)
    qtbot.addWidget(strip)
    strip.resize(strip.width(), 600)
    strip.show_record(session.state.series)
    strip.show()
    return strip


def shown_number(session):
    volume = session.state.volume
    index = nearest_slice(volume, Plane.AXIAL, session.state.view.crosshair_mm)
    return slice_number(Plane.AXIAL, index, volume.geometry.shape[0])


def colours(strip):
    image = strip.grab().toImage()
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


def test_the_current_place_is_the_slice_that_the_axial_view_shows(session, strip):
    assert strip.current() == shown_number(session) - 1
    assert strip.words().startswith(f"Slice {shown_number(session)} of 70")


@pytest.mark.parametrize("index", [30.5, 31.5, 31.49, 31.51])
def test_half_way_between_two_slices_strip_and_view_name_the_same_one(session, strip, index):
    x, y, z = session.state.volume.geometry.to_patient((index, 5, 5))
    session.move_crosshair((x, y, z))
    assert strip.current() == shown_number(session) - 1


def test_a_click_goes_to_the_slice_and_nowhere_else(session, strip):
    before = session.state.view.crosshair_mm
    place = strip.places.places[11]
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(12, round(strip.y_of(place))))
    after = session.state.view.crosshair_mm
    assert shown_number(session) == 12
    assert after[:2] == pytest.approx(before[:2])


def test_keys_go_from_slice_to_slice(session, strip):
    first = shown_number(session)
    QTest.keyClick(strip, Qt.Key.Key_Down)
    assert shown_number(session) == first + 1
    QTest.keyClick(strip, Qt.Key.Key_Up)
    QTest.keyClick(strip, Qt.Key.Key_Up)
    assert shown_number(session) == first - 1
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert shown_number(session) == 70
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert shown_number(session) == 1


def test_what_lies_under_the_cursor_is_told(qtbot, session, strip):
    told = []
    strip.told.connect(told.append)
    at = QPointF(12, strip.y_of(strip.places.places[3]))
    left, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove, at, QPointF(strip.mapToGlobal(at.toPoint())), left, left, none
    )
    QApplication.sendEvent(strip, move)
    assert told[-1] == "Slice 4 of 70, 4.0 mm to the next"
    assert "Slice 4 of 70" in strip.accessibleDescription()


def test_a_series_that_is_not_open_is_drawn_but_leads_nowhere(session, strip):
    before = session.state.view.crosshair_mm
    strip.show_record(series_record(count=9))
    assert len(strip.places.places) == 9
    assert strip.current() is None
    assert strip.words() == ""
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(12, 100))
    QTest.keyClick(strip, Qt.Key.Key_Down)
    assert session.state.view.crosshair_mm == before


@pytest.mark.parametrize(
    ("fault", "mark", "colour"),
    [({"drop": [3]}, Mark.MISSING, AMBER), ({"double": [3]}, Mark.DOUBLED, RED)],
)
def test_faults_are_drawn_in_colour_however_many_slices_there_are(strip, fault, mark, colour):
    strip.show_record(series_record(count=600))
    assert colour not in colours(strip)
    strip.show_record(series_record(count=600, **fault))
    assert mark in {place.mark for place in strip.places.places}
    assert colour in colours(strip)


def test_a_slice_lost_in_reading_is_drawn_as_missing(session, strip):
    state = session.state
    session.replace(volume=replace(state.volume, missing_slices=(0,)))
    assert strip.places.places[-1].mark is Mark.MISSING  # index 0 lies at the feet, shown last
    assert np.sum([place.mark is Mark.MISSING for place in strip.places.places]) == 1


def test_without_a_series_nothing_is_drawn_or_told(strip):
    strip.show_record(None)
    assert strip.places is None
    assert strip.words() == ""
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(12, 100))
