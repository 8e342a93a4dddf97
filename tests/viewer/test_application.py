"""Starting: what is loaded, what is said without a screen, what a bug becomes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QFontDatabase, QGuiApplication

from viewer.__main__ import EXIT_REFUSED, has_screen
from viewer.application import _cards, create_application, fault_hook
from viewer.messages import Messages

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def modules_after(program):
    code = f"{program}\nimport sys\nprint('\\n'.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def viewer(*arguments, **environment):
    kept = {k: v for k, v in os.environ.items() if k not in WITHOUT_SCREEN}
    return subprocess.run(
        [sys.executable, "-m", "viewer", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=kept | environment,
        check=False,
    )


def test_the_window_is_up_before_anything_heavy_is_loaded(tmp_path):
    program = """
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from viewer.application import create_application, create_window
application = create_application()
window = create_window()
window.show()
application.processEvents()
assert window.start_page.isVisible()
"""
    loaded = modules_after(
        f"import os\nos.environ['THORALENS_CONFIG'] = {str(tmp_path)!r}{program}"
    )
    network = {"http.client", "ssl", "urllib.request", "requests", "urllib3", "pynetdicom"}
    heavy = {"torch", "vtkmodules", "pyqtgraph", "matplotlib", "fpdf", "SimpleITK", "pydicom"}
    assert not loaded & (network | heavy)
    assert "PySide6.QtWidgets" in loaded


def test_without_a_screen_the_viewer_says_how_to_go_on_and_exits_with_3():
    if not sys.platform.startswith("linux"):
        pytest.skip("other systems always have a screen")
    run = viewer()
    assert run.returncode == EXIT_REFUSED == 3
    assert "thoralens-core analyse" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_a_screen_is_found_where_there_is_one(platform, environment, expected):
    assert has_screen(platform, environment) is expected


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    run = viewer("--version")
    assert (run.returncode, run.stdout) == (0, f"thoralens {version('thoralens')}\n")


def test_wrong_use_exits_with_2():
    run = viewer("--no-such-option")
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_the_bundled_font_is_the_font_of_the_application(qapp, themed):
    assert create_application() is qapp
    assert "Inter" in QFontDatabase.families()
    assert QGuiApplication.font().family() == "Inter"


def test_a_fault_that_nobody_foresaw_becomes_a_message_with_details(qtbot):
    messages = Messages()
    hook = fault_hook(messages)
    name = "^".join(["DOE", "JANE"])  # in a value, not in the source line that details show
    try:
        _ = {}[name]
    except KeyError as error:
        with qtbot.waitSignal(messages.posted) as posted:
            hook(type(error), error, error.__traceback__)
    message = posted.args[0]
    assert "KeyError" in message.text
    assert "test_application.py" in message.details
    assert "DOE^JANE" not in message.details


def test_a_users_damaged_card_is_told_and_leaves_our_own_models_in_the_menu(qtbot, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "card.json").write_text("{}")
    messages, told = Messages(), []
    messages.posted.connect(told.append)
    cards = _cards(messages, tmp_path)
    assert {card.id for card in cards} == {"mortality-resnet3d-d", "mortality-resnet3d-e"}
    qtbot.waitUntil(lambda: len(told) > 0)
    assert "'mine' is not valid" in told[0].text
