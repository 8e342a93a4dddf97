from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from core.geometry import VolumeGeometry
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.saliency.targets import MORTALITY, RISK_SCORE
from core.views.planes import Plane
from core.views.window import LUNG, MEDIASTINUM
from core.volume import SaliencyMap, Volume
from viewer.view_changes import (
    automatic_window,
    fitted,
    map_chosen,
    off_missing,
    opacity_moved,
    opened,
    overlay_toggled,
    reset,
    threshold_moved,
    threshold_scaled,
    with_overlay,
)
from viewer.view_state import PlaneView, ViewState


def geometry(shape=(4, 10, 20)):
    return VolumeGeometry.from_axes(shape, (-10, -20, -30), HEAD_BACK_LEFT, (2, 1, 1))


def zoomed():
    planes = MappingProxyType({plane: PlaneView(3, (5, 6)) for plane in Plane})
    return ViewState(planes=planes, overlay_method="gradient", overlay_visible=False)


def test_opacity_moves_in_tenths_and_stays_within_0_and_1():
    view = ViewState()
    assert opacity_moved(view, 1).overlay.opacity == pytest.approx(0.6)
    assert opacity_moved(view, -1).overlay.opacity == pytest.approx(0.4)
    for _ in range(20):
        view = opacity_moved(view, 1)
    assert view.overlay.opacity == 1
    for _ in range(20):
        view = opacity_moved(view, -1)
    assert view.overlay.opacity == 0


def test_toggling_the_overlay_twice_gives_the_same_view():
    view = ViewState()
    assert not overlay_toggled(view).overlay_visible
    assert overlay_toggled(overlay_toggled(view)) == view


def test_fitting_forgets_zoom_and_pan_and_nothing_else():
    view = fitted(zoomed())
    assert set(view.planes.values()) == {PlaneView()}
    assert view.overlay_method == "gradient"


def test_an_opened_series_is_seen_in_its_middle_on_a_stored_slice():
    view = opened(zoomed(), geometry(), LUNG)
    index = geometry().to_index(view.crosshair_mm)
    assert index == pytest.approx([2, 4, 10])
    assert view.window == LUNG
    assert view.overlay_method is None
    assert view.overlay_visible


def test_reset_keeps_the_overlay_method_and_its_colours():
    view = with_overlay(zoomed(), colour_map="viridis", opacity=0.1)
    view = reset(replace(view, maximised="axial"), geometry(), MEDIASTINUM)
    assert view.overlay_method == "gradient"
    assert view.overlay.colour_map == "viridis"
    assert view.overlay.opacity == 0.5
    assert view.maximised is None


def test_the_automatic_window_spans_the_shown_slice_by_hand():
    hu = np.zeros((4, 10, 20), np.int16)
    hu[2] = np.linspace(-1000, 1000, 200).reshape(10, 20)
    volume = Volume(hu, geometry())
    view = opened(ViewState(), volume.geometry, LUNG)
    window = automatic_window(volume, view)  # percentiles 1 and 99 of -1000..1000
    assert window.width_hu == pytest.approx(1960, abs=2)
    assert window.level_hu == pytest.approx(0, abs=1)


def test_padding_does_not_count_for_the_automatic_window():
    hu = np.full((4, 10, 20), 40, np.int16)
    hu[:, :5] = -2000
    volume = Volume(hu, geometry(), padding=hu == -2000)
    window = automatic_window(volume, opened(ViewState(), volume.geometry, LUNG))
    assert (window.width_hu, window.level_hu) == (50, 40)


def test_a_slice_on_which_nothing_was_measured_leaves_the_window():
    hu = np.full((4, 10, 20), -1024, np.int16)
    volume = Volume(hu, geometry(), padding=hu == -1024)
    view = opened(ViewState(), volume.geometry, LUNG)
    assert automatic_window(volume, view) == LUNG


@pytest.mark.parametrize(("missing", "expected"), [((), 2), ((2,), 1), ((1, 2), 3), ((0, 1), 2)])
def test_a_series_is_first_seen_on_the_nearest_slice_that_is_there(missing, expected):
    volume = Volume(np.zeros((4, 10, 20), np.int16), geometry(), missing_slices=missing)
    view = opened(ViewState(), volume.geometry, LUNG)
    assert volume.geometry.to_index(view.crosshair_mm)[0] == pytest.approx(2)
    moved = off_missing(view, volume)
    at = volume.geometry.to_index(moved.crosshair_mm)
    assert at[0] == pytest.approx(expected)
    assert at[1:] == pytest.approx(volume.geometry.to_index(view.crosshair_mm)[1:])


def saliency(unit_value):
    values = np.ones((4, 10, 20), np.float32)
    return SaliencyMap(values, geometry(), "gradcam", "", 0.5, unit_value)


def test_the_other_scale_cuts_the_map_at_the_same_place():
    shown = saliency(0.08)
    view = threshold_moved(ViewState(), 0.25, shown)
    assert view.overlay.threshold == 0.25
    absolute = threshold_scaled(view, shown, absolute=True)
    assert absolute.overlay.raw_threshold == pytest.approx(0.02)
    assert absolute.overlay.of(shown).threshold == pytest.approx(0.25)
    assert threshold_scaled(absolute, shown, absolute=False) == view


def test_on_the_absolute_scale_moving_the_threshold_moves_the_raw_value():
    shown = saliency(0.08)
    view = threshold_scaled(ViewState(), shown, absolute=True)
    moved = threshold_moved(view, 0.75, shown)
    assert moved.overlay.raw_threshold == pytest.approx(0.06)
    assert (
        moved.overlay.threshold == view.overlay.threshold
    )  # what the relative scale comes back to


@pytest.mark.parametrize(("target", "method"), [(RISK_SCORE, "gradcam"), (MORTALITY, "gradient")])
def test_raw_attributions_are_no_scale_for_another_target_or_method(target, method):
    shown = saliency(0.08)
    view = map_chosen(ViewState(), None, target=MORTALITY, method="gradcam")
    view = with_overlay(view, raw_threshold=0.02)
    same = map_chosen(view, shown, target=MORTALITY, method="gradcam")
    assert same.overlay.raw_threshold == 0.02
    for present, share in ((shown, 0.25), (None, 0.5)):
        other = map_chosen(view, present, target=target, method=method)
        assert (other.overlay.raw_threshold, other.overlay.threshold) == (None, share)
        assert (other.target, other.overlay_method) == (target, method)


def test_from_above_the_maximum_the_relative_scale_comes_back_to_its_own_threshold():
    view = with_overlay(ViewState(), raw_threshold=9.0, threshold=0.4)
    assert threshold_scaled(view, saliency(0.08), absolute=False).overlay.threshold == 0.4


def test_another_scan_is_opened_on_the_relative_scale():
    view = with_overlay(ViewState(), raw_threshold=0.02, threshold=0.3, opacity=0.9)
    overlay = opened(view, geometry(), LUNG).overlay
    assert (overlay.raw_threshold, overlay.threshold, overlay.opacity) == (None, 0.3, 0.9)


def test_without_a_map_there_is_no_absolute_scale():
    assert threshold_scaled(ViewState(), None, absolute=True) == ViewState()
    assert threshold_moved(ViewState(), 0.3, None).overlay.threshold == 0.3


def test_reset_keeps_the_colours_and_forgets_the_raw_threshold():
    view = with_overlay(
        ViewState(), colour_map="magma", diverging_map="managua", raw_threshold=0.1, opacity=0.9
    )
    overlay = reset(view, geometry(), LUNG).overlay
    assert (overlay.colour_map, overlay.diverging_map) == ("magma", "managua")
    assert (overlay.raw_threshold, overlay.opacity) == (None, 0.5)
