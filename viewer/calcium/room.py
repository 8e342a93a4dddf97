"""Calcium mode as one object: what it is made of, wired to window, session and settings."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from platformdirs import user_data_dir
from PySide6.QtCore import QObject

from core.views.planes import Plane
from core.views.window import PRESETS
from viewer.calcium.gestures import CalciumGestures
from viewer.calcium.keys import CalciumMenu
from viewer.calcium.mode import CalciumMode
from viewer.calcium.overlay import CalciumOverlay
from viewer.calcium.panel import CalciumPanel
from viewer.calcium.spreading import Spreading
from viewer.calcium.state import is_on
from viewer.jobs import JobRunner
from viewer.kept_settings import KeptSettings
from viewer.messages import Messages
from viewer.session import Session, SessionState
from viewer.settings import FOLDER_VARIABLE, Settings
from viewer.workplace import Workplace

CALCIUM_WINDOW = next(each.window for each in PRESETS if each.name == "Calcium")
PAGE_TITLE = "Calcium"


def journal_folder() -> Path:
    """Where the journals lie; `FOLDER_VARIABLE` keeps them beside its settings."""
    named = os.environ.get(FOLDER_VARIABLE)
    home = Path(named) if named else Path(user_data_dir("thoralens", appauthor=False))
    return home / "calcium"


class CalciumRoom(QObject):
    """Everything of calcium mode.

    Args:
        session: Holds its state.
        jobs: Runs what takes long.
        messages: Told of refusals.
        settings: Keep the reader's initials.
        workplace: Gets the page and the overlays.
    """

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        *,
        messages: Messages,
        settings: KeptSettings,
        workplace: Workplace,
    ) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._workplace = workplace
        self._menu: CalciumMenu | None = None
        self._overlay_was_visible = True
        self.mode = CalciumMode(
            session,
            jobs,
            messages=messages,
            initials=lambda: settings.now.reader_initials,
            folder=journal_folder(),
        )
        self.spreading = Spreading(session, jobs)
        self.panel = CalciumPanel(session, workplace)
        self.panel.hide()
        self.overlays = {plane: CalciumOverlay(session, plane) for plane in Plane}
        for plane, view in workplace.views.slices.items():
            view.guest = self.overlays[plane].paint
        axial = workplace.views.slices[Plane.AXIAL]
        self.gestures = CalciumGestures(self.mode, axial, self.overlays[Plane.AXIAL])
        self._wire()

    def _wire(self) -> None:
        panel, mode = self.panel, self.mode
        panel.hand.vessel_chosen.connect(mode.choose_vessel)
        panel.hand.tool_chosen.connect(mode.take_tool)
        panel.hand.averages_requested.connect(mode.toggle_averages)
        panel.hand.undo_requested.connect(mode.undo)
        panel.hand.redo_requested.connect(mode.redo)
        panel.verdict.grade_given.connect(mode.give_grade)
        panel.verdict.zero_confirmed.connect(mode.confirm_zero)
        panel.verdict.initials_changed.connect(self._keep_initials)
        panel.rule.rule_chosen.connect(mode.choose_rule)
        panel.restore_requested.connect(mode.restore)
        panel.anew_requested.connect(mode.begin_anew)
        panel.leave_requested.connect(mode.leave)
        self._settings.changed.connect(self._show_initials)
        self._show_initials(self._settings.now)
        self._session.changed.connect(self._follow)

    def add_menu(self, menu: CalciumMenu, export: Callable[[], None]) -> None:
        """Take the menu of the mode, and what saves a reading."""
        self._menu = menu
        self.panel.export_requested.connect(export)
        self._show_keys(self._session.state)

    def shut_down(self) -> None:
        """Begin nothing any more: the window closes."""
        self.spreading.shut_down()

    def _keep_initials(self, initials: str) -> None:
        self._settings.change(lambda settings: replace(settings, reader_initials=initials))

    def _show_initials(self, settings: Settings) -> None:
        self.panel.verdict.show_initials(settings.reader_initials)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        on, was_on = is_on(new.calcium), is_on(old.calcium)
        if on != was_on:
            self._workplace.show_page(self.panel, PAGE_TITLE, shown=on)
            self._rest_overlay(on=on)
            if on:
                self._session.show(replace(self._session.state.view, window=CALCIUM_WINDOW))
                self._workplace.views.slices[Plane.AXIAL].setFocus()
        if on != was_on or new.volume is not old.volume:
            self._show_keys(new)
        self._show_averages()

    def _show_averages(self) -> None:
        state = self._session.state
        together = 1 if state.calcium is None else state.calcium.slices_together
        if state.view.averaged_slices != together:
            self._session.show(replace(state.view, averaged_slices=together))

    def _rest_overlay(self, *, on: bool) -> None:
        """Saliency would hide what is scored: it is hidden meanwhile, O shows it all the same."""
        view = self._session.state.view
        if on:
            self._overlay_was_visible = view.overlay_visible
        self._session.show(replace(view, overlay_visible=not on and self._overlay_was_visible))

    def _show_keys(self, state: SessionState) -> None:
        if self._menu is not None:
            self._menu.show_mode(on=is_on(state.calcium), possible=state.volume is not None)
