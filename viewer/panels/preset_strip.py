"""Window presets under the views, each with its key; in rows where one is too long."""

from math import ceil

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLayout, QPushButton, QWidget

from core.views.window import PRESETS, Window
from viewer.session import Session, SessionState

SPACING_PX = 6
MOST_ROWS = 3


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
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 4, 8, 4)
        self._grid.setSpacing(SPACING_PX)
        self._grid.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._caption = QLabel("Window")
        self._caption.setObjectName("muted")
        self._rows = 0
        self.buttons: dict[str, QPushButton] = {}
        for preset in PRESETS:
            words = f"width {preset.window.width_hu:g}, level {preset.window.level_hu:g} HU"
            button = self._button(preset.key, preset.name, words)
            button.setCheckable(True)
            button.clicked.connect(lambda _, window=preset.window: self.preset_chosen.emit(window))
        automatic = self._button("0", "Auto", "fits the axial slice that is shown")
        automatic.clicked.connect(self.automatic_requested)
        self._arrange(rows=1)
        session.changed.connect(self._follow)
        self._mark(session.state.view.window)

    def minimumSizeHint(self) -> QSize:
        """As narrow as several rows: the strip must not make the window wider than a screen."""
        return QSize(self._width_of(rows=MOST_ROWS), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As few rows as have room."""
        super().resizeEvent(event)
        width = event.size().width()
        fitting = (rows for rows in range(1, MOST_ROWS) if self._width_of(rows=rows) <= width)
        self._arrange(rows=next(fitting, MOST_ROWS))

    def _width_of(self, *, rows: int) -> int:
        """Room that the buttons take side by side, in pixels."""
        buttons = list(self.buttons.values())
        columns = ceil(len(buttons) / rows)
        widest = [
            max(each.sizeHint().width() for each in buttons[column::columns])
            for column in range(columns)
        ]
        margins = self._grid.contentsMargins()
        around = margins.left() + margins.right() + self._caption.sizeHint().width()
        return around + sum(widest) + columns * SPACING_PX

    def _arrange(self, *, rows: int) -> None:
        if rows == self._rows:
            return
        self._rows = rows
        columns = ceil(len(self.buttons) / rows)
        self._grid.setColumnStretch(len(self.buttons) + 1, 1)
        self._grid.addWidget(self._caption, 0, 0)
        for place, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, place // columns, place % columns + 1)

    def _button(self, key: str, name: str, words: str) -> QPushButton:
        button = QPushButton(f"{key} {name}")
        button.setObjectName("preset")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the view
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
