"""What the user may choose: each setting declared once, stored only where it differs.

The file is written beside and then swapped in; a damaged one is set aside and the defaults are
used. Folders can carry a patient's name, so the file is readable by its owner only.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_config_dir

from core.analysis_result import DEFAULT_MODEL_ID
from core.errors import ResourcesError
from core.views.colour_maps import COLOUR_MAPS
from core.views.overlay import OverlayStyle
from core.views.window import PRESETS
from viewer.messages import Message, MessageLevel
from viewer.view_state import ViewState

FOLDER_VARIABLE = "THORALENS_CONFIG"
"""Environment variable that names another folder for settings and window geometry."""

SETTINGS_FILE = "settings.json"
DAMAGED_FILE = "settings.damaged.json"
WINDOW_FILE = "window.bin"

RECENT_FOLDERS_AT_MOST = 8


@dataclass(frozen=True)
class Declaration:
    """What is known of one setting besides its name, type and default.

    Attributes:
        title: Its name in the dialog.
        help: What it does, in a sentence.
        choices: Allowed values; empty if any.
        minimum: Lowest allowed number.
        maximum: Highest allowed number.
        is_text: True for a text that names no folder.
    """

    title: str
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_text: bool = False

    def fault(self, value: object) -> str:
        """Why a value of the right type is not allowed; empty if it is."""
        if self.choices and value not in self.choices:
            return f"expected one of {', '.join(self.choices)}"
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            return f"expected {self.minimum:g} to {self.maximum:g}"
        return ""


def _setting(default: Any, title: str, help: str, **limits: Any) -> Any:
    return field(default=default, metadata={"declaration": Declaration(title, help, **limits)})


@dataclass(frozen=True)
class Settings:
    """Every setting with its default."""

    window_preset: str = _setting(
        "Mediastinum",
        "Window when a scan opens",
        "The window preset with which a scan is shown first.",
        choices=tuple(preset.name for preset in PRESETS),
    )
    overlay_method: str = _setting(
        "gradcam",
        "Saliency map shown first",
        "Which map is laid over the scan when a run has finished.",
        choices=("gradcam", "gradient"),
    )
    overlay_opacity: float = _setting(
        OverlayStyle().opacity,
        "Overlay opacity",
        "How strongly saliency covers the scan: 0 is invisible, 1 hides the scan.",
        minimum=0,
        maximum=1,
    )
    overlay_threshold: float = _setting(
        OverlayStyle().threshold,
        "Overlay threshold",
        "Saliency below this share of its maximum is not drawn.",
        minimum=0,
        maximum=1,
    )
    overlay_colour_map: str = _setting(
        OverlayStyle().colour_map,
        "Overlay colours",
        "Colours of saliency from low to high.",
        choices=COLOUR_MAPS,
    )
    patient_visible: bool = _setting(
        True,
        "Show the patient's name",
        "Draw name and identifier in the corners of the views.",
    )
    model_id: str = _setting(
        DEFAULT_MODEL_ID,
        "Model",
        "The model that Run uses.",
    )
    models_folder: str = _setting(
        "",
        "Folder of further models",
        "Where model bundles lie besides those that come with Thoralens; empty for the standard. "
        "The menu of models is filled when Thoralens starts.",
    )
    reader_initials: str = _setting(
        "",
        "Reader's initials",
        "Who marks calcium: stands beside each lesion in journal and exports.",
        is_text=True,
    )
    recent_folders: tuple[str, ...] = _setting(
        (),
        "Recent folders",
        "The folders opened last, the newest first. They can be forgotten on the start page.",
    )

    def with_recent_folder(self, folder: Path) -> "Settings":
        """The same settings with a folder at the head of the recent ones."""
        others = [each for each in self.recent_folders if each != str(folder)]
        recent = (str(folder), *others)[:RECENT_FOLDERS_AT_MOST]
        return replace(self, recent_folders=recent)

    def without_recent_folder(self, folder: Path) -> "Settings":
        """The same settings, one folder forgotten."""
        kept = tuple(each for each in self.recent_folders if each != str(folder))
        return replace(self, recent_folders=kept)

    def first_view(self) -> ViewState:
        """How a scan is shown when it opens."""
        window = next(each.window for each in PRESETS if each.name == self.window_preset)
        overlay = OverlayStyle(
            self.overlay_opacity, self.overlay_threshold, self.overlay_colour_map
        )
        return ViewState(window=window, overlay=overlay, patient_visible=self.patient_visible)

    @property
    def models_path(self) -> Path | None:
        """Folder of further models, None for the standard one."""
        return Path(self.models_folder) if self.models_folder else None


def declarations() -> dict[str, Declaration]:
    """Every setting's declaration by name: what a dialog is drawn from."""
    return {each.name: each.metadata["declaration"] for each in fields(Settings)}


def config_folder() -> Path:
    """Where settings lie; `FOLDER_VARIABLE` overrides the system's place."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(user_config_dir("thoralens", appauthor=False))


def read_settings(folder: Path | None = None) -> tuple[Settings, tuple[Message, ...]]:
    """The stored settings, and what there is to say about values that could not be used."""
    path = (folder or config_folder()) / SETTINGS_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings(), ()
    except OSError:
        return Settings(), (_warning("The settings cannot be read: defaults are used."),)
    stored = _parsed(content)
    if stored is None:
        _set_aside(path)
        return Settings(), (_warning("The settings file is damaged: defaults are used."),)
    return _checked(stored)


def write_settings(settings: Settings, folder: Path | None = None) -> None:
    """Store what differs from the defaults.

    Raises:
        ResourcesError: The file could not be written; the old one is untouched.
    """
    defaults = asdict(Settings())
    differing = {k: v for k, v in asdict(settings).items() if v != defaults[k]}
    text = json.dumps(differing, indent=2, ensure_ascii=False) + "\n"
    _write((folder or config_folder()) / SETTINGS_FILE, text.encode())


def read_window_geometry(folder: Path | None = None) -> bytes:
    """What `QWidget.saveGeometry` gave last time; empty if there was none."""
    try:
        return ((folder or config_folder()) / WINDOW_FILE).read_bytes()
    except OSError:
        return b""  # the window opens where the system puts it


def write_window_geometry(geometry: bytes, folder: Path | None = None) -> None:
    """Store what `QWidget.saveGeometry` gives.

    Raises:
        ResourcesError: The file could not be written.
    """
    _write((folder or config_folder()) / WINDOW_FILE, geometry)


def _parsed(content: bytes) -> dict[str, Any] | None:
    """The JSON object, None where there is none."""
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return stored if isinstance(stored, dict) else None


def _checked(stored: Mapping[str, Any]) -> tuple[Settings, tuple[Message, ...]]:
    """Settings from the usable values; unknown names are from another version and ignored."""
    usable, messages = {}, []
    for name, declaration in declarations().items():
        if name not in stored:
            continue
        value, type_fault = _converted(stored[name], getattr(Settings(), name))
        fault = type_fault or declaration.fault(value)
        if fault:
            messages.append(_warning(f"The setting '{declaration.title}' was not usable: {fault}."))
        else:
            usable[name] = value
    return Settings(**usable), tuple(messages)


def _converted(value: object, default: object) -> tuple[Any, str]:
    """The value in the type of the default, and what is wrong where it has another type."""
    if isinstance(default, tuple):
        is_folders = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not is_folders:
            return default, "expected a list of folders"
        return tuple(value)[:RECENT_FOLDERS_AT_MOST], ""
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value), ""
    if type(value) is not type(default):
        kinds = {bool: "true or false", float: "a number", str: "a text"}
        return default, f"expected {kinds[type(default)]}"
    return value, ""


def _warning(text: str) -> Message:
    return Message(MessageLevel.WARNING, text, "Choose again in the settings.")


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_name(DAMAGED_FILE))
    except OSError:
        return  # the next write replaces it


def _write(path: Path, content: bytes) -> None:
    """Write beside, then swap: a crash leaves the old file or the new one, never half of one."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise ResourcesError(
            f"The settings could not be saved: {error.strerror}.",
            "Check that your configuration folder can be written to and that the disk has room.",
        ) from None
