"""Journeys through the real window, on a real scan, with a real child process."""

import os
import signal

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from core.analysis_result import DEFAULT_MODEL_ID
from core.models.bundle_folders import find_bundle
from core.prognosis import RESEARCH_USE_ONLY
from core.views.planes import Plane
from viewer import main_window
from viewer.dialogs.clinical_values import ClinicalValuesDialog
from viewer.jobs import Job, JobState
from viewer.messages import Message, MessageLevel
from viewer.panels.series_delegate import PICTURE_ROLE
from viewer.panels.start_page import dropped_path
from viewer.thumbnails import GROUP as THUMBNAILS

pytestmark = pytest.mark.gui
OPEN_WITHIN_MS = 60_000
RUN_WITHIN_MS = 60_000
SMALLEST_TARGET_PX = 24
OF_OLD_CONSTRUCTOR = pytest.mark.filterwarnings("ignore:Function. 'QDragEnterEvent")


def open_folder(qtbot, window, folder):
    window.opener.open_folder(folder)
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=OPEN_WITHIN_MS)


def run(qtbot, window):
    qtbot.mouseClick(window.prognosis_panel.controls.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.runs.state.running)
    qtbot.waitUntil(lambda: not window.runs.state.running, timeout=RUN_WITHIN_MS)


@pytest.fixture
def window_with_scan(qtbot, make_window, shared_data):
    window = make_window()
    open_folder(qtbot, window, shared_data / "cip-tiny" / "dicom")
    return window


def test_the_start_page_is_first_and_the_scan_replaces_it(qtbot, make_window, shared_data):
    window = make_window()
    assert window.start_page.isVisible()
    assert not window.workplace.isVisible()
    open_folder(qtbot, window, shared_data / "cip-tiny" / "dicom")
    assert window.workplace.isVisible()
    assert window.session.state.volume.hu.shape == (79, 64, 64)
    assert window.series_panel.list.count() == 1
    assert window.settings.now.recent_folders == (str(shared_data / "cip-tiny" / "dicom"),)


@OF_OLD_CONSTRUCTOR
@pytest.mark.parametrize("part", ["start_page", "window"])
def test_a_folder_dropped_anywhere_opens(qtbot, make_window, shared_data, part):
    window = make_window()
    target = window.start_page if part == "start_page" else window
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(shared_data / "cip-tiny" / "dicom"))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, content, left, none)
    target.dragEnterEvent(enter)
    assert enter.isAccepted()
    # Qt hands drops that come through sendEvent to no one
    target.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, content, left, none))
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=OPEN_WITHIN_MS)


@OF_OLD_CONSTRUCTOR
def test_what_is_no_file_is_not_taken_when_dragged(make_window):
    window = make_window()
    content = QMimeData()
    content.setText("not a folder")
    enter = QDragEnterEvent(
        QPoint(9, 9),
        Qt.DropAction.CopyAction,
        content,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter.ignore()
    window.start_page.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_a_run_fills_the_panel_and_lays_the_overlay(qtbot, window_with_scan):
    window = window_with_scan
    assert window.session.state.overlay_map is None
    (of_weights,) = find_bundle(DEFAULT_MODEL_ID).card.weights_warnings
    assert of_weights in window.prognosis_panel.content_text()
    run(qtbot, window)
    shown = window.prognosis_panel.content_text()
    for words in ("41.4 %", "4.1 %", "13.8 %", "24.6 %", "1 year", of_weights):
        assert words in shown
    assert "not given by this model" in shown
    assert window.session.state.overlay_map.method == "gradcam"
    assert window.actions_by_id["export"].isEnabled()


def test_closing_the_scan_clears_the_result(qtbot, window_with_scan):
    run(qtbot, window_with_scan)
    window_with_scan.actions_by_id["close_series"].trigger()
    assert window_with_scan.session.state.result is None
    assert window_with_scan.start_page.isVisible()
    assert not window_with_scan.actions_by_id["export"].isEnabled()


def test_a_run_of_a_scan_that_was_left_is_cancelled_and_its_result_dropped(
    qtbot, make_window, shared_data
):
    window = make_window("tests.example_analyses:go_on_for_long")
    open_folder(qtbot, window, shared_data / "cip-tiny" / "dicom")
    first = window.session.state.volume
    window.prognosis_panel.controls.run_button.click()
    assert window.runs.state.running
    window.opener.open_folder(shared_data / "lungdx-a0002" / "dicom")
    qtbot.waitUntil(lambda: window.session.state.volume is not first, timeout=OPEN_WITHIN_MS)
    qtbot.waitUntil(lambda: not window.runs.state.running)
    assert window.session.state.result is None


def test_cancel_answers_within_a_second_and_the_next_run_gives_its_result(
    qtbot, make_window, shared_data
):
    window = make_window("tests.example_analyses:go_on_for_long")
    open_folder(qtbot, window, shared_data / "cip-tiny" / "dicom")
    controls = window.prognosis_panel.controls
    assert not controls.cancel_button.isVisible()
    controls.run_button.click()
    qtbot.waitUntil(lambda: window.runs.state.fraction > 0, timeout=RUN_WITHIN_MS)
    assert controls.progress.value() > 0
    assert window.job_bar.isVisible()
    qtbot.mouseClick(controls.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.runs.state.running, timeout=1000)
    assert controls.run_button.isEnabled()
    assert not window.job_bar.isVisible()
    assert window.session.state.volume is not None


def test_a_killed_child_leaves_window_scan_and_a_message(qtbot, make_window, shared_data):
    window = make_window("tests.example_analyses:go_on_for_long")
    open_folder(qtbot, window, shared_data / "cip-tiny" / "dicom")
    volume = window.session.state.volume
    window.prognosis_panel.controls.run_button.click()
    qtbot.waitUntil(lambda: window.runs.state.fraction > 0, timeout=RUN_WITHIN_MS)
    os.kill(window.process.child_pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(window.runs.state.failure), timeout=10_000)
    assert window.runs.state.failure in window.prognosis_panel.content_text()
    assert "signal 9" in window.prognosis_panel.content_text()
    assert window.session.state.volume is volume
    assert window.prognosis_panel.controls.run_button.isEnabled()


def test_a_refused_series_opens_says_why_and_cannot_be_run(qtbot, make_window, shared_data):
    window = make_window()
    open_folder(qtbot, window, shared_data / "lungdx-a0002" / "dicom")
    assert "over 2.5 mm axial thickness" in window.prognosis_panel.content_text()
    assert "over 2.5 mm axial thickness" in window.series_panel.reasons_text()
    assert not window.prognosis_panel.controls.run_button.isEnabled()
    window.actions_by_id["run"].trigger()
    assert not window.runs.state.running
    assert not window.runs.run("mortality-resnet3d-d", {})


@pytest.mark.parametrize("content", [None, b"no DICOM at all"])
def test_a_folder_without_a_scan_is_told_and_the_open_scan_stays(
    qtbot, window_with_scan, tmp_path, content
):
    window, state = window_with_scan, window_with_scan.session.state
    folder = tmp_path / "empty"
    folder.mkdir()
    if content is not None:
        (folder / "notes.txt").write_bytes(content)
    window.opener.open_folder(folder)
    qtbot.waitUntil(lambda: window.message_bar.isVisible(), timeout=OPEN_WITHIN_MS)
    assert window.session.state is state
    assert window.message_bar.shown.remedy
    assert str(folder) not in window.message_bar.text.text()


def test_the_model_with_clinical_values_asks_for_them_and_passes_them_on(qtbot, window_with_scan):
    window = window_with_scan
    window.prognosis_panel.controls.choose_model("mortality-resnet3d-e")
    window.prognosis_panel.controls.run_button.click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ClinicalValuesDialog)
    assert not window.runs.state.running
    assert not dialog.run_button.isEnabled()
    for column in window._cards["mortality-resnet3d-e"].clinical:
        field = dialog.fields[column.name]
        if column.yes_or_no:
            field.setCurrentText("yes")
        else:
            field.setText(f"{column.maximum:g}")
    assert dialog.run_button.isEnabled()
    qtbot.mouseClick(dialog.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state.result is not None, timeout=RUN_WITHIN_MS)
    assert window.session.state.result.clinical["age_years"] == 90
    assert window.settings.now.model_id == "mortality-resnet3d-e"


@pytest.mark.parametrize(("peek_ms", "visible_afterwards"), [(1e9, False), (50, True)])
def test_a_short_press_of_o_toggles_and_a_long_one_only_peeks(
    qtbot, monkeypatch, window_with_scan, peek_ms, visible_afterwards
):
    window = window_with_scan
    run(qtbot, window)
    monkeypatch.setattr(main_window, "PEEK_MS", peek_ms)
    view = window.views.focused_slice_view()
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_O)
    assert not window.session.state.view.overlay_visible
    qtbot.wait(100)
    qtbot.keyRelease(view, Qt.Key.Key_O)
    assert window.session.state.view.overlay_visible is visible_afterwards


def test_the_research_use_line_is_on_every_page(qtbot, make_window, shared_data):
    window = make_window()

    def lines():
        labels = window.findChildren(QLabel)
        return [each for each in labels if each.isVisible() and each.text() == RESEARCH_USE_ONLY]

    assert len(lines()) == 2
    open_folder(qtbot, window, shared_data / "cip-tiny" / "dicom")
    assert len(lines()) == 2
    for name in ("annotations", "patient", "axial_alone", "overlay"):
        window.actions_by_id[name].trigger()
        assert len(lines()) == 2


def test_every_control_has_a_spoken_name_and_is_large_enough(qtbot, window_with_scan):
    run(qtbot, window_with_scan)
    kinds = (QPushButton, QComboBox, QAbstractSlider, QCheckBox, QLineEdit)
    controls = [
        each
        for kind in kinds
        for each in window_with_scan.findChildren(kind)
        if each.isVisible() and each.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert len(controls) >= 15
    unnamed = [each for each in controls if not each.accessibleName()]
    assert unnamed == []
    small = [each.accessibleName() for each in controls if each.height() < SMALLEST_TARGET_PX]
    assert small == []


def test_the_tab_key_reaches_every_part_of_the_window(qtbot, window_with_scan):
    run(qtbot, window_with_scan)
    reached, widget = set(), window_with_scan.series_panel.list
    for _ in range(200):
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            reached.add(widget)
    panel, overlay = window_with_scan.prognosis_panel, window_with_scan.overlay_panel
    assert {panel.controls.run_button, panel.controls.models} <= reached
    assert {overlay.visible, overlay.method, overlay.opacity, overlay.threshold} <= reached
    assert set(window_with_scan.views.slices.values()) <= reached


def test_the_title_names_the_series_and_no_patient(qtbot, make_window, shared_data):
    window = make_window()
    open_folder(qtbot, window, shared_data / "lungdx-a0002" / "dicom")
    assert window.windowTitle().startswith("ThoraxRoutine")
    assert window.session.state.series.patient.name
    assert window.session.state.series.patient.name not in window.windowTitle()


@pytest.mark.parametrize(("width_px", "height_px"), [(1024, 640), (1280, 800), (1600, 1000)])
def test_on_small_screens_the_research_use_and_the_exports_stay_in_sight(
    qtbot, window_with_scan, width_px, height_px
):
    window = window_with_scan
    run(qtbot, window)
    window.resize(width_px, height_px)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (width_px, height_px)
    research_use = window.workplace.research_use
    buttons = window.prognosis_panel.actions_row.findChildren(QPushButton)
    assert len(buttons) == 3
    for widget in (research_use, *buttons, *window.workplace.preset_strip.buttons.values()):
        place = QRect(widget.mapTo(window, QPoint()), widget.size())
        assert window.rect().contains(place)
        assert widget.visibleRegion().boundingRect() == widget.rect()


def test_the_whole_survival_curve_is_seen_at_the_first_size(qtbot, window_with_scan):
    run(qtbot, window_with_scan)
    window_with_scan.resize(1600, 1000)
    QApplication.processEvents()
    plots = [
        each
        for each in window_with_scan.prognosis_panel.findChildren(QWidget)
        if each.accessibleName() == "Survival curve"
    ]
    assert len(plots) == 1
    qtbot.waitUntil(lambda: plots[0].visibleRegion().boundingRect() == plots[0].rect())


def test_what_was_told_of_a_scan_goes_with_it(qtbot, window_with_scan):
    window = window_with_scan
    window.messages.post(Message(MessageLevel.NOTE, "Opened a series."))
    qtbot.waitUntil(window.message_bar.isVisible)
    window.opener.close()
    assert window.start_page.isVisible()
    assert not window.message_bar.isVisible()


def test_a_click_on_a_preset_leaves_the_arrow_keys_to_the_view(qtbot, window_with_scan):
    window, view = window_with_scan, window_with_scan.views.slices[Plane.AXIAL]
    view.setFocus()
    before = window.session.state.view.crosshair_mm
    qtbot.mouseClick(window.workplace.preset_strip.buttons["1"], Qt.MouseButton.LeftButton)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    after = window.session.state.view.crosshair_mm
    assert after[2] < before[2]  # towards the feet


@OF_OLD_CONSTRUCTOR
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("ct-64.nrrd",), "ct-64.nrrd"),
        (("dicom",), "dicom"),
        (("dicom/IMG0001.dcm", "dicom/IMG0002.dcm"), "dicom"),  # several files: their folder
        (("dicom", "elsewhere/other"), "dicom"),
    ],
)
def test_a_drop_is_one_folder_or_file(shared_data, names, expected):
    base = shared_data / "cip-tiny"
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(base / name)) for name in names])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, content, left, none)
    assert dropped_path(drop) == base / expected


def test_a_volume_file_opens_and_has_its_picture_in_the_list(qtbot, make_window, shared_data):
    window = make_window()
    open_folder(qtbot, window, shared_data / "cip-tiny" / "ct-64.nrrd")
    assert window.session.state.volume.hu.shape == (79, 64, 64)
    assert window.series_panel.list.item(0).data(PICTURE_ROLE) is not None


def test_the_workplace_shows_the_first_slice_while_the_rest_is_read(
    qtbot, make_window, shared_data
):
    window, seen = make_window(), []

    def note(preview):
        if preview is not None and preview.volume is not None and not seen:
            shown = window.views.slices[Plane.AXIAL].grab().toImage()
            seen.append((window.workplace.isVisible(), window.session.state.volume, shown))

    window.opener.preview_changed.connect(note)
    open_folder(qtbot, window, shared_data / "lung1-001" / "dicom")
    assert len(seen) == 1
    was_visible, volume, picture = seen[0]
    assert was_visible
    assert volume is None
    assert picture.pixelColor(picture.width() // 2, picture.height() // 2).value() > 40
    assert window.opener.preview is None
    assert window.views.slices[Plane.AXIAL].placement() is not None


def test_thumbnails_are_not_told_in_the_job_bar(make_window):
    window = make_window()
    window.jobs.job_changed.emit(Job(7, "index", state=JobState.RUNNING))
    assert window.job_bar.isVisible()
    window.jobs.job_changed.emit(Job(7, "index", state=JobState.DONE))
    window.jobs.job_changed.emit(Job(8, THUMBNAILS, state=JobState.RUNNING))
    assert not window.job_bar.isVisible()


def test_the_tab_key_reaches_the_strip_of_places(window_with_scan):
    panel = window_with_scan.series_panel
    reached, widget = set(), panel.list
    for _ in range(200):
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            reached.add(widget)
    assert panel.strip in reached
    assert panel.strip.accessibleName()
    assert "79 places" in panel.strip.accessibleDescription()
