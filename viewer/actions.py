"""Every key and menu entry, declared once: menus, help sheet and tests read this table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from core.views.planes import Plane
from core.views.window import PRESETS, Window
from viewer.view_changes import (
    automatic_window,
    fitted,
    off_missing,
    opacity_moved,
    reset,
)
from viewer.view_state import ViewState

if TYPE_CHECKING:
    from viewer.main_window import MainWindow

MENUS = ("File", "Model", "Overlay", "View", "Window", "Slices", "Help")
FAST_SLICES = 5


@dataclass(frozen=True)
class Action:
    """One thing that the user can ask for.

    Attributes:
        id: Name in code and tests.
        menu: One of `MENUS`.
        text: In the menu.
        keys: The first is shown in the menu.
        help: What it does, for the help sheet.
        handler: Called with the window.
        in_views_only: True for keys that lists and sliders need for themselves.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...]
    help: str
    handler: Callable[["MainWindow"], None]
    in_views_only: bool = False


def _changing(change: Callable[[ViewState], ViewState]) -> Callable[["MainWindow"], None]:
    """A handler that replaces the view."""
    return lambda window: window.session.show(change(window.session.state.view))


def _flag(name: str) -> Callable[["MainWindow"], None]:
    """A handler that turns a flag of the view on or off."""
    return _changing(lambda view: replace(view, **{name: not getattr(view, name)}))


def _maximise(name: str | None) -> Callable[["MainWindow"], None]:
    return _changing(lambda view: replace(view, maximised=name))


def _preset(wanted: Window) -> Callable[["MainWindow"], None]:
    return _changing(lambda view: replace(view, window=wanted))


def _automatic(window: "MainWindow") -> None:
    state = window.session.state
    if state.volume is not None:
        wanted = automatic_window(state.volume, state.view)
        window.session.show(replace(state.view, window=wanted))


def _reset(window: "MainWindow") -> None:
    state = window.session.state
    if state.volume is not None:
        first = window.first_window()
        view = reset(state.view, state.volume.geometry, first)
        window.session.show(off_missing(view, state.volume))
        window.views.volume.reset_camera()


def _scroll(steps: int) -> Callable[["MainWindow"], None]:
    return lambda window: window.views.focused_slice_view().scroll(steps)


def _to_end(end: int) -> Callable[["MainWindow"], None]:
    """Scroll further than any series is long; the view stops at its last slice."""
    return _scroll(end * 1_000_000)


FILE_ACTIONS = (
    Action("open", "File", "Open folder…", ("Ctrl+O",), "Open a folder of DICOM files",
           lambda window: window.choose_folder()),
    Action("open_file", "File", "Open file…", ("Ctrl+Alt+O",),
           "Open a zip archive, a NIfTI, NRRD or MHA file, or one DICOM file",
           lambda window: window.choose_file()),
    Action("open_sample", "File", "Open sample", ("Ctrl+Shift+O",),
           "Open the synthetic sample scan", lambda window: window.opener.open_sample()),
    Action("export", "File", "Export…", ("Ctrl+E",),
           "Save the report and every output to a folder", lambda window: window.choose_export()),
    Action("export_pdf", "File", "Export PDF…", ("Ctrl+Shift+E",), "Save the report as a PDF",
           lambda window: window.choose_pdf()),
    Action("deidentify", "File", "De-identified copy…", ("Ctrl+Alt+E",),
           "Write a copy of the open series without the patient's name and identifiers",
           lambda window: window.deidentifier.ask()),
    Action("settings", "File", "Settings…", ("Ctrl+,",), "What is shown first, colours, models",
           lambda window: window.show_settings()),
    Action("close_series", "File", "Close scan", ("Ctrl+W",), "Close the scan; back to the start",
           lambda window: window.opener.close()),
    Action("quit", "File", "Quit", ("Ctrl+Q",), "Close the window",
           lambda window: window.close()),
)  # fmt: skip
MODEL_ACTIONS = (
    Action("run", "Model", "Run model", ("Ctrl+R",), "Run the chosen model on the open series",
           lambda window: window.run_chosen_model()),
    Action("cancel", "Model", "Cancel", ("Esc",),
           "Stop what is running; otherwise show all four views again",
           lambda window: window.cancel()),
    Action("why_here", "Model", "Why here?", ("Ctrl+Space",),
           "Replace the place at the crosshair and tell how the output changes",
           lambda window: window.asking.ask_at_crosshair()),
    Action("occlusion", "Model", "Occlusion map", ("Ctrl+Shift+R",),
           "Compute the occlusion map in the background; takes minutes",
           lambda window: window.asking.occlude()),
    Action("explanation", "Model", "Explanation", ("Ctrl+D",),
           "Turn to the page of shares, trust and answers, and back",
           lambda window: window.workplace.turn_page()),
    Action("model_card", "Model", "Model card…", ("Ctrl+I",), "What the model is and is not for",
           lambda window: window.show_card()),
)  # fmt: skip
OVERLAY_ACTIONS = (
    Action("overlay", "Overlay", "Show overlay", ("O",), "Overlay on or off; hold to peek",
           lambda window: window.toggle_overlay()),
    Action("less_opaque", "Overlay", "Less opaque", ("[",), "Overlay fainter",
           _changing(lambda view: opacity_moved(view, -1))),
    Action("more_opaque", "Overlay", "More opaque", ("]",), "Overlay stronger",
           _changing(lambda view: opacity_moved(view, 1))),
)  # fmt: skip
VIEW_ACTIONS = (
    Action("annotations", "View", "Corner texts", ("X",), "Corner texts on or off",
           _flag("annotations_visible")),
    Action("crosshair", "View", "Crosshair", ("Shift+X",), "Crosshair lines on or off",
           _flag("crosshair_visible")),
    Action("patient", "View", "Patient name", ("P",), "Name and identifier on or off",
           _flag("patient_visible")),
    Action("fit", "View", "Fit", ("F",), "Fit every slice into its view", _changing(fitted)),
    Action("reset", "View", "Reset", ("R",), "Window, zoom and crosshair as at first", _reset),
    Action("four_views", "View", "Four views", ("Ctrl+1",), "All four views", _maximise(None)),
    Action("axial_alone", "View", "Axial alone", ("Ctrl+2",), "The axial view alone",
           _maximise(Plane.AXIAL.value)),
    Action("sagittal_alone", "View", "Sagittal alone", ("Ctrl+3",), "The sagittal view alone",
           _maximise(Plane.SAGITTAL.value)),
    Action("coronal_alone", "View", "Coronal alone", ("Ctrl+4",), "The coronal view alone",
           _maximise(Plane.CORONAL.value)),
    Action("volume_alone", "View", "Volume alone", ("Ctrl+5",), "The volume view alone",
           _maximise("volume")),
    Action("full_screen", "View", "Full screen", ("F11",), "Full screen on or off",
           lambda window: window.toggle_full_screen()),
)  # fmt: skip
WINDOW_ACTIONS = (
    *(
        Action(f"preset_{preset.key}", "Window", preset.name, (preset.key,),
               f"{preset.name}: width {preset.window.width_hu:g}, "
               f"level {preset.window.level_hu:g} HU", _preset(preset.window))
        for preset in PRESETS
    ),
    Action("automatic_window", "Window", "Automatic", ("0",),
           "Fit the window to the axial slice that is shown", _automatic),
)  # fmt: skip
SLICE_ACTIONS = (
    Action("next_slice", "Slices", "Next slice", ("Down",), "Next slice of the view in use",
           _scroll(1), in_views_only=True),
    Action("previous_slice", "Slices", "Previous slice", ("Up",), "Previous slice",
           _scroll(-1), in_views_only=True),
    Action("forward", "Slices", "Five slices on", ("Shift+Down",), "Five slices on",
           _scroll(FAST_SLICES), in_views_only=True),
    Action("backward", "Slices", "Five slices back", ("Shift+Up",), "Five slices back",
           _scroll(-FAST_SLICES), in_views_only=True),
    Action("first_slice", "Slices", "First slice", ("Home",), "First slice",
           _to_end(-1), in_views_only=True),
    Action("last_slice", "Slices", "Last slice", ("End",), "Last slice",
           _to_end(1), in_views_only=True),
    Action("next_series", "Slices", "Next series", ("PgDown",), "Open the next series of the list",
           lambda window: window.series_panel.choose_neighbour(1)),
    Action("previous_series", "Slices", "Previous series", ("PgUp",),
           "Open the previous series of the list",
           lambda window: window.series_panel.choose_neighbour(-1)),
)  # fmt: skip
HELP_ACTIONS = (
    Action("help", "Help", "Keys and mouse", ("F1", "?"), "This sheet",
           lambda window: window.show_shortcuts()),
    Action("about", "Help", "About Thoralens", (), "Version and intended use",
           lambda window: window.show_about()),
)  # fmt: skip
ACTIONS = (
    *FILE_ACTIONS, *MODEL_ACTIONS, *OVERLAY_ACTIONS, *VIEW_ACTIONS, *WINDOW_ACTIONS,
    *SLICE_ACTIONS, *HELP_ACTIONS,
)  # fmt: skip


def build_actions(window: "MainWindow", views: QWidget) -> dict[str, QAction]:
    """Make the menus of a window; keys that lists need act only while a view has the focus."""
    menus = {title: window.menuBar().addMenu(title) for title in MENUS}
    made = {}
    for action in ACTIONS:
        entry = QAction(action.text, window)
        entry.setShortcuts([QKeySequence(key) for key in action.keys])
        entry.setAutoRepeat(action.in_views_only)
        entry.setToolTip(action.help)
        entry.setStatusTip(action.help)
        entry.triggered.connect(lambda _=False, handler=action.handler: handler(window))
        if action.in_views_only:
            entry.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            views.addAction(entry)
        menus[action.menu].addAction(entry)
        made[action.id] = entry
    return made


def help_groups() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The table as the help sheet shows it: (menu, rows of (keys, help))."""
    return tuple(
        (menu, tuple((" or ".join(a.keys), a.help) for a in ACTIONS if a.menu == menu and a.keys))
        for menu in MENUS
    )
