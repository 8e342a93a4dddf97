from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from core.analysis_result import AnalysisResult
from core.geometry import VolumeGeometry
from core.saliency.influence import Influence
from core.saliency.map_trust import MapTrust
from core.saliency.targets import MORTALITY, RISK_SCORE
from core.views.planes import Plane
from core.views.window import LUNG
from core.volume import Volume
from tests.results import example_result
from viewer.session import Session, SessionState
from viewer.view_state import PlaneView, ViewState

SPACING_MM = (2.0, 0.5, 0.5)
ORIGIN_MM = (-10.0, -20.0, 100.0)
HEAD_BACK_LEFT = np.eye(3)[::-1]


def volume() -> Volume:
    shape = (4, 10, 20)
    geometry = VolumeGeometry.from_axes(shape, ORIGIN_MM, HEAD_BACK_LEFT, SPACING_MM)
    return Volume(np.zeros(shape, np.int16), geometry, "1.2.3")


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def heard(session) -> list:
    changes: list[tuple[SessionState, SessionState]] = []
    session.changed.connect(lambda old, new: changes.append((old, new)))
    return changes


def test_a_new_session_holds_nothing(session):
    assert session.state == SessionState()
    assert session.state.overlay_map is None


def test_a_replacement_is_told_once_with_old_and_new(session, heard):
    opened = volume()
    session.replace(volume=opened, view=ViewState(window=LUNG))
    assert len(heard) == 1
    old, new = heard[0]
    assert (old.volume, new.volume) == (None, opened)
    assert new.view.window == LUNG
    assert new is session.state


def test_replacing_by_the_same_is_silent(session, heard):
    session.show(ViewState())
    session.replace()
    assert heard == []


def test_listeners_see_the_new_state_already_in_place(session):
    seen = []
    session.changed.connect(lambda _old, new: seen.append(session.state is new))
    session.show(ViewState(window=LUNG))
    assert seen == [True]


def test_a_listener_may_change_the_session_again(session, heard):
    def hide_overlay(_old, new) -> None:
        session.show(replace(new.view, overlay_visible=False))

    session.changed.connect(hide_overlay)
    session.show(ViewState(window=LUNG))
    assert session.state.view == ViewState(window=LUNG, overlay_visible=False)
    assert len(heard) == 2


def test_an_unknown_field_is_refused_and_nothing_changes(session, heard):
    with pytest.raises(TypeError):
        session.replace(volumen=volume())
    assert heard == []
    assert session.state == SessionState()


def test_the_state_cannot_be_changed_from_outside(session):
    with pytest.raises(FrozenInstanceError):
        session.state.volume = volume()
    with pytest.raises(FrozenInstanceError):
        session.state.view.window = LUNG


def test_the_crosshair_goes_where_it_is_put(session):
    session.replace(volume=volume())
    session.move_crosshair((-5.0, -18.0, 103.0))
    assert session.state.view.crosshair_mm == pytest.approx((-5.0, -18.0, 103.0))


def test_the_crosshair_stays_within_the_volume(session):
    session.replace(volume=volume())
    session.move_crosshair((1000.0, -1000.0, 1000.0))
    # The last column, the first row, the last slice: -10 + 19 * 0.5, -20, 100 + 3 * 2.
    assert session.state.view.crosshair_mm == pytest.approx((-0.5, -20.0, 106.0))


def test_without_a_volume_the_crosshair_does_not_move(session, heard):
    session.move_crosshair((1.0, 2.0, 3.0))
    assert heard == []


def test_zoom_and_pan_of_one_plane_leave_the_others_alone():
    before = ViewState()
    after = before.with_plane(Plane.CORONAL, PlaneView(zoom=2.0, pan_px=(3.0, 4.0)))
    assert after.planes[Plane.CORONAL] == PlaneView(2.0, (3.0, 4.0))
    assert after.planes[Plane.AXIAL] == after.planes[Plane.SAGITTAL] == PlaneView()
    assert before.planes[Plane.CORONAL] == PlaneView()
    with pytest.raises(TypeError):
        after.planes[Plane.AXIAL] = PlaneView()


def test_equal_views_are_equal_however_they_came_about():
    view = ViewState().with_plane(Plane.AXIAL, PlaneView(zoom=2.0))
    assert view.with_plane(Plane.AXIAL, PlaneView()) == ViewState()


def asked_about(result: AnalysisResult) -> dict[str, object]:
    saliency = result.saliency[0]
    key = (saliency.target, "smoothgrad")
    return {
        "explanations": {key: replace(saliency, method="smoothgrad")},
        "organ_share": {key: {"heart": 1.0}},
        "outside_share": {key: 0.25},
        "trust": MapTrust(50, (), "doubtful"),
        "influences": (
            Influence((1, 2, 3), 20, MORTALITY, 0.3, 0.2, -0.1, -0.5, 0.01, outside=False),
        ),
    }


@pytest.mark.parametrize("what", ["result", "volume"])
def test_what_was_asked_about_a_result_goes_with_it(session, what):
    request, result = example_result()
    session.replace(volume=request.volume, result=result, **asked_about(result))
    assert session.state.trust.score == 50
    session.show(replace(session.state.view, overlay_visible=False))
    assert session.state.trust.score == 50
    session.replace(**{what: None})
    state = session.state
    assert (state.explanations, state.organ_share, state.influences) == ({}, {}, ())
    assert (state.outside_share, state.trust) == ({}, None)


def test_the_map_in_view_is_that_of_target_and_method_of_the_run_or_asked_for(session):
    request, result = example_result()
    session.replace(volume=request.volume, result=result, **asked_about(result))
    state = session.state
    assert state.map_in_view is None
    view = replace(state.view, overlay_method="gradcam")
    assert replace(state, view=view).map_in_view is result.saliency_by("gradcam")
    view = replace(view, overlay_method="smoothgrad")
    assert replace(state, view=view).map_in_view.method == "smoothgrad"
    assert replace(state, view=view).chosen_share == {"heart": 1.0}
    assert replace(state, view=replace(view, target=RISK_SCORE)).map_in_view is None
    hidden = replace(state, view=replace(view, overlay_visible=False))
    assert hidden.map_in_view is not None
    assert hidden.chosen_map is None
