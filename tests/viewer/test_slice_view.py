"""Real events on a real widget: what the mouse, the wheel and the keys do to the session."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.data.series import Patient
from core.views.planes import Plane, nearest_slice
from core.views.window import MEDIASTINUM
from tests.results import example_result, heart_mm, thorax_volume
from viewer.session import Session
from viewer.slice_annotations import patient_lines, position_text, scale_bar_mm, series_lines
from viewer.slice_view import SliceView
from viewer.view_changes import opened

pytestmark = pytest.mark.gui

LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
NONE, SHIFT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture(scope="module")
def example() -> tuple:
    return example_result(thorax_volume())


@pytest.fixture
def session(example) -> Session:
    request, result = example
    volume = replace(request.volume)  # one of its own, which a test can see freed
    session = Session()
    view = opened(session.state.view, volume.geometry, MEDIASTINUM)
    session.replace(volume=volume, series=request.series, result=result, view=view)
    return session


def shown(qtbot, session: Session, plane: Plane, width: int = 500, height: int = 400) -> SliceView:
    view = SliceView(session, plane)
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show()
    return view


def wheel(
    view: SliceView, notches: float, modifiers=NONE, at: QPointF | None = None, **kind
) -> None:
    at = QPointF(view.rect().center()) if at is None else at
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        kind.get("pixels", QPoint()),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        modifiers,
        kind.get("phase", Qt.ScrollPhase.NoScrollPhase),
        False,
    )
    QApplication.sendEvent(view, event)


def drag(view: SliceView, button: Qt.MouseButton, by: tuple[int, int], start=(250, 200)) -> None:
    begin, end = QPoint(*start), QPoint(*start) + QPoint(*by)
    QTest.mousePress(view, button, NONE, begin)
    for part in (0.3, 0.6, 1.0):
        at = begin + (end - begin) * part
        event_position = QPointF(at)
        move(view, event_position, button)
    QTest.mouseRelease(view, button, NONE, end)


def move(view: SliceView, at: QPointF, button=Qt.MouseButton.NoButton, modifiers=NONE) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        Qt.MouseButton.NoButton,
        button,
        modifiers,
    )
    QApplication.sendEvent(view, event)


def index_of(session: Session, plane: Plane) -> int:
    return nearest_slice(session.state.volume, plane, session.state.view.crosshair_mm)


@pytest.mark.parametrize(
    ("plane", "step"), [(Plane.AXIAL, -1), (Plane.CORONAL, 1), (Plane.SAGITTAL, 1)]
)
def test_wheel_towards_the_user_goes_one_slice_down_back_or_left(qtbot, session, plane, step):
    view = shown(qtbot, session, plane)
    before = [index_of(session, each) for each in Plane]
    wheel(view, -1)
    after = [index_of(session, each) for each in Plane]
    assert np.subtract(after, before).tolist() == [step * (each is plane) for each in Plane]


def test_parts_of_a_notch_add_up_to_a_slice(qtbot, session):
    view, before = shown(qtbot, session, Plane.CORONAL), index_of(session, Plane.CORONAL)
    for _ in range(3):
        wheel(view, -0.25)
    assert index_of(session, Plane.CORONAL) == before
    wheel(view, -0.25)
    assert index_of(session, Plane.CORONAL) == before + 1


def test_trackpad_pixels_add_up_to_slices(qtbot, session):
    view, before = shown(qtbot, session, Plane.CORONAL), index_of(session, Plane.CORONAL)
    for _ in range(6):
        wheel(view, -0.1, pixels=QPoint(0, -6), phase=Qt.ScrollPhase.ScrollUpdate)
    assert index_of(session, Plane.CORONAL) == before + 2


def test_scrolling_stops_at_the_last_slice(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    view.scroll(10_000)
    assert index_of(session, Plane.AXIAL) == 0
    view.scroll(-10_000)
    assert index_of(session, Plane.AXIAL) == session.state.volume.geometry.shape[0] - 1


@pytest.mark.parametrize(
    ("key", "modifiers", "steps"),
    [
        (Qt.Key.Key_Down, NONE, 1),
        (Qt.Key.Key_Up, NONE, -1),
        (Qt.Key.Key_Down, SHIFT, 5),
        (Qt.Key.Key_Up, SHIFT, -5),
    ],
)
def test_arrow_keys_change_the_slice(qtbot, session, key, modifiers, steps):
    view, before = shown(qtbot, session, Plane.CORONAL), index_of(session, Plane.CORONAL)
    QTest.keyClick(view, key, modifiers)
    assert index_of(session, Plane.CORONAL) == before + steps


def test_home_and_end_go_to_the_first_and_last_slice(qtbot, session):
    view = shown(qtbot, session, Plane.CORONAL)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert index_of(session, Plane.CORONAL) == 95
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert index_of(session, Plane.CORONAL) == 0


def test_left_drag_right_widens_and_up_brightens(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    drag(view, LEFT, (70, 0))
    assert session.state.view.window.width_hu == 400 + round(70 * 400 / 350)
    assert session.state.view.window.level_hu == 40
    drag(view, LEFT, (0, -50))
    assert session.state.view.window.level_hu < 40
    assert session.state.view.window.width_hu == 480


def test_a_drag_leaves_the_crosshair_where_it_is(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    before = session.state.view.crosshair_mm
    for button in (LEFT, MIDDLE, RIGHT):
        drag(view, button, (40, 30))
    assert session.state.view.crosshair_mm == before


def test_middle_drag_pans_by_the_pixels_dragged(qtbot, session):
    view = shown(qtbot, session, Plane.SAGITTAL)
    drag(view, MIDDLE, (30, -20))
    assert session.state.view.planes[Plane.SAGITTAL].pan_px == (30, -20)
    assert session.state.view.planes[Plane.AXIAL].pan_px == (0, 0)


def test_right_drag_upwards_zooms_in_about_the_point_pressed(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    at = QPointF(320, 150)
    before = view.placement().to_pixel(at)
    drag(view, RIGHT, (0, -90), start=(320, 150))
    assert session.state.view.planes[Plane.AXIAL].zoom == pytest.approx(np.exp(0.5))
    assert view.placement().to_pixel(at) == pytest.approx(before, abs=1e-6)


def test_control_wheel_zooms_about_the_cursor(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    at = QPointF(120, 300)
    before = view.placement().to_pixel(at)
    wheel(view, 1, CONTROL, at)
    assert session.state.view.planes[Plane.AXIAL].zoom > 1
    assert view.placement().to_pixel(at) == pytest.approx(before, abs=1e-6)


def test_shift_wheel_changes_the_opacity_of_the_overlay(qtbot, session):
    view, before = shown(qtbot, session, Plane.AXIAL), session.state.view.overlay.opacity
    wheel(view, 1, SHIFT)
    assert session.state.view.overlay.opacity > before
    wheel(view, -2, SHIFT)
    assert session.state.view.overlay.opacity < before


def test_f_and_fit_show_the_whole_slice_again(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    drag(view, MIDDLE, (30, -20))
    QTest.keyClick(view, Qt.Key.Key_F)
    assert session.state.view.planes[Plane.AXIAL].pan_px == (0, 0)
    wheel(view, 2, CONTROL)
    view.fit()
    assert session.state.view.planes[Plane.AXIAL].zoom == 1


@pytest.mark.parametrize("plane", list(Plane))
def test_a_click_places_the_crosshair_on_the_voxel_clicked(qtbot, session, plane):
    view = shown(qtbot, session, plane)
    QTest.mouseClick(view, LEFT, NONE, QPoint(290, 170))
    placement = view.placement()
    at = placement.to_screen(tuple(placement.place.to_pixel(session.state.view.crosshair_mm)))
    assert (at.x(), at.y()) == pytest.approx((290, 170), abs=1e-6)


def test_shift_and_moving_takes_the_crosshair_along(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    move(view, QPointF(200, 200))
    before = session.state.view.crosshair_mm
    move(view, QPointF(300, 250), modifiers=SHIFT)
    placement = view.placement()
    at = placement.to_screen(tuple(placement.place.to_pixel(session.state.view.crosshair_mm)))
    assert session.state.view.crosshair_mm != before
    assert (at.x(), at.y()) == pytest.approx((300, 250), abs=1e-6)


def test_double_click_maximises_and_restores_and_takes_back_the_click(qtbot, session):
    view = shown(qtbot, session, Plane.CORONAL)
    crosshair = session.state.view.crosshair_mm
    for maximised in ("coronal", None):
        QTest.mouseClick(view, LEFT, NONE, QPoint(100, 100))
        QTest.mouseDClick(view, LEFT, NONE, QPoint(100, 100))
        assert session.state.view.maximised == maximised
        assert session.state.view.crosshair_mm == crosshair


def test_hovered_tells_the_point_and_its_hounsfield_units(qtbot, session):
    view, seen = shown(qtbot, session, Plane.AXIAL), []
    view.hovered.connect(seen.append)
    heart = heart_mm(session.state.volume.geometry)
    session.move_crosshair(tuple(map(float, heart)))
    placement = view.placement()
    move(view, placement.to_screen(tuple(placement.place.to_pixel(heart))))
    assert seen[-1].hu == pytest.approx(40, abs=40)
    offset = np.abs(np.array(seen[-1].point_mm) - heart)
    assert offset.max() <= 2.01  # half a slice of 4 mm
    move(view, QPointF(2, 2))
    assert seen[-1] is None


def test_under_a_still_mouse_the_value_follows_the_slice(qtbot, session):
    view, seen = shown(qtbot, session, Plane.AXIAL), []
    view.hovered.connect(seen.append)
    heart = heart_mm(session.state.volume.geometry)
    session.move_crosshair(tuple(map(float, heart)))
    placement = view.placement()
    move(view, placement.to_screen(tuple(placement.place.to_pixel(heart))))
    before = seen[-1]
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert seen[-1].point_mm[2] > before.point_mm[2]
    session.move_crosshair(tuple(map(float, heart)))
    assert seen[-1] == before


def test_an_empty_view_takes_every_gesture_without_a_change(qtbot):
    session = Session()
    view = shown(qtbot, session, Plane.AXIAL)
    before = session.state
    wheel(view, 1)
    for button in (LEFT, MIDDLE, RIGHT):
        drag(view, button, (20, 20))
    QTest.keyClick(view, Qt.Key.Key_Down)
    move(view, QPointF(30, 30), modifiers=SHIFT)
    assert session.state is before
    assert not view.grab().isNull()


def pixels_of(view: SliceView) -> np.ndarray:
    picture = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGB32)
    return np.array(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)


def test_the_overlay_is_seen_at_the_heart_on_the_patients_left(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    session.move_crosshair(tuple(map(float, heart_mm(session.state.volume.geometry))))
    session.show(replace(session.state.view, crosshair_visible=False, annotations_visible=False))
    bare = pixels_of(view).astype(int)
    session.show(replace(session.state.view, overlay_method="gradcam"))
    changed = np.abs(pixels_of(view).astype(int) - bare).max(axis=2) > 20
    changed[:, 420:] = False  # the legend
    rows, columns = np.nonzero(changed)
    placement = view.placement()
    heart = placement.to_screen(
        tuple(placement.place.to_pixel(heart_mm(session.state.volume.geometry)))
    )
    assert heart.x() > 250
    assert columns.mean() == pytest.approx(heart.x(), abs=15)
    assert rows.mean() == pytest.approx(heart.y(), abs=15)


def test_hiding_the_patient_changes_only_the_corner_that_names_him(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    named = pixels_of(view).astype(int)
    session.show(replace(session.state.view, patient_visible=False))
    rows, columns = np.nonzero(np.abs(pixels_of(view).astype(int) - named).max(axis=2))
    assert len(rows)
    assert rows.max() < 70
    assert columns.max() < 250


def test_edge_letters_stay_when_texts_are_hidden(qtbot, session):
    view = shown(qtbot, session, Plane.CORONAL)
    session.show(replace(session.state.view, annotations_visible=False, crosshair_visible=False))
    pixels = pixels_of(view)[:, :, :3]
    letters = (pixels[:, :, 2] > 200) & (pixels[:, :, 0] < 200)  # the letters' pale yellow
    for part in (letters[180:220, :40], letters[180:220, -40:], letters[:40], letters[-40:]):
        assert part.sum() > 20


def test_a_closed_series_is_let_go(qtbot, session):
    view = shown(qtbot, session, Plane.AXIAL)
    view.grab()
    move(view, QPointF(250, 200))
    held = weakref.ref(session.state.volume)
    session.replace(volume=None, series=None, result=None)
    view.grab()
    gc.collect()
    assert held() is None


def test_corner_texts_say_who_and_how(session):
    series = replace(session.state.series, patient=Patient("DOE^JANE", "42", "F", "061Y"))
    assert patient_lines(series)[:2] == ("DOE JANE", "42  F  061Y")
    assert series_lines(series, session.state.volume)[1] == "4 mm slices"
    assert position_text(0, -12.34) == "R 12.3"
    assert position_text(2, 5.0) == "H 5.0"


def test_the_scale_bar_is_the_longest_round_length_that_fits():
    assert scale_bar_mm(1.0, 140) == 100
    assert scale_bar_mm(3.0, 140) == 20
    assert scale_bar_mm(500.0, 140) == 1
