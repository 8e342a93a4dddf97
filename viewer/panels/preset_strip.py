"""Window presets under the views, each with its key."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from core.views.window import PRESETS, Window
from viewer.session import Session, SessionState


class PresetStrip(QWidget):
    """One button a preset; the one in force is marked.

    Signals:
        automatic_requested: Fit the window to the shown slice.
        preset_chosen: A `Window`.
    """

    automatic_requested = Signal()
    preset_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Window presets")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        caption = QLabel("Window")
        caption.setObjectName("muted")
        row.addWidget(caption)
        self.buttons: dict[str, QPushButton] = {}
        for preset in PRESETS:
            words = f"width {preset.window.width_hu:g}, level {preset.window.level_hu:g} HU"
            button = self._button(preset.key, preset.name, words)
            button.setCheckable(True)
            button.clicked.connect(lambda _, window=preset.window: self.preset_chosen.emit(window))
            row.addWidget(button)
        automatic = self._button("0", "Auto", "fits the axial slice that is shown")
        automatic.clicked.connect(self.automatic_requested)
        row.addWidget(automatic)
        row.addStretch()
        session.changed.connect(self._follow)
        self._mark(session.state.view.window)

    def _button(self, key: str, name: str, words: str) -> QPushButton:
        button = QPushButton(f"{key} {name}")
        button.setObjectName("preset")
        button.setAccessibleName(f"Window preset {name}")
        button.setToolTip(f"{name}: {words} (key {key})")
        self.buttons[key] = button
        return button

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.view.window != old.view.window:
            self._mark(new.view.window)

    def _mark(self, window: Window) -> None:
        for preset in PRESETS:
            self.buttons[preset.key].setChecked(preset.window == window)
