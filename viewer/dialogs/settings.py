"""Every setting, as it is declared; a change acts and is stored at once."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from viewer.dialogs.setting_controls import SettingControl, control_of
from viewer.kept_settings import KeptSettings
from viewer.method_names import METHOD_NAMES
from viewer.panels.labels import text_label
from viewer.settings import Declaration, Settings, declarations

AT_ONCE = "A change acts at once and is kept on this computer."
NO_MODELS = {"": "No model was found"}
SIZE_PX = (660, 720)


class SettingsDialog(QDialog):
    """A row for each declared setting: title, control, and what it does.

    Args:
        settings: Shown and changed.
        model_titles: Model id -> title, of the models that there are.
        parent: Window that it belongs to.
    """

    def __init__(
        self,
        settings: KeptSettings,
        model_titles: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(*SIZE_PX)
        self._settings = settings
        self.controls: dict[str, SettingControl] = {}
        self._page = QWidget()
        grid = QGridLayout(self._page)
        grid.setContentsMargins(0, 8, 12, 8)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, 190)
        grid.setColumnStretch(1, 1)
        at_run_time = {"model_id": model_titles or NO_MODELS}
        for name, declaration in declarations().items():
            titles = at_run_time.get(name, choice_titles(declaration))
            control = control_of(declaration, getattr(Settings(), name), titles)
            control.chosen.connect(partial(self._keep, name))
            self.controls[name] = control
            _add_row(grid, declaration, control)
        grid.setRowStretch(grid.rowCount(), 1)
        self._lay_out()
        settings.changed.connect(self._refresh)
        self._refresh(settings.now)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self._page)
        scroll.setAccessibleName("Settings")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.reset_button = buttons.addButton(
            "Reset to defaults", QDialogButtonBox.ButtonRole.ResetRole
        )
        self.reset_button.setAutoDefault(False)
        self.reset_button.setToolTip("Every setting as at first; recent folders are kept")
        self.reset_button.clicked.connect(self._reset)
        column = QVBoxLayout(self)
        column.addWidget(text_label("Settings", "heading"))
        column.addWidget(text_label(AT_ONCE, "muted"))
        column.addWidget(scroll, 1)
        column.addWidget(buttons)

    def _keep(self, name: str, value: object) -> None:
        self._settings.change(lambda settings: replace(settings, **{name: value}))

    def _reset(self) -> None:
        self._settings.change(lambda now: replace(Settings(), recent_folders=now.recent_folders))

    def _refresh(self, settings: Settings) -> None:
        for name, control in self.controls.items():
            control.show_value(getattr(settings, name))


def choice_titles(declaration: Declaration) -> dict[str, str]:
    """Allowed value -> what the menu calls it; empty where any value is allowed."""
    return {
        value: METHOD_NAMES.get(value, f"{value[:1].upper()}{value[1:]}")
        for value in declaration.choices
    }


def _add_row(grid: QGridLayout, declaration: Declaration, control: SettingControl) -> None:
    row = grid.rowCount()
    title = QLabel(declaration.title)
    title.setBuddy(control.focus)
    control.focus.setToolTip(declaration.help)
    control.focus.setAccessibleDescription(declaration.help)
    words = text_label(declaration.help, "muted")
    words.setContentsMargins(0, 0, 0, 12)
    grid.addWidget(title, row, 0)
    grid.addWidget(control, row, 1)
    grid.addWidget(words, row + 1, 1)
