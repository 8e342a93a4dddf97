"""Questions about a result, asked in the real window as a user would; a real child answers."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from core.saliency.targets import MORTALITY, Target
from core.views.planes import Plane
from viewer.explanations import CHECK, OCCLUDE
from viewer.influence_words import influence_sentence

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support"),  # menus of the offscreen platform
]
WITHIN_MS = 60_000
FIVE_YEARS = Target("horizon", 5.0)
RIGHT = Qt.MouseButton.RightButton


@pytest.fixture
def window(qtbot, make_window, shared_data):
    window = make_window()
    window.opener.open_folder(shared_data / "cip-tiny" / "dicom")
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=WITHIN_MS)
    return window


@pytest.fixture
def window_with_result(qtbot, window):
    window.prognosis_panel.controls.run_button.click()
    qtbot.waitUntil(lambda: window.session.state.result is not None, timeout=WITHIN_MS)
    return window


def answered(qtbot, window, count):
    qtbot.waitUntil(lambda: len(window.session.state.influences) == count, timeout=WITHIN_MS)
    return window.session.state.influences[-1]


def opened_menu(qtbot):
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    return QApplication.activePopupWidget()


def pick(menu, words):
    entry = next(each for each in menu.actions() if each.text().startswith(words))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())


def test_after_a_run_the_maps_are_checked_and_the_score_stands_beside_the_legend(qtbot, window):
    told = []
    window.explanations.changed.connect(
        lambda kind, state: told.append(window.overlay_panel.badge.text())
    )
    window.prognosis_panel.controls.run_button.click()
    qtbot.waitUntil(lambda: window.session.state.trust is not None, timeout=WITHIN_MS)
    trust = window.session.state.trust
    assert "Checking\nthe maps…" in told
    assert f"{trust.score}/100" in window.overlay_panel.badge.text()
    assert window.overlay_panel.badge.isVisible()
    window.overlay_panel.badge.click()
    assert window.workplace.explanation_panel.isVisible()


def test_a_right_click_asks_why_here_and_the_answer_is_told(qtbot, window_with_result):
    window = window_with_result
    view = window.views.slices[Plane.AXIAL]
    at = view.rect().center() + QPoint(30, -20)
    pixel = view.placement().to_pixel(at)
    expected_mm = view.placement().place.to_patient(pixel)
    QTest.mouseClick(view, RIGHT, pos=at)
    pick(opened_menu(qtbot), "Why here? (20 mm)")
    influence = answered(qtbot, window, 1)
    assert influence.point_mm == pytest.approx(tuple(expected_mm), abs=1e-6)
    assert influence.size_mm == 20
    panel = window.workplace.explanation_panel
    assert panel.isVisible()
    assert panel.influences.sentences() == (f"1.  {influence_sentence(influence)}",)
    assert "31.0 % to 29.0 % (−2.0 points; repeat noise 0.2 points)" in influence_sentence(
        influence
    )


def test_the_place_is_marked_in_the_slices(qtbot, window_with_result):
    window = window_with_result
    view = window.views.slices[Plane.AXIAL]
    window.workplace.show_explanation()
    before = view.grab().toImage()
    window.asking.ask_at_crosshair()
    answered(qtbot, window, 1)
    marked = view.grab().toImage()
    assert marked != before
    view.scroll(20)  # 20 slices on, the cube is not cut any more
    gone = view.grab().toImage()
    window.session.replace(influences=())
    assert view.grab().toImage() == gone


def test_a_click_on_an_answer_goes_back_to_its_place(qtbot, window_with_result):
    window = window_with_result
    window.asking.ask_at_crosshair()
    place_mm = answered(qtbot, window, 1).point_mm
    window.views.slices[Plane.AXIAL].scroll(9)
    assert window.session.state.view.crosshair_mm != place_mm
    rows = window.workplace.explanation_panel.influences
    QTest.mouseClick(
        rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualItemRect(rows.item(0)).center()
    )
    assert window.session.state.view.crosshair_mm == pytest.approx(place_mm)


def test_the_chosen_size_is_asked_for(qtbot, window_with_result):
    window = window_with_result
    panel = window.workplace.explanation_panel
    panel.size.setCurrentIndex(panel.size.findText("40 mm"))
    window.workplace.show_explanation()
    panel.ask_button.click()
    assert answered(qtbot, window, 1).size_mm == 40


def test_the_question_is_about_the_target_in_view(qtbot, window_with_result):
    window = window_with_result
    window.session.show(replace(window.session.state.view, target=FIVE_YEARS))
    window.asking.ask_at_crosshair()
    assert answered(qtbot, window, 1).target == FIVE_YEARS


def test_a_right_drag_zooms_and_opens_no_menu(window_with_result):
    view = window_with_result.views.slices[Plane.AXIAL]
    start = view.rect().center()
    QTest.mousePress(view, RIGHT, pos=start)
    QTest.mouseMove(view, start + QPoint(0, -60))
    QTest.mouseRelease(view, RIGHT, pos=start + QPoint(0, -60))
    assert window_with_result.session.state.view.planes[Plane.AXIAL].zoom > 1.1
    assert QApplication.activePopupWidget() is None


def test_the_menu_key_means_the_crosshair(qtbot, window_with_result):
    window = window_with_result
    view = window.views.slices[Plane.CORONAL]
    crosshair_mm = window.session.state.view.crosshair_mm
    keyboard = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(view, QContextMenuEvent(keyboard, QPoint(3, 3), QPoint(3, 3)))
    pick(opened_menu(qtbot), "Why here?")
    assert answered(qtbot, window, 1).point_mm == crosshair_mm


def test_without_a_result_the_menu_says_what_is_missing(qtbot, window):
    view = window.views.slices[Plane.AXIAL]
    QTest.mouseClick(view, RIGHT, pos=view.rect().center())
    menu = opened_menu(qtbot)
    why = menu.actions()[0]
    assert "run a model first" in why.text()
    assert not why.isEnabled()
    menu.close()


def test_the_menu_places_the_crosshair_and_hides_the_overlay(qtbot, window_with_result):
    window = window_with_result
    view = window.views.slices[Plane.AXIAL]
    before = window.session.state.view.crosshair_mm
    QTest.mouseClick(view, RIGHT, pos=view.rect().center() + QPoint(40, 10))
    pick(opened_menu(qtbot), "Crosshair here")
    assert window.session.state.view.crosshair_mm != before
    QTest.mouseClick(view, RIGHT, pos=view.rect().center())
    pick(opened_menu(qtbot), "Hide overlay")
    assert not window.session.state.view.overlay_visible


def test_a_map_of_another_target_comes_by_choosing_it(qtbot, window_with_result):
    window = window_with_result
    menu = window.overlay_panel.target
    menu.setCurrentIndex(menu.findText("5-year risk"))
    assert window.session.state.chosen_map is None
    qtbot.waitUntil(lambda: window.session.state.chosen_map is not None, timeout=WITHIN_MS)
    assert window.session.state.chosen_map.target == FIVE_YEARS.words
    assert dict(window.workplace.explanation_panel.shares.shares) == {
        "Heart": 0.75, "Left lung": 0.25,
    }  # fmt: skip


def test_the_occlusion_map_shows_its_progress_and_then_itself(qtbot, window_with_result):
    window = window_with_result
    window.actions_by_id["occlusion"].trigger()
    qtbot.waitUntil(lambda: window.explanations.state(OCCLUDE).fraction > 0, timeout=WITHIN_MS)
    assert window.job_bar.isVisible()
    assert "Hiding places" in window.overlay_panel.words.text()
    qtbot.waitUntil(lambda: window.session.state.chosen_map is not None, timeout=WITHIN_MS)
    assert window.session.state.chosen_map.method == "occlusion"
    assert not window.job_bar.isVisible()


@pytest.mark.parametrize("way", ["button", "escape"])
def test_the_occlusion_map_can_be_cancelled(qtbot, window_with_result, way):
    window = window_with_result
    qtbot.waitUntil(lambda: window.session.state.trust is not None, timeout=WITHIN_MS)
    window.actions_by_id["occlusion"].trigger()
    qtbot.waitUntil(lambda: window.explanations.state(OCCLUDE).fraction > 0, timeout=WITHIN_MS)
    if way == "button":
        window.job_bar.cancel_button.click()
    else:
        window.actions_by_id["cancel"].trigger()
    assert not window.explanations.state(OCCLUDE).running
    assert window.overlay_panel.compute.isEnabled()
    assert window.session.state.map_in_view is None
    assert not window.job_bar.isVisible()


def test_asking_for_the_occlusion_map_twice_does_not_begin_it_anew(qtbot, window_with_result):
    window = window_with_result
    window.actions_by_id["occlusion"].trigger()
    qtbot.waitUntil(lambda: window.explanations.state(OCCLUDE).fraction > 0.2, timeout=WITHIN_MS)
    window.actions_by_id["occlusion"].trigger()
    assert window.explanations.state(OCCLUDE).fraction > 0.2


def test_the_check_does_not_take_the_escape_key(qtbot, window_with_result):
    window = window_with_result
    if window.explanations.state(CHECK).running:
        window.session.show(replace(window.session.state.view, maximised="axial"))
        window.actions_by_id["cancel"].trigger()
        assert window.session.state.view.maximised is None
    qtbot.waitUntil(lambda: window.session.state.trust is not None, timeout=WITHIN_MS)
    assert window.session.state.view.target == MORTALITY
