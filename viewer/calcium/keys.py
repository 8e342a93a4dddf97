"""The keys of calcium mode, declared once: menu, help sheet and tests read this table.

They act only inside the mode; keys of the window that collide with them rest meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from core.calcium.scores import Vessel
from viewer.calcium.mode import CalciumMode
from viewer.calcium.state import Tool
from viewer.calcium.vessels import VESSEL_KEYS, VESSEL_NAMES

TITLE = "Calcium"


@dataclass(frozen=True)
class CalciumKey:
    """One key of the mode.

    Attributes:
        id: Name in code and tests.
        text: In the menu.
        keys: The first is shown in the menu.
        help: What it does, for the help sheet.
        handler: Called with the mode.
        outside: True for what acts outside the mode too.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    help: str
    handler: Callable[[CalciumMode], None]
    outside: bool = False


def _vessel_key(vessel: Vessel) -> CalciumKey:
    def choose(mode: CalciumMode) -> None:
        mode.choose_vessel(vessel)

    help_text = f"Clicks mark {vessel.value}: {VESSEL_NAMES[vessel]}"
    return CalciumKey(f"vessel_{vessel.name.lower()}", vessel.value, (VESSEL_KEYS[vessel],),
                      help_text, choose)  # fmt: skip


CALCIUM_KEYS = (
    CalciumKey("calcium", "Calcium mode", ("C",), "Calcium mode on or off; the edits are kept",
               lambda mode: mode.toggle(), outside=True),
    *(_vessel_key(vessel) for vessel in Vessel),
    CalciumKey("lasso", "Lasso", ("L",), "Drag a loop: every candidate with its centre inside",
               lambda mode: mode.choose_tool(Tool.LASSO)),
    CalciumKey("cut", "Cut", ("K",), "Drag a line that parts the marked lesions it crosses",
               lambda mode: mode.choose_tool(Tool.CUT)),
    CalciumKey("box", "Heart box", ("B",), "Where no heart region was found: drag a box round the "
               "heart", lambda mode: mode.choose_box()),
    CalciumKey("averages", "3 mm averages", ("A",), "Thin slices shown as averages of about 3 mm, "
               "or each by itself; scored is on the slices", lambda mode: mode.toggle_averages()),
    CalciumKey("next_left", "Next unmarked", ("N",), "Go to the next candidate left unmarked, "
               "the largest first", lambda mode: mode.go_to_next()),
    CalciumKey("remove", "Remove lesion", ("Del", "Backspace"),
               "Remove the marked lesion under the cursor", lambda mode: mode.remove_hovered()),
    CalciumKey("undo", "Undo", ("Ctrl+Z",), "Take the last edit back",
               lambda mode: mode.undo()),
    CalciumKey("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Make it again",
               lambda mode: mode.redo()),
)  # fmt: skip

GESTURES = (
    ("Click", "Mark the whole lesion; a marked one of the same vessel is removed, another "
     "vessel's reassigned"),
    ("Alt and click", "Mark the part of this slice only"),
    ("Right click", "The vessels in a ring round the cursor: click one or press its letter"),
    ("Shift and drag", "Lasso without taking the tool"),
)  # fmt: skip


def help_group() -> tuple[str, tuple[tuple[str, str], ...]]:
    """The table as the help sheet shows it."""
    rows = tuple((" or ".join(each.keys), each.help) for each in CALCIUM_KEYS)
    return TITLE, (*rows, *GESTURES)


class CalciumMenu:
    """Menu and keys of the mode.

    Args:
        window: Gets the menu, before its last one.
        mode: What the entries act on.
        others: Actions of the window by id, whose keys rest where they collide.
    """

    def __init__(
        self, window: QMainWindow, mode: CalciumMode, others: Mapping[str, QAction]
    ) -> None:
        self._others = others
        self._resting: dict[str, list[QKeySequence]] = {}
        self.actions: dict[str, QAction] = {}
        menu = QMenu(TITLE, window)
        for each in CALCIUM_KEYS:
            entry = QAction(each.text, window)
            entry.setShortcuts([QKeySequence(key) for key in each.keys])
            entry.setAutoRepeat(False)
            entry.setToolTip(each.help)
            entry.setStatusTip(each.help)
            entry.triggered.connect(partial(_perform, each.handler, mode))
            menu.addAction(entry)
            self.actions[each.id] = entry
        self.actions["calcium"].setCheckable(True)
        menus = window.menuBar().actions()
        window.menuBar().insertMenu(menus[-1], menu)
        self.show_mode(on=False, possible=False)

    def show_mode(self, *, on: bool, possible: bool) -> None:
        """Keys for the mode that is on or off; `possible` with a scan open."""
        for each in CALCIUM_KEYS:
            self.actions[each.id].setEnabled(possible and (on or each.outside))
        self.actions["calcium"].setChecked(on)
        if on:
            self._rest()
        else:
            self._wake()

    def _rest(self) -> None:
        mine = {QKeySequence(key).toString() for each in CALCIUM_KEYS for key in each.keys}
        for name, action in self._others.items():
            kept = [key for key in action.shortcuts() if key.toString() not in mine]
            if len(kept) < len(action.shortcuts()):
                self._resting[name] = action.shortcuts()
                action.setShortcuts(kept)

    def _wake(self) -> None:
        for name, keys in self._resting.items():
            self._others[name].setShortcuts(keys)
        self._resting = {}


def _perform(handler: Callable[[CalciumMode], None], mode: CalciumMode) -> None:
    handler(mode)
