"""Steps of the self test about explanations: trust, "Why here?", targets, occlusion, the copy."""

import tempfile
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from core.views.planes import Plane
from viewer.dialogs.deidentify import DeidentifiedDialog, DeidentifyDialog
from viewer.explanations import CHECK, OCCLUDE
from viewer.influence_words import influence_sentence
from viewer.self_test import Driver
from viewer.self_test_hands import (
    answer_file_dialog,
    await_volume,
    click,
    coloured,
    press,
    show_method,
)

CHECK_WITHIN_S = 300.0
ANSWER_WITHIN_S = 300.0
CANCEL_WITHIN_S = 1.0
COPY_WITHIN_S = 120.0


def trust_and_shares(driver: Driver) -> None:
    """The maps are checked by themselves; score, parts and shares are told."""
    window, badge = driver.window, driver.window.overlay_panel.badge
    with driver.step("trust and shares") as notes:
        seconds = driver.until(
            lambda: not window.explanations.state(CHECK).running,
            "the end of the check",
            within_s=CHECK_WITHIN_S,
        )
        trust = window.session.state.trust
        driver.check(trust is not None, "there is a score")
        driver.check(f"{trust.score}/100" in badge.text(), "it stands beside the legend")
        notes.add(f"{trust.score} of 100 ({trust.band}) after {seconds:.1f} s more")
        click(badge)
        panel = window.workplace.explanation_panel
        driver.check(panel.isVisible(), "a click on it shows the parts")
        total = sum(share for _, share in panel.shares.shares)
        driver.check(abs(total - 1) < 0.01, "the shares of the regions add up to 1")
        largest = max(panel.shares.shares, key=lambda row: row[1])
        notes.add(f"most of the map: {largest[0]}, {largest[1]:.0%}")
        driver.picture("explanation")


def why_here(driver: Driver) -> None:
    """A right click without a drag asks about the place; the answer has its noise."""
    window, view = driver.window, driver.window.views.slices[Plane.AXIAL]
    with driver.step("why here") as notes:
        show_method(driver, "gradcam")
        placement = view.placement()
        row, column = placement.place.to_pixel(window.session.state.view.crosshair_mm)
        at = placement.to_screen((float(row), float(column))).toPoint()
        QTest.mouseClick(view, Qt.MouseButton.RightButton, pos=at + QPoint(1, 1))
        driver.until(
            lambda: isinstance(QApplication.activePopupWidget(), QMenu), "the menu", within_s=5
        )
        menu = QApplication.activePopupWidget()
        driver.picture("place_menu", menu)
        entry = menu.actions()[0]
        driver.check(entry.text().startswith("Why here?"), "the menu offers Why here?")
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
        seconds = driver.until(
            lambda: bool(window.session.state.influences), "an answer", within_s=ANSWER_WITHIN_S
        )
        sentence = influence_sentence(window.session.state.influences[-1])
        told = window.workplace.explanation_panel.influences.sentences()
        driver.check(told == (f"1.  {sentence}",), "the panel tells it")
        notes.add(f"after {seconds:.1f} s: {sentence}")
        driver.picture("why_here")


def other_target(driver: Driver) -> None:
    """Another target is computed when it is chosen."""
    window, menu = driver.window, driver.window.overlay_panel.target
    with driver.step("map of another target") as notes:
        menu.setCurrentIndex(menu.count() - 1)
        name = menu.currentText()
        seconds = driver.until(
            lambda: window.session.state.chosen_map is not None,
            f"the map of {name}",
            within_s=ANSWER_WITHIN_S,
        )
        drawn = window.session.state.chosen_map
        driver.check(drawn.target == window.session.state.view.target.words, "of that target")
        notes.add(f"{name}: {drawn.method} after {seconds:.1f} s")
        await_volume(driver)
        driver.picture("other_target")
        menu.setCurrentIndex(0)


def signed_gradient(driver: Driver) -> None:
    """The signed gradient comes with diverging colours; the threshold can be absolute."""
    window, panel = driver.window, driver.window.overlay_panel
    with driver.step("signed gradient, absolute threshold") as notes:
        panel.method.setCurrentIndex(panel.method.findData("signed_gradient"))
        driver.until(
            lambda: window.session.state.chosen_map is not None,
            "the signed gradient",
            within_s=ANSWER_WITHIN_S,
        )
        show_method(driver, "signed_gradient")
        driver.check(window.session.state.chosen_map.values.min() < 0, "both signs are there")
        panel.scale.setCurrentIndex(1)
        raw = window.session.state.view.overlay.raw_threshold
        driver.check(raw is not None, "the threshold is absolute")
        notes.add(f"threshold {panel.threshold_value.text()}")
        view = window.views.slices[Plane.AXIAL]
        driver.check(coloured(view) > 0, "it is drawn")
        await_volume(driver)
        driver.picture("signed_gradient")
        panel.scale.setCurrentIndex(0)


def cancel_occlusion(driver: Driver) -> None:
    """The occlusion map runs in the background and can be cancelled."""
    window = driver.window
    with driver.step("cancel the occlusion map") as notes:
        press(
            driver,
            Qt.Key.Key_R,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        )
        driver.until(
            lambda: window.explanations.state(OCCLUDE).fraction > 0,
            "progress of the occlusion",
            within_s=ANSWER_WITHIN_S,
        )
        notes.add(window.explanations.state(OCCLUDE).step)
        driver.picture("occlusion_running")
        click(window.job_bar.cancel_button)
        driver.until(
            lambda: not window.explanations.state(OCCLUDE).running,
            "its end",
            within_s=CANCEL_WITHIN_S,
        )
        driver.check(window.session.state.result is not None, "the result is still there")
        show_method(driver, "gradcam")


def deidentified_copy(driver: Driver) -> None:
    """File > De-identified copy writes files and tells what was removed."""
    window = driver.window
    with driver.step("de-identified copy") as notes, tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "copy"
        folder.mkdir()
        window.actions_by_id["deidentify"].trigger()
        dialog = _modal(driver, DeidentifyDialog)
        driver.picture("deidentify", dialog)
        click(dialog.go_on)
        answer_file_dialog(driver, folder)
        told = _modal(driver, DeidentifiedDialog)
        written = len(list(folder.rglob("*.dcm")))
        driver.check(written == len(window.session.state.series.slices), "every slice is copied")
        driver.check("PatientName" in told.removed.toPlainText(), "the list names what went")
        notes.add(f"{written} files")
        driver.picture("deidentified", told)
        told.close()


def _modal(driver: Driver, kind: type) -> DeidentifyDialog | DeidentifiedDialog:
    driver.until(
        lambda: isinstance(QApplication.activeModalWidget(), kind),
        "the dialog",
        within_s=COPY_WITHIN_S,
    )
    return QApplication.activeModalWidget()
