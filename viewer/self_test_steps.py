"""The steps of the self test: the main job as a radiologist would do it, and what may go wrong."""

import os
import signal
import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from core.prognosis import RESEARCH_USE_ONLY
from core.views.planes import Plane
from core.views.window import LUNG, MEDIASTINUM
from viewer.panels.result_words import percent
from viewer.self_test import Driver
from viewer.self_test_calcium import calcium
from viewer.self_test_explaining import (
    cancel_occlusion,
    deidentified_copy,
    other_target,
    signed_gradient,
    trust_and_shares,
    why_here,
)
from viewer.self_test_hands import (
    answer_file_dialog,
    axial_index,
    click,
    coloured,
    differs,
    is_written,
    picture_of,
    present_window,
    press,
    show_method,
    spread,
    visible_text,
    wait_for_progress,
    wheel,
)

OPEN_WITHIN_S = 180.0
DRAW_WITHIN_S = 60.0
RUN_WITHIN_S = 900.0
CANCEL_WITHIN_S = 1.0
OUTPUTS = (
    "result.json",
    "gradient.nii.gz",
    "gradcam.nii.gz",
    "key_axial.png",
    "key_coronal.png",
    "key_sagittal.png",
    "key_volume.png",
    "report.pdf",
    "calcium-lesions.csv",
    "calcium.nii.gz",
)


def drive(driver: Driver) -> None:
    """All steps in order."""
    for step in (
        start_page,
        open_sample,
        scroll,
        presets,
        crosshair,
        maximise,
        volume_view,
        cancel_run,
        kill_child,
        rerun,
        gradcam_overlay,
        gradient_overlay,
        opacity_and_threshold,
        trust_and_shares,
        why_here,
        other_target,
        signed_gradient,
        cancel_occlusion,
        deidentified_copy,
        calcium,
        failure_keeps_scan,
        export,
        shortcut_sheet,
        close_scan,
    ):
        step(driver)


def start_page(driver: Driver) -> None:
    """The window opens on the start page."""
    window = driver.window
    with driver.step("start page") as notes:
        window.show()
        window.activateWindow()
        seconds = driver.until(window.isVisible, "the window", within_s=10)
        notes.add(f"window up after {seconds:.2f} s")
        driver.check(window.start_page.isVisible(), "the start page is shown")
        driver.check(RESEARCH_USE_ONLY in visible_text(window), "the research-use line is shown")
        driver.picture("start")


def open_sample(driver: Driver) -> None:
    """Open sample: the scan appears in all views."""
    window = driver.window
    with driver.step("open sample") as notes:
        click(window.start_page.sample_button)
        driver.until(
            lambda: window.session.state.volume is not None,
            "the sample",
            within_s=OPEN_WITHIN_S,
        )
        shape = window.session.state.volume.geometry.shape
        notes.add(f"{shape[0]} x {shape[1]} x {shape[2]} voxels")
        driver.check(window.series_panel.list.count() == 1, "one series is listed")
        driver.check(window.workplace.research_use.isVisible(), "the research-use line is shown")
        for plane, view in window.views.slices.items():
            driver.check(spread(view) > 10, f"the {plane.value} view shows a picture")
        driver.picture("open")


def scroll(driver: Driver) -> None:
    """Wheel and arrow keys change the slice."""
    window, view = driver.window, driver.window.views.slices[Plane.AXIAL]
    with driver.step("scroll") as notes:
        first, before = axial_index(driver), picture_of(view)
        wheel(view, notches=-3)
        driver.until(lambda: axial_index(driver) != first, "another slice by the wheel", within_s=5)
        notes.add(f"slice {first} to {axial_index(driver)} by the wheel")
        driver.check(differs(before, picture_of(view)), "the picture changed")
        second = axial_index(driver)
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Down)
        driver.until(
            lambda: abs(axial_index(driver) - second) == 1, "one slice by the arrow key", within_s=5
        )
        driver.check(window.session.state.volume is not None, "the scan is open")


def presets(driver: Driver) -> None:
    """Keys 1 and 2 and the strip change the window."""
    window, view = driver.window, driver.window.views.slices[Plane.AXIAL]
    with driver.step("window presets") as notes:
        before = picture_of(view)
        press(driver, Qt.Key.Key_1)
        driver.until(lambda: present_window(driver) == LUNG, "the lung window by key 1", within_s=5)
        driver.check(differs(before, picture_of(view)), "the picture changed")
        driver.picture("lung_window")
        click(window.workplace.preset_strip.buttons["0"])
        automatic = present_window(driver)
        driver.check(automatic != LUNG, "the automatic window is another")
        notes.add(f"automatic: width {automatic.width_hu:g}, level {automatic.level_hu:g} HU")
        press(driver, Qt.Key.Key_2)
        driver.until(
            lambda: present_window(driver) == MEDIASTINUM, "mediastinum by key 2", within_s=5
        )


def crosshair(driver: Driver) -> None:
    """A click in one view moves all others."""
    window, view = driver.window, driver.window.views.slices[Plane.CORONAL]
    with driver.step("linked crosshair") as notes:
        before, axial = window.session.state.view.crosshair_mm, axial_index(driver)
        QTest.mouseClick(
            view, Qt.MouseButton.LeftButton, pos=view.rect().center() + QPoint(40, -60)
        )
        driver.until(lambda: axial_index(driver) != axial, "another axial slice", within_s=5)
        after = window.session.state.view.crosshair_mm
        driver.check(after[0] > before[0], "right of the screen is the patient's left")
        driver.check(after[2] > before[2], "up on the screen is towards the head")
        notes.add(f"crosshair moved by {np.linalg.norm(np.subtract(after, before)):.1f} mm")


def maximise(driver: Driver) -> None:
    """Double click shows one view alone, and all again."""
    window, view = driver.window, driver.window.views.slices[Plane.AXIAL]
    with driver.step("maximise") as notes:
        width = view.width()
        for alone in ("axial", None):
            QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
            driver.until(
                lambda alone=alone: window.session.state.view.maximised == alone,
                f"maximised is {alone}",
                within_s=5,
            )
            others = window.views.slices[Plane.CORONAL]
            driver.check(others.isVisible() == (alone is None), "the other views follow")
            if alone:
                driver.until(lambda: view.width() > 1.5 * width, "a wider view", within_s=5)
                driver.picture("axial_alone")
                notes.add(f"{width} to {view.width()} px wide")


def volume_view(driver: Driver) -> None:
    """The volume is drawn, and turns with the mouse."""
    view = driver.window.views.volume
    with driver.step("volume view") as notes:
        seconds = driver.until(
            lambda: spread(view) > 10, "a picture of the volume", within_s=DRAW_WITHIN_S
        )
        notes.add(f"drawn after {seconds:.2f} s")
        before, middle = picture_of(view), view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseMove(view, middle + QPoint(90, 20))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle + QPoint(90, 20))
        driver.until(
            lambda: differs(before, picture_of(view)), "another picture", within_s=DRAW_WITHIN_S
        )
        driver.picture("volume_turned")


def cancel_run(driver: Driver) -> None:
    """Cancel answers within a second and the scan stays open."""
    window, controls = driver.window, driver.window.prognosis_panel.controls
    with driver.step("cancel within 1 s") as notes:
        press(driver, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        wait_for_progress(driver)
        driver.picture("running")
        volume = window.session.state.volume
        click(controls.cancel_button)
        seconds = driver.until(
            lambda: not window.runs.state.running and controls.run_button.isEnabled(),
            "the end of the run",
            within_s=CANCEL_WITHIN_S,
        )
        driver.check(window.session.state.volume is volume, "the scan is still open")
        driver.check(window.session.state.result is None, "there is no result")
        notes.add(f"answered after {seconds:.3f} s")


def kill_child(driver: Driver) -> None:
    """The child dies during a run: a message, and everything stays."""
    window = driver.window
    with driver.step("child killed during a run") as notes:
        click(window.prognosis_panel.controls.run_button)
        wait_for_progress(driver)
        child, volume = window.process.child_pid, window.session.state.volume
        driver.check(child is not None, "there is a child process")
        os.kill(child, getattr(signal, "SIGKILL", signal.SIGTERM))
        driver.until(lambda: bool(window.runs.state.failure), "the failure", within_s=15)
        told = window.prognosis_panel.content_text()
        driver.check(window.runs.state.failure in told, "the panel tells it")
        driver.check(window.isVisible(), "the window is alive")
        driver.check(window.session.state.volume is volume, "the scan is still open")
        notes.add(window.runs.state.failure)
        driver.picture("child_killed")


def rerun(driver: Driver) -> None:
    """The next run starts a new child and gives the result."""
    window = driver.window
    with driver.step("run") as notes:
        click(window.prognosis_panel.controls.run_button)
        seconds = driver.until(
            lambda: not window.runs.state.running, "the end of the run", within_s=RUN_WITHIN_S
        )
        result = window.session.state.result
        driver.check(result is not None, f"there is a result; {window.runs.state.failure}")
        shown = window.prognosis_panel.content_text()
        probability = percent(result.prognosis.mortality_probability)
        driver.check(probability in shown, "the probability is shown")
        for warning in result.card.warnings:
            driver.check(warning in shown, "the warning of the model card is shown")
        notes.add(f"result after {seconds:.1f} s on {result.provenance.device}")
        driver.picture("result")


def gradcam_overlay(driver: Driver) -> None:
    """GradCAM lies over all views; O hides it and shows it again."""
    with driver.step("overlay GradCAM"):
        show_method(driver, "gradcam")
        view = driver.window.views.slices[Plane.AXIAL]
        view.setFocus()  # its border tells the focus, which keys move here
        with_overlay = picture_of(view)
        driver.check(coloured(view) > 50, "the axial view is coloured")
        for visible in (False, True):
            press(driver, Qt.Key.Key_O)
            driver.until(
                lambda visible=visible: driver.window.session.state.view.overlay_visible == visible,
                f"overlay visible: {visible}",
                within_s=5,
            )
            changed = differs(with_overlay, picture_of(view))
            driver.check(changed != visible, "the picture follows")
        driver.picture("gradcam")


def gradient_overlay(driver: Driver) -> None:
    """The gradient map takes the place of GradCAM."""
    with driver.step("overlay gradient") as notes:
        show_method(driver, "gradient")
        driver.check(
            driver.window.session.state.overlay_map.method == "gradient", "gradient is drawn"
        )
        notes.add(driver.window.overlay_panel.words.text())
        driver.picture("gradient")


def opacity_and_threshold(driver: Driver) -> None:
    """Sliders and keys change opacity and threshold, and the picture with them."""
    window, panel = driver.window, driver.window.overlay_panel
    with driver.step("opacity and threshold") as notes:
        show_method(driver, "gradcam")
        view = window.views.slices[Plane.AXIAL]
        view.setFocus()
        before = picture_of(view)
        style = window.session.state.view.overlay
        panel.threshold.setFocus()
        QTest.keyClick(panel.threshold, Qt.Key.Key_Left)
        driver.check(window.session.state.view.overlay.threshold < style.threshold, "lower")
        driver.check(differs(before, picture_of(view)), "the picture follows the threshold")
        before = picture_of(view)
        press(driver, Qt.Key.Key_BracketRight)
        driver.check(window.session.state.view.overlay.opacity > style.opacity, "more opaque")
        driver.check(differs(before, picture_of(view)), "the picture follows the opacity")
        overlay = window.session.state.view.overlay
        notes.add(f"threshold {overlay.threshold:.2f}, opacity {overlay.opacity:.2f}")
        driver.picture("opacity_threshold")


def failure_keeps_scan(driver: Driver) -> None:
    """A folder without a scan: a message, and what is open stays open."""
    window = driver.window
    with driver.step("empty folder keeps the scan") as notes:
        state = window.session.state
        with tempfile.TemporaryDirectory() as empty:
            press(driver, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
            answer_file_dialog(driver, Path(empty))
            driver.until(window.message_bar.isVisible, "a message", within_s=20)
        driver.check(window.session.state.volume is state.volume, "the scan is still open")
        driver.check(window.session.state.result is state.result, "the result is still there")
        notes.add(window.message_bar.text.text())
        window.message_bar.clear()


def export(driver: Driver) -> None:
    """Export writes every output."""
    window, folder = driver.window, driver.folder / "export"
    with driver.step("export") as notes:
        folder.mkdir(exist_ok=True)
        for name in OUTPUTS:
            (folder / name).unlink(missing_ok=True)
        window.workplace.pages.setCurrentWidget(window.prognosis_panel)
        buttons = window.prognosis_panel.findChildren(QPushButton)
        click(next(each for each in buttons if each.text() == "Export…"))
        answer_file_dialog(driver, folder)
        driver.until(window.message_bar.isVisible, "a message", within_s=180)
        missing = [name for name in OUTPUTS if not is_written(folder / name)]
        driver.check(not missing, f"written: {', '.join(missing)}")
        notes.add(f"{len(OUTPUTS)} files; {window.message_bar.text.text()}")
        driver.picture("exported")


def shortcut_sheet(driver: Driver) -> None:
    """F1 opens the sheet of keys."""
    with driver.step("keys and mouse"):
        press(driver, Qt.Key.Key_F1)
        driver.until(lambda: QApplication.activeModalWidget() is not None, "the sheet", within_s=5)
        sheet = QApplication.activeModalWidget()
        driver.picture("keys", sheet)
        QTest.keyClick(sheet, Qt.Key.Key_Escape)
        driver.until(lambda: QApplication.activeModalWidget() is None, "its end", within_s=5)


def close_scan(driver: Driver) -> None:
    """Closing the scan leads back to the start page."""
    window = driver.window
    with driver.step("close scan"):
        press(driver, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
        driver.until(window.start_page.isVisible, "the start page", within_s=5)
        driver.check(window.session.state.volume is None, "nothing is open")
