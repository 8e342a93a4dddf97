"""A changed setting acts at once on the scan that is open, as far as it concerns it."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject

from viewer.kept_settings import KeptSettings
from viewer.session import Session
from viewer.settings import Settings
from viewer.view_state import ViewState

OVERLAY_FIELDS = {
    "overlay_opacity": "opacity",
    "overlay_threshold": "threshold",
    "overlay_colour_map": "colour_map",
}
"""Setting -> field of `OverlayStyle`."""


def after_change(view: ViewState, old: Settings, new: Settings) -> ViewState:
    """The view with what differs between two settings.

    What belongs to the opening of a scan (window, first map) changes nothing on an open one, and
    a setting that stayed the same does not undo what was changed by hand since.
    """
    changed = {
        field: getattr(new, name)
        for name, field in OVERLAY_FIELDS.items()
        if getattr(new, name) != getattr(old, name)
    }
    if "threshold" in changed:
        changed["raw_threshold"] = None  # the setting is a share of the maximum
    if changed:
        view = replace(view, overlay=replace(view.overlay, **changed))
    if new.patient_visible != old.patient_visible:
        view = replace(view, patient_visible=new.patient_visible)
    return view


class SettingsEffect(QObject):
    """Listens to the settings.

    Args:
        settings: What the user chooses.
        session: Whose view follows.
        choose_model: Puts a model into the menu of the prognosis panel.
    """

    def __init__(
        self, settings: KeptSettings, session: Session, *, choose_model: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._session = session
        self._choose_model = choose_model
        self._known = settings.now
        settings.changed.connect(self._follow)

    def _follow(self, new: Settings) -> None:
        old, self._known = self._known, new
        self._session.show(after_change(self._session.state.view, old, new))
        if new.model_id != old.model_id:
            self._choose_model(new.model_id)
