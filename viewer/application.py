"""Builds the application. Importing it brings in neither torch nor a network library."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtWidgets import QApplication

from core.bugs import understood
from core.errors import WeightsError
from core.models.bundle_folders import list_cards, our_cards
from core.models.cards import ModelCard
from viewer.kept_settings import KeptSettings
from viewer.main_window import MainWindow, Services
from viewer.messages import Messages
from viewer.panels.start_page import PRODUCT
from viewer.prognosis_process import PrognosisProcess
from viewer.theme import apply_theme

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def create_application() -> QApplication:
    """The one application of this process, in our theme."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    application.setApplicationName(PRODUCT.lower())
    application.setApplicationDisplayName(PRODUCT)
    apply_theme(application)
    return application


def create_window() -> MainWindow:
    """The window with its services; a fault that reaches no one becomes a message of it."""
    messages = Messages()
    settings = KeptSettings(messages)
    services = Services(
        messages=messages,
        settings=settings,
        process=PrognosisProcess(),
        cards=_cards(messages, settings.now.models_path),
    )
    window = MainWindow(services)
    sys.excepthook = fault_hook(messages)  # from here on there is a window that can tell
    return window


def run_application(path: Path | None) -> int:
    """Show the window, open `path` if given, and stay until it is closed."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    application = create_application()
    window = create_window()
    window.show()
    if path is not None:
        window.opener.open_folder(path)
    return application.exec()


def fault_hook(messages: Messages) -> Hook:
    """An excepthook that shows a bug with its details; Ctrl+C still ends the program."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            sys.__excepthook__(kind, error, trace)
            return
        messages.post_error(understood(error.with_traceback(trace)))

    return hook


def _cards(messages: Messages, models_folder: Path | None) -> tuple[ModelCard, ...]:
    """Models for the menu; where a user's bundle is damaged it is told and ours are left."""
    try:
        return list_cards(models_folder)
    except WeightsError as error:
        messages.post_error(error)
        return our_cards()
