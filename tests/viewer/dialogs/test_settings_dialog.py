from dataclasses import fields, replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from viewer.dialogs.setting_controls import NO_SUCH_FOLDER
from viewer.dialogs.settings import SettingsDialog
from viewer.kept_settings import KeptSettings
from viewer.messages import Messages
from viewer.settings import Settings, declarations, read_settings

MODELS = {"mortality-resnet3d-d": "Model D", "another": "Another model"}


@pytest.fixture
def kept(tmp_path):
    return KeptSettings(Messages(), tmp_path)


@pytest.fixture
def dialog(qtbot, kept, themed):
    dialog = SettingsDialog(kept, MODELS)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def stored(folder):
    return read_settings(folder)[0]


def test_every_declared_setting_has_its_row_with_title_help_and_a_spoken_name(dialog):
    assert list(dialog.controls) == [each.name for each in fields(Settings)]
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    for name, declaration in declarations().items():
        assert declaration.title in texts
        assert declaration.help in texts
        assert declaration.title in dialog.controls[name].focus.accessibleName()
        assert dialog.controls[name].focus.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_keyboard_reaches_every_control_in_their_order(qtbot, dialog):
    dialog.controls["recent_folders"].button.setEnabled(True)
    wanted = [control.focus for control in dialog.controls.values()]
    wanted[0].setFocus()
    reached = [QApplication.focusWidget()]
    for _ in range(len(wanted) + 1):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    assert [each for each in reached if each in wanted] == wanted


@pytest.mark.parametrize(
    ("name", "act", "expected"),
    [
        ("window_preset", lambda c: c.menu.setCurrentText("Lung"), "Lung"),
        ("overlay_method", lambda c: c.menu.setCurrentText("Gradient"), "gradient"),
        ("overlay_opacity", lambda c: c.slider.setValue(25), 0.25),
        ("overlay_threshold", lambda c: c.slider.setValue(70), 0.7),
        ("overlay_colour_map", lambda c: c.menu.setCurrentText("Viridis"), "viridis"),
        ("patient_visible", lambda c: c.box.click(), False),
        ("model_id", lambda c: c.menu.setCurrentText("Another model"), "another"),
        (
            "reader_initials",
            lambda c: (c.line.setText(" AB "), c.line.editingFinished.emit()),
            "AB",
        ),
    ],
)
def test_a_change_holds_and_is_stored_at_once(dialog, kept, tmp_path, name, act, expected):
    act(dialog.controls[name])
    assert getattr(kept.now, name) == expected
    assert getattr(stored(tmp_path), name) == expected
    assert replace(kept.now, **{name: getattr(Settings(), name)}) == Settings()


def test_a_slider_that_is_dragged_is_stored_when_it_is_let_go(dialog, kept):
    slider = dialog.controls["overlay_opacity"].slider
    slider.setSliderDown(True)
    slider.setValue(80)
    assert dialog.controls["overlay_opacity"].figure.text() == "0.80"
    assert kept.now.overlay_opacity == 0.5
    slider.setSliderDown(False)
    assert kept.now.overlay_opacity == 0.8


def test_a_change_made_elsewhere_is_shown_and_told_to_nobody(dialog, kept):
    told = []
    for control in dialog.controls.values():
        control.chosen.connect(told.append)
    kept.change(lambda s: replace(s, overlay_threshold=0.3, window_preset="Lung"))
    assert dialog.controls["overlay_threshold"].slider.value() == 30
    assert dialog.controls["window_preset"].menu.currentText() == "Lung"
    assert told == []


def test_reset_keeps_only_the_recent_folders(qtbot, dialog, kept, tmp_path):
    kept.change(
        lambda s: replace(s, overlay_opacity=0.1, patient_visible=False, recent_folders=("a",))
    )
    qtbot.mouseClick(dialog.reset_button, Qt.MouseButton.LeftButton)
    assert kept.now == replace(Settings(), recent_folders=("a",))
    assert stored(tmp_path) == kept.now
    assert dialog.controls["overlay_opacity"].slider.value() == 50
    assert dialog.controls["patient_visible"].box.isChecked()


def test_a_folder_that_is_not_there_is_refused_in_words(dialog, kept, tmp_path):
    control = dialog.controls["models_folder"]
    control.line.setText(str(tmp_path / "nowhere"))
    control.line.editingFinished.emit()
    assert control.fault.text() == NO_SUCH_FOLDER
    assert control.fault.isVisible()
    assert kept.now.models_folder == ""
    control.line.setText(str(tmp_path))
    control.line.editingFinished.emit()
    assert not control.fault.isVisible()
    assert kept.now.models_folder == str(tmp_path)


def test_recent_folders_are_forgotten_together(qtbot, dialog, kept):
    control = dialog.controls["recent_folders"]
    assert not control.button.isEnabled()
    kept.change(lambda s: replace(s, recent_folders=("a", "b")))
    assert control.figure.text() == "2 remembered"
    qtbot.mouseClick(control.button, Qt.MouseButton.LeftButton)
    assert kept.now.recent_folders == ()


def wheel_over(menu):
    middle = QPointF(menu.rect().center())
    event = QWheelEvent(
        middle,
        menu.mapToGlobal(middle),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(menu, event)
    return event


def test_the_wheel_changes_only_what_was_chosen_first_and_else_is_left_to_the_page(dialog, kept):
    menu = dialog.controls["window_preset"].menu
    dialog.reset_button.setFocus()
    assert not wheel_over(menu).isAccepted()
    assert kept.now == Settings()
    menu.setFocus()
    assert wheel_over(menu).isAccepted()
    assert kept.now.window_preset == menu.currentText() != Settings().window_preset


def test_without_models_the_menu_says_so(qtbot, kept):
    dialog = SettingsDialog(kept, {})
    qtbot.addWidget(dialog)
    assert dialog.controls["model_id"].menu.itemText(0) == "No model was found"
    assert kept.now == Settings()


@pytest.mark.gui
def test_in_the_window_a_change_acts_on_the_open_view_and_menu(make_window):
    window = make_window()
    window.actions_by_id["settings"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.controls["overlay_opacity"].slider.setValue(30)
    dialog.controls["patient_visible"].box.click()
    menu = dialog.controls["model_id"].menu
    menu.setCurrentIndex(1 - menu.currentIndex())
    assert window.session.state.view.overlay.opacity == 0.3
    assert not window.session.state.view.patient_visible
    assert window.prognosis_panel.controls.chosen_model() == menu.currentData()
    dialog.reset_button.click()
    assert window.session.state.view.overlay.opacity == Settings().overlay_opacity
    assert window.prognosis_panel.controls.chosen_model() == Settings().model_id
    dialog.close()


@pytest.mark.gui
def test_the_window_shows_its_memory(make_window):
    window = make_window()
    assert window.memory_figure.isVisible()
    assert window.memory_figure.text().startswith("Memory ")
