"""The settings in force; a change is stored at once."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import ResourcesError
from viewer.messages import Messages
from viewer.settings import Settings, read_settings, write_settings


class KeptSettings(QObject):
    """Holds the settings and writes every change to the configuration folder.

    Args:
        messages: Is told what could not be read or stored.
        folder: Where they lie; None for the user's own place.

    Signals:
        changed: The new `Settings`.
    """

    changed = Signal(object)

    def __init__(self, messages: Messages, folder: Path | None = None) -> None:
        super().__init__()
        self._messages = messages
        self._folder = folder
        self._settings, complaints = read_settings(folder)
        for complaint in complaints:
            messages.post(complaint)

    @property
    def now(self) -> Settings:
        """The settings in force."""
        return self._settings

    def change(self, to_new: Callable[[Settings], Settings]) -> None:
        """Replace the settings; they hold for this session even where they cannot be stored."""
        new = to_new(self._settings)
        if new == self._settings:
            return
        self._settings = new
        try:
            write_settings(new, self._folder)
        except ResourcesError as error:
            self._messages.post_error(error)
        self.changed.emit(new)
