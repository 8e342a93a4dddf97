"""The hatched band lies exactly where no file holds a slice, in every view."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.preprocessing.reorient import reorient
from core.views.planes import Plane, slice_geometry
from core.views.window import MEDIASTINUM
from core.volume import Volume
from tests.phantoms import STORAGE_ORDERS, marked_thorax
from tests.results import example_result, thorax_volume
from viewer.missing_band import band_area, runs
from viewer.session import Session
from viewer.slice_annotations import hu_text
from viewer.slice_placement import SlicePlacement
from viewer.slice_view import SliceView
from viewer.view_changes import opened
from viewer.view_state import PlaneView

pytestmark = pytest.mark.gui
MISSING = (34, 35)


@pytest.fixture
def session():
    volume = replace(thorax_volume(), missing_slices=MISSING)
    session = Session()
    view = opened(session.state.view, volume.geometry, MEDIASTINUM)
    session.replace(series=example_result()[0].series, volume=volume, view=view)
    return session


def shown(qtbot, session, plane):
    view = SliceView(session, plane)
    qtbot.addWidget(view)
    view.resize(500, 420)
    view.show()
    return view


def amber_pixels(view):
    """(row, column) of what is drawn in the colour of the hatch or its words; no frame."""
    picture = view.grab().toImage()
    pixels = np.array(picture.constBits(), np.uint8).reshape(picture.height(), -1, 4).astype(int)
    blue, green, red = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    amber = (red > 90) & (red - blue > 50) & (abs(red - green) < 70)
    return np.argwhere(amber[3:-3, 3:-3]) + 3


def go_to_slice(session, index):
    point = session.state.volume.geometry.to_patient((index, 48, 48))
    session.move_crosshair(tuple(float(value) for value in point))


def test_neighbours_are_one_band():
    assert runs((2, 3, 4, 9, 11, 12)) == [(2, 4), (9, 9), (11, 12)]
    assert runs((5,)) == [(5, 5)]


@pytest.mark.parametrize("plane", [Plane.CORONAL, Plane.SAGITTAL])
def test_the_band_lies_over_the_missing_slices_in_views_across_them(qtbot, session, plane):
    hidden = replace(session.state.view, crosshair_visible=False, annotations_visible=False)
    session.show(hidden)
    view = shown(qtbot, session, plane)
    area = band_area(view.placement(), session.state.volume, 34, 35)
    assert area.height() == pytest.approx(8.0 * view.placement().px_per_mm)  # two slices of 4 mm
    middle = view.height() / 2  # slices 34 and 35 are the middle two of 70
    assert area.center().y() == pytest.approx(middle, abs=1)
    assert area.width() == pytest.approx(view.placement().rectangle.width())
    rows = amber_pixels(view)[:, 0]
    inside = (rows >= area.top() - 20) & (rows <= area.bottom() + 1)  # 20: words over it
    assert inside.mean() > 0.8  # the rest are letters at the edges
    assert inside.sum() > 100


def test_the_axial_view_is_hatched_on_a_missing_slice_only(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    go_to_slice(session, 34)
    assert len(amber_pixels(view)) > 1500
    go_to_slice(session, 36)
    without = len(amber_pixels(view))
    session.replace(volume=replace(session.state.volume, missing_slices=()))
    assert len(amber_pixels(view)) == without


@pytest.mark.parametrize("order", sorted(STORAGE_ORDERS))
def test_bands_cover_the_place_of_the_missing_slice_in_any_storage_order(order):
    stored = marked_thorax(STORAGE_ORDERS[order])
    volume = reorient(Volume(stored.hu, stored.geometry, missing_slices=(4,)))
    index = list((np.array(volume.geometry.shape) - 1) // 2)
    index[volume.missing_axis] = volume.missing_slices[0]
    point = volume.geometry.to_patient(index)
    for plane in Plane:
        if plane.axis == volume.missing_axis:
            continue
        place = slice_geometry(volume.geometry, plane, index[plane.axis])
        placement = SlicePlacement(place, QSizeF(400, 400), PlaneView())
        row, column = place.to_pixel(point)
        at = placement.to_screen((float(row), float(column)))
        area = band_area(placement, volume, volume.missing_slices[0], volume.missing_slices[0])
        assert area.contains(at)
        thickness = min(area.width(), area.height())
        assert thickness == pytest.approx(8.0 * placement.px_per_mm, rel=1e-6)


def test_no_value_is_told_where_nothing_was_measured(qtbot, session):
    go_to_slice(session, 34)
    view = shown(qtbot, session, Plane.AXIAL)
    heard = []
    view.hovered.connect(heard.append)
    at = QPointF(view.rect().center())
    none = Qt.KeyboardModifier.NoModifier
    button = Qt.MouseButton.NoButton
    place = QPointF(view.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(
        view, QMouseEvent(QEvent.Type.MouseMove, at, place, button, button, none)
    )
    assert heard[-1].hu is None
    assert hu_text(heard[-1].hu) == "missing slice"
    assert hu_text(-1000) == "-1000 HU"
