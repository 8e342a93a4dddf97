"""What mouse, wheel and keys do to a slice view, as functions on the view's state.

Left drag windows, middle drag pans, right drag zooms, the wheel scrolls: the habit of PACS viewers.
"""

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QWheelEvent

from core.views.window import MINIMUM_WIDTH_HU, Window
from viewer.slice_placement import SlicePlacement
from viewer.view_state import ViewState

DRAG_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton)

DRAG_STARTS_PX = 4.0
"""A press that moves less than this is a click."""

WHEEL_NOTCH = 120
"""`angleDelta` of one notch (Qt)."""

TRACKPAD_PX_PER_SLICE = 18.0
ZOOM_PER_NOTCH = 1.15
ZOOM_E_FOLD_PX = 180.0
"""Right drag over this many pixels zooms by e."""

WINDOW_PX = 350.0
"""Left drag over this many pixels changes width or level by one present width."""

SMALLEST_WINDOW_STEP_HU, LARGEST_WINDOW_STEP_HU = 0.4, 8.0
LEVEL_LIMIT_HU, WIDTH_LIMIT_HU = 4000.0, 8000.0


@dataclass(frozen=True)
class Press:
    """Where and how a button went down: a drag is reckoned from here, so it cannot drift."""

    button: Qt.MouseButton
    at: QPointF
    view: ViewState
    placement: SlicePlacement
    dragging: bool = False

    def moved(self, to: QPointF) -> "Press":
        """The same press; a drag once the mouse has left the spot."""
        offset = to - self.at
        far = math.hypot(offset.x(), offset.y()) >= DRAG_STARTS_PX
        return replace(self, dragging=self.dragging or far)


def dragged(press: Press, to: QPointF, present: ViewState) -> ViewState:
    """State of the view after dragging from a press to a point."""
    offset = to - press.at
    plane = press.placement.place.plane
    if press.button == Qt.MouseButton.LeftButton:
        return replace(present, window=windowed(press.view.window, offset))
    if press.button == Qt.MouseButton.MiddleButton:
        x, y = press.placement.view.pan_px
        moved = replace(press.placement.view, pan_px=(x + offset.x(), y + offset.y()))
        return present.with_plane(plane, moved)
    factor = math.exp(-offset.y() / ZOOM_E_FOLD_PX)
    return present.with_plane(plane, press.placement.zoomed(factor, press.at))


def windowed(window: Window, offset: QPointF) -> Window:
    """Window after a drag: to the right wider, upwards a lower level, which is brighter."""
    step = window.width_hu / WINDOW_PX
    step = min(max(step, SMALLEST_WINDOW_STEP_HU), LARGEST_WINDOW_STEP_HU)
    width = round(window.width_hu + offset.x() * step)
    level = round(window.level_hu + offset.y() * step)
    return Window(
        min(max(float(width), MINIMUM_WIDTH_HU), WIDTH_LIMIT_HU),
        min(max(float(level), -LEVEL_LIMIT_HU), LEVEL_LIMIT_HU),
    )


class WheelSteps:
    """Adds up the small moves of trackpads and free-running wheels until they make a step."""

    def __init__(self) -> None:
        self._rest = 0.0

    def add(self, event: QWheelEvent) -> int:
        """Whole steps that this event completes; towards the user is positive."""
        moved = -_notches(event)
        if self._rest * moved < 0:
            self._rest = 0.0  # turned round: answer at once
        self._rest += moved
        steps = math.trunc(round(self._rest, 6))
        self._rest -= steps
        return steps


def _notches(event: QWheelEvent) -> float:
    """Notches of a wheel event, away from the user positive; trackpads give parts of one."""
    pixels, angle = event.pixelDelta(), event.angleDelta()
    gesture = event.phase() != Qt.ScrollPhase.NoScrollPhase
    if gesture and not pixels.isNull():
        return (pixels.y() or pixels.x()) / TRACKPAD_PX_PER_SLICE
    return (angle.y() or angle.x()) / WHEEL_NOTCH  # Shift turns the wheel sideways on some systems
