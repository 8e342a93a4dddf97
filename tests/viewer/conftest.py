"""Fixtures for the viewer: nothing may be left running."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.models.bundle_folders import list_cards
from viewer.kept_settings import KeptSettings
from viewer.main_window import MainWindow, Services
from viewer.messages import Messages
from viewer.prognosis_process import PrognosisProcess
from viewer.settings import FOLDER_VARIABLE
from viewer.theme import apply_theme

END_WITHIN_S = 3.0


@pytest.fixture
def nothing_left_running() -> Iterator[None]:
    """Fails a test after which a thread or a child process goes on."""
    before = set(threading.enumerate())

    def left() -> list[object]:
        threads = [each for each in threading.enumerate() if each not in before]
        return [*threads, *multiprocessing.active_children()]

    yield
    deadline_s = time.monotonic() + END_WITHIN_S
    while left() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert left() == []


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[None]:
    """The application in our theme; undone at the end, for tests of single widgets."""
    font = qapp.font()
    apply_theme(qapp)
    yield
    qapp.setStyleSheet("")
    qapp.setFont(font)


@pytest.fixture
def make_window(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    themed: None,
    nothing_left_running: None,
) -> Iterator[Callable[..., MainWindow]]:
    """Builds the real window with a small analysis in a real child process; closes it at the end.

    Nothing of the user's is read or written: settings lie in the test's own folder.
    """
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "config"))
    windows = []

    def make(target: str = "tests.example_analyses:answer") -> MainWindow:
        messages = Messages()
        services = Services(
            messages=messages,
            settings=KeptSettings(messages),
            process=PrognosisProcess(target=target),
            cards=list_cards(tmp_path / "no-further-models"),
            warm_up=False,
            explains="tests.example_explanations",
        )
        window = MainWindow(services)
        window.resize(1400, 900)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        windows.append(window)
        return window

    yield make
    for window in windows:
        window.close()
