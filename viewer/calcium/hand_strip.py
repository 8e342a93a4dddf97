"""What the hand holds: the vessel of the next click, the tool, undo and redo."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.calcium.scores import Vessel
from viewer.calcium.state import CalciumState, Tool
from viewer.calcium.vessels import VESSEL_COLOURS, VESSEL_KEYS, VESSEL_NAMES

TOOLS = {
    Tool.CLICK: ("Click", "Click marks the lesion; a drag windows the picture (Esc)"),
    Tool.LASSO: ("Lasso  L", "Drag a loop: every candidate with its centre inside"),
    Tool.BOX: ("B  Draw a box round the heart", "No heart region was found: drag one"),
    Tool.CUT: ("Cut  K", "Drag a line that parts the marked lesions it crosses"),
}


class HandStrip(QWidget):
    """Buttons for vessels and tools, with their keys on them.

    Signals:
        vessel_chosen: `Vessel`.
        tool_chosen: `Tool`.
        averages_requested: Averages of thin slices, or each slice by itself.
        undo_requested: Take the last edit back.
        redo_requested: Make it again.
    """

    vessel_chosen = Signal(object)
    tool_chosen = Signal(object)
    averages_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.vessels = {vessel: self._vessel_button(vessel) for vessel in Vessel}
        self.tools = {tool: self._tool_button(tool) for tool in Tool}
        self.undo = self._plain("Undo", "Take the last edit back (Ctrl+Z)")
        self.undo.clicked.connect(self.undo_requested)
        self.redo = self._plain("Redo", "Make it again (Ctrl+Shift+Z)")
        self.redo.clicked.connect(self.redo_requested)
        self.averages = self._plain("", "Shown are averages; scored is on the slices (A)")
        self.averages.setCheckable(True)
        self.averages.clicked.connect(self.averages_requested)
        for group in (self.vessels, self.tools):
            exclusive = QButtonGroup(self)
            for button in group.values():
                exclusive.addButton(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(_row(*self.vessels.values()))
        drawn = (self.tools[each] for each in (Tool.CLICK, Tool.LASSO, Tool.CUT))
        column.addLayout(_row(*drawn, self.undo, self.redo))
        column.addWidget(self.averages)
        column.addWidget(self.tools[Tool.BOX])

    def show_state(self, state: CalciumState) -> None:
        """Show what is chosen, and what can be undone."""
        self.vessels[state.vessel].setChecked(True)
        self.tools[state.tool].setChecked(True)
        self.tools[Tool.BOX].setVisible(state.may_draw_box)
        made = state.grouping
        self.averages.setVisible(made is not None)
        if made is not None:
            shown = f"averages of {made.together} slices, {made.increment_mm:.3g} mm"
            self.averages.setText(f"A  Show {shown}")
        self.averages.setChecked(state.averages)
        self.undo.setEnabled(state.reading is not None and bool(state.reading.done))
        self.redo.setEnabled(state.reading is not None and bool(state.reading.undone))

    def _vessel_button(self, vessel: Vessel) -> QPushButton:
        key = VESSEL_KEYS[vessel]
        button = self._plain(f"{key}  {vessel.value}", f"{VESSEL_NAMES[vessel]} ({key})")
        button.setCheckable(True)
        colour = VESSEL_COLOURS[vessel].name()
        button.setStyleSheet(
            f"QPushButton {{ border-left: 4px solid {colour}; padding: 3px 2px; }}"
            f"QPushButton:checked {{ border: 2px solid {colour}; border-left-width: 4px; }}"
        )
        button.clicked.connect(lambda: self.vessel_chosen.emit(vessel))
        return button

    def _tool_button(self, tool: Tool) -> QPushButton:
        text, tip = TOOLS[tool]
        button = self._plain(text, tip)
        button.setCheckable(True)
        button.clicked.connect(lambda: self.tool_chosen.emit(tool))
        return button

    def _plain(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("preset")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for button in buttons:
        row.addWidget(button, 1)
    return row
