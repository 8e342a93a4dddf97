"""The volume view on real VTK, off screen: sides, saliency, gestures, what is let go."""

import gc
import os
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT, reorient
from core.views.overlay import OverlayStyle
from core.views.window import MEDIASTINUM
from core.volume import Volume
from tests.results import example_result, heart_mm, thorax_volume
from viewer.session import Session
from viewer.view_changes import opened
from viewer.volume_scene import Detail, VolumeScene
from viewer.volume_view import CANNED_VIEWS, VolumeView

pytestmark = pytest.mark.gui

ROOT = Path(__file__).resolve().parents[2]
SIZE = 240


@pytest.fixture(scope="module")
def example() -> tuple:
    return example_result(thorax_volume())


@pytest.fixture
def session(example) -> Session:
    request, result = example
    volume = replace(request.volume)
    session = Session()
    view = opened(session.state.view, volume.geometry, MEDIASTINUM)
    session.replace(volume=volume, series=request.series, result=result, view=view)
    return session


@pytest.fixture
def scene():
    scene = VolumeScene()
    scene.resize(SIZE, SIZE)
    yield scene
    scene.close()


@pytest.fixture
def view(qtbot, session):
    view = VolumeView(session)
    qtbot.addWidget(view)
    view.resize(SIZE, SIZE)
    view.show()
    qtbot.waitUntil(lambda: view.renderer_name != "", timeout=20_000)
    yield view
    view.close_rendering()


def pixels(picture: QImage) -> np.ndarray:
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.array(picture.constBits(), np.uint8)
    return flat.reshape(picture.height(), picture.width(), 4)[:, :, 2::-1].astype(int)


def ball_at(offset_mm: tuple, axes: np.ndarray = HEAD_BACK_LEFT) -> Volume:
    """Air with one ball of bone, `offset_mm` from the middle, stored along `axes`."""
    geometry = VolumeGeometry.from_axes((40, 40, 40), (50, -80, 900), axes, (5, 5, 5))
    points = geometry.to_patient(np.stack(np.indices(geometry.shape), axis=-1))
    inside = np.linalg.norm(points - geometry.centre_mm - np.array(offset_mm), axis=-1) < 20
    return reorient(Volume(np.where(inside, 1200, -1000).astype(np.int16), geometry))


@pytest.mark.parametrize("axes", [HEAD_BACK_LEFT, -HEAD_BACK_LEFT[[2, 0, 1]]])
@pytest.mark.parametrize(
    ("name", "offset_mm", "side"),
    [
        ("Front", (60, 0, 0), (1, 0)),  # the patient's left is seen on the right
        ("Front", (0, 0, 60), (0, -1)),
        ("Left", (0, -60, 0), (-1, 0)),  # seen from the left, the front is on the left
        ("Left", (0, 0, 60), (0, -1)),
        ("Top", (0, -60, 0), (0, -1)),
        ("Top", (60, 0, 0), (-1, 0)),  # from the head, front upwards: the left is on the left
    ],
)
def test_a_ball_is_seen_on_its_side_and_where_it_is_projected(scene, axes, name, offset_mm, side):
    volume = ball_at(offset_mm, axes)
    scene.show_volume(volume)
    scene.look(*CANNED_VIEWS[name])
    rows, columns = np.nonzero(pixels(scene.picture()).max(axis=2) > 60)
    seen = np.array([columns.mean(), rows.mean()])
    away = seen - (SIZE - 1) / 2
    assert away @ np.array(side) > 20
    assert np.abs(away) @ (1 - np.abs(side)) < 4
    expected = scene.project(volume.geometry.centre_mm + np.array(offset_mm))
    assert seen == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("method", ["gradcam", "gradient"])
@pytest.mark.parametrize("name", list(CANNED_VIEWS))
def test_saliency_is_coloured_round_its_hot_spot_only(scene, example, method, name):
    request, result = example
    scene.show_volume(request.volume)
    scene.look(*CANNED_VIEWS[name])
    bare = pixels(scene.picture())
    saliency = result.saliency_by(method)
    scene.show_saliency(saliency, OverlayStyle())
    changed = np.abs(pixels(scene.picture()) - bare).max(axis=2) > 12
    rows, columns = np.nonzero(changed)
    assert 20 < len(rows) < 0.2 * SIZE**2
    hottest = np.unravel_index(np.argmax(saliency.values), saliency.values.shape)
    expected = scene.project(saliency.geometry.to_patient(hottest))
    assert (columns.mean(), rows.mean()) == pytest.approx(expected, abs=14)


def test_both_signs_of_a_map_are_drawn_in_their_own_places_and_colours(scene, example):
    request, result = example
    scene.show_volume(request.volume)
    scene.look(*CANNED_VIEWS["Front"])
    bare = pixels(scene.picture()).astype(int)
    values = np.zeros((4, 8, 8), np.float32)
    values[2, 2, 2], values[2, 2, 5] = -1.0, 1.0  # columns run to the patient's left
    gradcam = result.saliency_by("gradcam")
    scene.show_saliency(replace(gradcam, values=values, method="signed_gradient"), OverlayStyle())
    drawn = pixels(scene.picture()).astype(int)
    changed = np.abs(drawn - bare).max(axis=2) > 12
    for index, stronger, weaker in (((2, 2, 2), 2, 0), ((2, 2, 5), 0, 2)):
        x, y = scene.project(gradcam.geometry.to_patient(index))
        near = np.zeros_like(changed)
        near[round(y) - 5 : round(y) + 6, round(x) - 5 : round(x) + 6] = True
        assert changed[near].all()
        red_green_blue = drawn[near].mean(axis=0)
        assert red_green_blue[stronger] > red_green_blue[weaker]


def test_a_threshold_above_every_cell_and_none_draw_nothing(scene, example):
    request, result = example
    scene.show_volume(request.volume)
    scene.look(*CANNED_VIEWS["Front"])
    bare = pixels(scene.picture())
    scene.show_saliency(result.saliency_by("gradcam"), OverlayStyle())
    scene.show_saliency(None, OverlayStyle())
    assert np.array_equal(pixels(scene.picture()), bare)


def test_dragging_detail_shows_the_same_chest_as_full_detail(scene, example):
    scene.show_volume(example[0].volume)
    scene.look(*CANNED_VIEWS["Front"])
    fine = pixels(scene.picture()).max(axis=2) > 40
    scene.set_detail(Detail.DRAGGING)
    coarse = pixels(scene.picture()).max(axis=2) > 40
    assert (fine & coarse).sum() / (fine | coarse).sum() > 0.8


def test_the_first_picture_comes_by_itself(view):
    assert pixels(view.grab().toImage()).max() > 100
    assert "Drawn by" not in view.renderer_name


def test_an_invisible_view_never_starts_rendering(qtbot, session):
    view = VolumeView(session)
    qtbot.addWidget(view)
    session.show(replace(session.state.view, overlay_method="gradcam"))
    qtbot.wait(30)
    assert view.renderer_name == ""


def test_many_changes_in_one_turn_give_one_picture(qtbot, view, session, monkeypatch):
    count = []
    render = view._scene.picture
    monkeypatch.setattr(view._scene, "picture", lambda: count.append(1) or render())
    for opacity in (0.1, 0.2, 0.3, 0.4):
        overlay = replace(session.state.view.overlay, opacity=opacity)
        session.show(replace(session.state.view, overlay_method="gradcam", overlay=overlay))
    QApplication.processEvents()
    assert len(count) == 1


def test_the_legend_is_that_of_the_map_in_the_picture(qtbot, view, session, monkeypatch):
    session.show(replace(session.state.view, overlay_method="gradcam"))
    first = session.state.chosen_map
    qtbot.waitUntil(lambda: view.pictured[0] is first, timeout=20_000)
    painted = []
    monkeypatch.setattr(
        "viewer.volume_view.paint_legend", lambda _p, _r, style, shown: painted.append(shown)
    )
    session.show(replace(session.state.view, overlay_method="gradient"))
    view.grab()  # before the picture is drawn anew
    assert painted == [first]
    second = session.state.chosen_map
    qtbot.waitUntil(lambda: view.pictured[0] is second, timeout=20_000)
    view.grab()
    assert painted[-1] is second


def test_scrolling_through_slices_costs_no_rendering(qtbot, view, session, monkeypatch):
    count = []
    render = view._scene.picture
    monkeypatch.setattr(view._scene, "picture", lambda: count.append(1) or render())
    before = pixels(view.grab().toImage())
    x, y, z = session.state.view.crosshair_mm
    session.move_crosshair((x + 40, y, z + 40))
    after = pixels(view.grab().toImage())
    qtbot.wait(20)
    assert not count
    assert not np.array_equal(before, after)  # the marker has moved


def dragged(view: VolumeView, button: Qt.MouseButton) -> None:
    QTest.mousePress(view, button, Qt.KeyboardModifier.NoModifier, QPoint(120, 120))
    for k in range(1, 4):
        QTest.mouseMove(view, QPoint(120 + 15 * k, 120 + 10 * k))
    QTest.mouseRelease(view, button, Qt.KeyboardModifier.NoModifier, QPoint(165, 150))


def test_left_drag_rotates(qtbot, view):
    before = view._scene.axes_on_screen()
    dragged(view, Qt.MouseButton.LeftButton)
    after = view._scene.axes_on_screen()
    assert np.abs(after - before).max() > 0.2
    np.testing.assert_allclose(after @ after.T, np.eye(3), atol=1e-9)


def test_middle_drag_pans_with_the_mouse(qtbot, view, session):
    centre = session.state.volume.geometry.centre_mm
    x, y = view._scene.project(centre)
    dragged(view, Qt.MouseButton.MiddleButton)
    assert view._scene.project(centre) == pytest.approx((x + 45, y + 30), abs=3)


def spread(view: VolumeView, session: Session) -> float:
    centre = session.state.volume.geometry.centre_mm
    first, second = (view._scene.project(centre + np.array([x, 0, 0])) for x in (-50, 50))
    return second[0] - first[0]


def test_right_drag_and_wheel_zoom_and_reset_undoes_it(qtbot, view, session):
    before = spread(view, session)
    dragged(view, Qt.MouseButton.RightButton)
    assert abs(spread(view, session) / before - 1) > 0.02
    view.reset_camera()
    qtbot.waitUntil(lambda: spread(view, session) == pytest.approx(before), timeout=20_000)
    at = QPointF(100, 100)
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
    assert spread(view, session) > before * 1.1


def test_double_click_maximises_and_restores(qtbot, view, session):
    for maximised in ("volume", None):
        QTest.mouseDClick(view, Qt.MouseButton.LeftButton)
        assert session.state.view.maximised == maximised


def test_keys_look_from_the_left_and_the_head(qtbot, view):
    for key, letter_axis in ((Qt.Key.Key_L, 0), (Qt.Key.Key_H, 2), (Qt.Key.Key_A, 1)):
        QTest.keyClick(view, key)
        qtbot.waitUntil(
            lambda axis=letter_axis: abs(view._scene.axes_on_screen()[axis, 2]) > 0.99,
            timeout=20_000,
        )


def test_a_closed_series_is_let_go(qtbot, view, session):
    held = weakref.ref(session.state.volume)
    session.replace(volume=None, series=None, result=None)
    qtbot.wait(10)
    view.grab()
    gc.collect()
    assert held() is None


def test_closing_frees_the_window_and_showing_starts_anew(qtbot, view):
    window = weakref.ref(view._scene._window)
    view.close_rendering()
    gc.collect()
    assert window() is None
    view.hide()
    view.show()
    qtbot.waitUntil(lambda: view.renderer_name != "", timeout=20_000)


def test_without_opengl_the_view_says_so_and_the_program_lives_on():
    program = """
import sys
from PySide6.QtWidgets import QApplication
from tests.results import example_result
from viewer.session import Session
from viewer.volume_view import VolumeView
application = QApplication([])
session = Session()
view = VolumeView(session)
view.show()
request, _ = example_result()
session.replace(volume=request.volume)
for _ in range(5):
    application.processEvents()
view.grab()
print(view.accessibleDescription())
view.close_rendering()
"""
    environment = {
        **os.environ,
        "__EGL_VENDOR_LIBRARY_FILENAMES": "nothing-here.json",
        "QT_QPA_PLATFORM": "offscreen",
    }
    environment.pop("DISPLAY", None)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "3D view not available on this machine" in done.stdout


def test_the_heart_marker_is_where_the_heart_is_projected(view, session):
    point = heart_mm(session.state.volume.geometry)
    session.move_crosshair(tuple(map(float, point)))
    x, y = view._scene.project(np.array(session.state.view.crosshair_mm))
    without = replace(session.state.view, crosshair_visible=False)
    marked = pixels(view.grab().toImage())
    session.show(without)
    rows, columns = np.nonzero(np.abs(marked - pixels(view.grab().toImage())).max(axis=2) > 40)
    assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=2)
