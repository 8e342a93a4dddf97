"""The help sheet: every mouse gesture and every key."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from viewer.panels.labels import text_label

GESTURES = (
    ("Wheel", "Next or previous slice"),
    ("Left drag", "Window: width to the side, level up and down"),
    ("Middle drag", "Pan"),
    ("Right drag, Ctrl+wheel", "Zoom"),
    ("Left click", "Place the crosshair"),
    ("Right click, Menu key", "Menu of the place: Why here?"),
    ("Shift+move", "The crosshair follows the mouse in every view"),
    ("Shift+wheel", "Opacity of the overlay"),
    ("Double click", "One view alone, and back"),
    ("Left drag in the 3D view", "Turn"),
)


class ShortcutSheet(QDialog):
    """The mouse, which every view is used with, then the keys by menu.

    Args:
        groups: (menu title, rows of (keys, help)).
        parent: Window that it belongs to.
    """

    def __init__(
        self,
        groups: Iterable[tuple[str, Iterable[tuple[str, str]]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.resize(760, 640)
        sheet = QWidget()
        grid = QGridLayout(sheet)
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for title, rows in (("Mouse", GESTURES), *groups):
            _add_group(grid, title, rows)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(sheet)
        scroll.setAccessibleName("Keys and mouse gestures")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(scroll)
        column.addWidget(buttons)


def _add_group(grid: QGridLayout, title: str, rows: Iterable[tuple[str, str]]) -> None:
    heading = text_label(title, "heading")
    heading.setContentsMargins(0, 12, 0, 2)
    grid.addWidget(heading, grid.rowCount(), 0, 1, 2)
    for keys, words in rows:
        row = grid.rowCount()
        label = QLabel(keys)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label, row, 0)
        grid.addWidget(text_label(words, "muted"), row, 1)
