from dataclasses import replace

import pytest

from core.views.window import LUNG
from viewer.kept_settings import KeptSettings
from viewer.messages import Messages
from viewer.session import Session
from viewer.settings import Settings
from viewer.settings_effect import SettingsEffect
from viewer.view_changes import with_overlay


@pytest.fixture
def kept(qapp, tmp_path):
    return KeptSettings(Messages(), tmp_path)


@pytest.fixture
def chosen():
    return []


@pytest.fixture
def session(kept, chosen):
    session = Session()
    session.effect = SettingsEffect(kept, session, choose_model=chosen.append)
    return session


def test_overlay_and_name_change_at_once_and_the_rest_of_the_view_stays(kept, session):
    session.show(replace(session.state.view, window=LUNG, overlay_visible=False))
    kept.change(
        lambda s: replace(s, overlay_opacity=0.2, overlay_colour_map="magma", patient_visible=False)
    )
    view = session.state.view
    assert (view.overlay.opacity, view.overlay.colour_map) == (0.2, "magma")
    assert not view.patient_visible
    assert view.window == LUNG
    assert not view.overlay_visible


def test_a_setting_that_stays_does_not_undo_what_was_done_by_hand(kept, session):
    session.show(with_overlay(session.state.view, opacity=0.9, threshold=0.1))
    kept.change(lambda s: replace(s, overlay_threshold=0.7))
    overlay = session.state.view.overlay
    assert (overlay.opacity, overlay.threshold) == (0.9, 0.7)


def test_the_setting_of_the_threshold_is_a_share_of_the_maximum(kept, session):
    session.show(with_overlay(session.state.view, raw_threshold=0.004))
    kept.change(lambda s: replace(s, overlay_threshold=0.7))
    assert session.state.view.overlay.raw_threshold is None


def test_what_belongs_to_the_opening_of_a_scan_changes_nothing_on_an_open_one(kept, session):
    before = session.state.view
    kept.change(lambda s: replace(s, window_preset="Lung", overlay_method="gradient"))
    assert session.state.view == before


def test_the_model_is_chosen_in_the_menu_only_when_it_changed(kept, session, chosen):
    kept.change(lambda s: replace(s, overlay_opacity=0.2))
    assert chosen == []
    kept.change(lambda s: replace(s, model_id="another"))
    assert chosen == ["another"]
    kept.change(lambda s: replace(Settings(), model_id=s.model_id))
    assert chosen == ["another"]
