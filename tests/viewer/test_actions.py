"""Every key of the table, pressed on the real window, has its effect."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from core.views.window import PRESETS, Window
from viewer.actions import ACTIONS, MENUS, help_groups
from viewer.view_state import PlaneView

pytestmark = pytest.mark.gui


def view_of(window):
    return window.session.state.view


def axial_index(window):
    state = window.session.state
    return round(state.volume.geometry.to_index(state.view.crosshair_mm)[0])


def dialog_opens(kind):
    def check(window):
        dialog = QApplication.activeModalWidget()
        opened = isinstance(dialog, kind)
        dialog.close()
        return opened

    return check


def shows(**fields):
    return lambda window: all(getattr(view_of(window), k) == v for k, v in fields.items())


def moved_by(slices):
    """Slices to the head are counted up in the volume; Down leads to the feet."""
    return lambda window: axial_index(window) - window.index_before == slices


EFFECTS = {
    "open": dialog_opens(QFileDialog),
    "open_file": dialog_opens(QFileDialog),
    "open_sample": lambda window: window.jobs.job("sample") is not None,
    "export": dialog_opens(QFileDialog),
    "export_pdf": dialog_opens(QFileDialog),
    "deidentify": dialog_opens(QDialog),
    "settings": dialog_opens(QDialog),
    "why_here": lambda window: window.explanations.state("why").failure != "",
    "occlusion": shows(overlay_method="occlusion"),
    "explanation": lambda window: window.workplace.explanation_panel.isVisible(),
    "close_series": lambda window: window.session.state.volume is None,
    "quit": lambda window: not window.isVisible(),
    "run": lambda window: window.runs.state.running,
    "cancel": shows(maximised=None),
    "model_card": dialog_opens(QDialog),
    "overlay": shows(overlay_visible=False),
    "less_opaque": lambda window: view_of(window).overlay.opacity == pytest.approx(0.4),
    "more_opaque": lambda window: view_of(window).overlay.opacity == pytest.approx(0.6),
    "annotations": shows(annotations_visible=False),
    "crosshair": shows(crosshair_visible=False),
    "patient": shows(patient_visible=False),
    "fit": lambda window: all(p == PlaneView() for p in view_of(window).planes.values()),
    "reset": lambda window: view_of(window).window != Window(123, 45),
    "four_views": shows(maximised=None),
    "axial_alone": shows(maximised="axial"),
    "sagittal_alone": shows(maximised="sagittal"),
    "coronal_alone": shows(maximised="coronal"),
    "volume_alone": shows(maximised="volume"),
    "full_screen": lambda window: window.isFullScreen(),
    **{f"preset_{each.key}": shows(window=each.window) for each in PRESETS},
    "automatic_window": lambda window: view_of(window).window != Window(123, 45),
    "next_slice": moved_by(-1),
    "previous_slice": moved_by(1),
    "forward": moved_by(-5),
    "backward": moved_by(5),
    "first_slice": lambda window: axial_index(window) == 78,
    "last_slice": lambda window: axial_index(window) == 0,
    "next_series": lambda window: window.asked == [1],
    "previous_series": lambda window: window.asked == [-1],
    "help": dialog_opens(QDialog),
}
ALONE = {"cancel", "four_views"}


def prepared(window, monkeypatch, action):
    """The window in a state in which the effect of the action can be seen."""
    monkeypatch.setattr(type(window.opener), "open_sample", window.start_sample_job)
    window.asked = []
    monkeypatch.setattr(
        type(window.series_panel), "choose_neighbour", lambda _, steps: window.asked.append(steps)
    )
    view = replace(view_of(window), window=Window(123, 45))
    for plane in view.planes:
        view = view.with_plane(plane, PlaneView(zoom=2, pan_px=(10, 5)))
    if action.id in ALONE:
        view = replace(view, maximised="axial")
    window.session.show(view)
    window.index_before = axial_index(window)


@pytest.fixture
def window_with_result(qtbot, make_window, shared_data):
    window = make_window("tests.example_analyses:go_on_for_long")
    window.start_sample_job = lambda opener: window.jobs.start(
        "sample", lambda progress: None, on_done=lambda _: None
    )
    window.opener.open_folder(shared_data / "cip-tiny" / "dicom")
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=60_000)
    from tests.results import example_result

    _, result = example_result(window.session.state.volume)
    view = replace(view_of(window), overlay_method="gradcam")
    window.session.replace(result=result, view=view)
    return window


KEYS = [(action, key) for action in ACTIONS for key in action.keys]


@pytest.mark.parametrize(("action", "key"), KEYS, ids=[f"{a.id} {k}" for a, k in KEYS])
def test_the_key_has_its_effect(qtbot, monkeypatch, window_with_result, action, key):
    window = window_with_result
    prepared(window, monkeypatch, action)
    view = window.views.focused_slice_view()
    view.setFocus()
    combination = QKeySequence(key)[0]
    qtbot.keyClick(view, combination.key(), combination.keyboardModifiers())
    assert EFFECTS[action.id](window)


def test_every_key_is_tested_and_no_effect_is_left_over():
    assert set(EFFECTS) == {action.id for action in ACTIONS if action.keys}


def test_no_key_and_no_name_is_given_twice():
    keys = [QKeySequence(key).toString() for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_the_help_sheet_names_every_key():
    rows = [keys for _, group in help_groups() for keys, _ in group]
    assert len(rows) == len([action for action in ACTIONS if action.keys])
    assert [title for title, _ in help_groups()] == list(MENUS)


def test_letters_typed_into_a_field_do_not_reach_the_views(qtbot, make_window):
    from PySide6.QtWidgets import QLineEdit

    window = make_window()
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    qtbot.keyClicks(field, "xop1")
    assert field.text() == "xop1"
    assert view_of(window).annotations_visible
