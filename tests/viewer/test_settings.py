import json
import os
import stat
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from core.errors import ResourcesError
from core.views.colour_maps import colour_table
from core.views.window import LUNG
from viewer.settings import (
    DAMAGED_FILE,
    FOLDER_VARIABLE,
    RECENT_FOLDERS_AT_MOST,
    SETTINGS_FILE,
    Settings,
    config_folder,
    declarations,
    read_settings,
    read_window_geometry,
    write_settings,
    write_window_geometry,
)
from viewer.view_state import ViewState

CHANGED = Settings(
    window_preset="Lung",
    overlay_method="gradient",
    overlay_opacity=0.25,
    overlay_threshold=0.75,
    overlay_colour_map="viridis",
    patient_visible=False,
    model_id="another-model",
    models_folder="models",
    reader_initials="AB",
    recent_folders=("b", "a"),
)


def stored(folder: Path) -> dict[str, object]:
    return json.loads((folder / SETTINGS_FILE).read_text())


def store(folder: Path, **values: object) -> None:
    (folder / SETTINGS_FILE).write_text(json.dumps(values))


def test_every_setting_is_declared_and_its_default_is_allowed():
    assert set(declarations()) == {each.name for each in fields(Settings)}
    for name, declaration in declarations().items():
        assert declaration.title
        assert declaration.help.endswith(".")
        assert declaration.fault(getattr(Settings(), name)) == ""


def test_every_colour_map_that_may_be_chosen_exists():
    for name in declarations()["overlay_colour_map"].choices:
        assert colour_table(name).shape == (256, 3)


def test_without_a_file_everything_is_default(tmp_path):
    assert read_settings(tmp_path) == (Settings(), ())
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_is_read_again(tmp_path):
    assert all(getattr(CHANGED, e.name) != getattr(Settings(), e.name) for e in fields(Settings))
    write_settings(CHANGED, tmp_path)
    assert read_settings(tmp_path) == (CHANGED, ())


def test_only_differences_are_stored(tmp_path):
    write_settings(Settings(overlay_opacity=0.25), tmp_path)
    assert stored(tmp_path) == {"overlay_opacity": 0.25}
    write_settings(Settings(), tmp_path)
    assert stored(tmp_path) == {}


@pytest.mark.parametrize("text", ["{", "[1]", "null", '"x"', "\x00", "[" * 100_000])
def test_a_damaged_file_is_set_aside_and_said(tmp_path, text):
    (tmp_path / SETTINGS_FILE).write_text(text)
    settings, messages = read_settings(tmp_path)
    assert settings == Settings()
    assert len(messages) == 1
    assert "damaged" in messages[0].text
    assert (tmp_path / DAMAGED_FILE).read_text() == text
    assert read_settings(tmp_path) == (Settings(), ())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("overlay_opacity", 1.5, "0 to 1"),
        ("overlay_opacity", float("nan"), "0 to 1"),
        ("overlay_opacity", True, "a number"),
        ("overlay_opacity", "0.5", "a number"),
        ("overlay_method", "heat", "gradcam, gradient"),
        ("window_preset", 3, "a text"),
        ("patient_visible", 1, "true or false"),
        ("recent_folders", "a", "a list of folders"),
        ("recent_folders", [1], "a list of folders"),
    ],
)
def test_one_wrong_value_costs_only_itself(tmp_path, name, value, expected):
    store(tmp_path, **{name: value, "model_id": "kept"})
    settings, messages = read_settings(tmp_path)
    assert settings == Settings(model_id="kept")
    assert len(messages) == 1
    assert declarations()[name].title in messages[0].text
    assert expected in messages[0].text


def test_a_whole_number_is_a_number(tmp_path):
    store(tmp_path, overlay_opacity=1)
    settings, messages = read_settings(tmp_path)
    assert settings.overlay_opacity == 1.0
    assert isinstance(settings.overlay_opacity, float)
    assert messages == ()


def test_a_setting_of_another_version_is_ignored(tmp_path):
    store(tmp_path, from_the_future=1)
    assert read_settings(tmp_path) == (Settings(), ())


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    write_settings(CHANGED, tmp_path)

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ResourcesError, match="No space left on device") as raised:
        write_settings(Settings(), tmp_path)
    assert str(tmp_path) not in str(raised.value)
    assert [each.name for each in tmp_path.iterdir()] == [SETTINGS_FILE]
    assert read_settings(tmp_path)[0] == CHANGED


def test_a_folder_that_is_a_file_is_an_error_in_words(tmp_path):
    (tmp_path / "config").write_text("")
    with pytest.raises(ResourcesError, match="could not be saved"):
        write_settings(CHANGED, tmp_path / "config")


def test_the_newest_folder_comes_first_and_only_once():
    settings = Settings()
    for name in ("a", "b", "c", "a"):
        settings = settings.with_recent_folder(Path(name))
    assert settings.recent_folders == ("a", "c", "b")


def test_old_folders_are_forgotten_by_number_or_by_wish():
    settings = Settings()
    for number in range(RECENT_FOLDERS_AT_MOST + 3):
        settings = settings.with_recent_folder(Path(str(number)))
    assert len(settings.recent_folders) == RECENT_FOLDERS_AT_MOST
    assert "10" in settings.recent_folders
    assert "10" not in settings.without_recent_folder(Path("10")).recent_folders


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's folders private")
def test_only_the_owner_may_read_where_scans_were(tmp_path):
    write_settings(CHANGED, tmp_path)
    assert stat.S_IMODE((tmp_path / SETTINGS_FILE).stat().st_mode) == 0o600


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "here"))
    assert config_folder() == tmp_path / "here"
    write_settings(CHANGED)
    assert read_settings()[0] == CHANGED
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert config_folder().name == "thoralens"


def test_window_geometry_is_kept_apart(tmp_path):
    assert read_window_geometry(tmp_path) == b""
    write_window_geometry(b"\x01\x00\xff", tmp_path)
    assert read_window_geometry(tmp_path) == b"\x01\x00\xff"
    assert not (tmp_path / SETTINGS_FILE).exists()


def test_the_first_view_follows_the_settings():
    view = CHANGED.first_view()
    assert view.window == LUNG
    assert (view.overlay.opacity, view.overlay.threshold) == (0.25, 0.75)
    assert view.overlay.colour_map == "viridis"
    assert view.patient_visible is False
    assert Settings().first_view() == ViewState()


def test_the_folder_of_further_models_may_be_left_to_the_system():
    assert Settings().models_path is None
    assert replace(Settings(), models_folder="models").models_path == Path("models")
