"""What the keys and buttons do to the view: functions from one `ViewState` to the next."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from core.geometry import VolumeGeometry
from core.saliency.targets import Target
from core.views.overlay import OverlayStyle
from core.views.planes import Plane, slice_values
from core.views.window import Window
from core.volume import SaliencyMap, Volume
from viewer.view_state import PlaneView, ViewState

OPACITY_STEP = 0.1
AUTOMATIC_PERCENTILES = (1.0, 99.0)
"""Black and white of the automatic window: all but the darkest and brightest percent."""
AUTOMATIC_MINIMUM_WIDTH_HU = 50.0
"""Narrower than this an even slice would show nothing but noise."""


def with_overlay(view: ViewState, **changes: object) -> ViewState:
    """The same view with another opacity, threshold or colour map of the overlay."""
    return replace(view, overlay=replace(view.overlay, **changes))


def opacity_moved(view: ViewState, steps: int) -> ViewState:
    """Overlay more (`steps` > 0) or less opaque, within 0..1."""
    opacity = float(np.clip(round(view.overlay.opacity + steps * OPACITY_STEP, 2), 0, 1))
    return with_overlay(view, opacity=opacity)


def threshold_moved(view: ViewState, share: float, saliency: SaliencyMap | None) -> ViewState:
    """Threshold at a share of the map's maximum, on the scale that is in use.

    Args:
        view: The view.
        share: 0..1.
        saliency: The map in view; without one the relative threshold changes.
    """
    if saliency is None or view.overlay.raw_threshold is None:
        return with_overlay(view, threshold=share)
    return with_overlay(view, raw_threshold=share * abs(saliency.unit_value))


def threshold_scaled(view: ViewState, saliency: SaliencyMap | None, *, absolute: bool) -> ViewState:
    """The threshold on the other scale, where it cuts the map in view at the same place."""
    if saliency is None or absolute == (view.overlay.raw_threshold is not None):
        return view
    style = view.overlay.of(saliency)
    share = view.overlay.threshold if style.draws_nothing else style.threshold
    raw = share * abs(saliency.unit_value) if absolute else None
    return with_overlay(view, threshold=share, raw_threshold=raw)


def map_chosen(
    view: ViewState, saliency: SaliencyMap | None, *, target: Target, method: str | None
) -> ViewState:
    """The view on the map of a target by a method.

    Raw attributions of another target or method are no scale for it: the threshold becomes
    relative then.

    Args:
        view: The view so far.
        saliency: The map in view so far.
        target: What the chosen map explains.
        method: How; None for no map.
    """
    if (target, method) != (view.target, view.overlay_method):
        view = on_relative_scale(view, saliency)
    return replace(view, target=target, overlay_method=method)


def on_relative_scale(view: ViewState, saliency: SaliencyMap | None) -> ViewState:
    """The threshold as a share of the maximum, where it cuts the map in view at the same place.

    Without a map in view the share is the one that was chosen last.
    """
    return with_overlay(threshold_scaled(view, saliency, absolute=False), raw_threshold=None)


def overlay_toggled(view: ViewState) -> ViewState:
    """Overlay hidden if it was visible, and the other way round."""
    return replace(view, overlay_visible=not view.overlay_visible)


def fitted(view: ViewState) -> ViewState:
    """Every plane fits its view: no zoom, no pan."""
    return replace(view, planes=MappingProxyType({plane: PlaneView() for plane in Plane}))


def opened(view: ViewState, geometry: VolumeGeometry, window: Window) -> ViewState:
    """How a series is first seen: crosshair in its middle, everything fitted, no overlay."""
    middle = [round((count - 1) / 2) for count in geometry.shape]  # on a stored slice, not between
    x, y, z = geometry.to_patient(middle)
    return replace(
        on_relative_scale(fitted(view), None),  # another scan's attributions are no scale for it
        crosshair_mm=(float(x), float(y), float(z)),
        window=window,
        overlay_method=None,
        overlay_visible=True,
    )


def off_missing(view: ViewState, volume: Volume) -> ViewState:
    """The same view with the crosshair on the nearest slice that some file holds."""
    axis = volume.missing_axis
    index = np.array(volume.geometry.to_index(view.crosshair_mm))
    stored = np.setdiff1d(np.arange(volume.geometry.shape[axis]), volume.missing_slices)
    if int(np.rint(index[axis])) in stored:
        return view
    index[axis] = stored[np.argmin(np.abs(stored - index[axis]))]
    x, y, z = volume.geometry.to_patient(index)
    return replace(view, crosshair_mm=(float(x), float(y), float(z)))


def reset(view: ViewState, geometry: VolumeGeometry, window: Window) -> ViewState:
    """Back to how the series was first seen; the overlay stays as it is."""
    return replace(
        opened(view, geometry, window),
        overlay_method=view.overlay_method,
        overlay_visible=view.overlay_visible,
        overlay=OverlayStyle(
            colour_map=view.overlay.colour_map, diverging_map=view.overlay.diverging_map
        ),
        maximised=None,
    )


def automatic_window(volume: Volume, view: ViewState) -> Window:
    """Window that spans the hounsfield units of the axial slice at the crosshair.

    A slice on which nothing was measured leaves the window as it is.
    """
    geometry = volume.geometry
    index = int(np.rint(geometry.to_index(view.crosshair_mm)[0]).clip(0, geometry.shape[0] - 1))
    hu = slice_values(volume.hu, Plane.AXIAL, index)
    if volume.padding is not None:
        hu = hu[~slice_values(volume.padding, Plane.AXIAL, index)]
        if not hu.size:
            return view.window
    low, high = np.percentile(hu, AUTOMATIC_PERCENTILES)
    width = max(float(high - low), AUTOMATIC_MINIMUM_WIDTH_HU)
    return Window(round(width), round(float(high + low) / 2))
