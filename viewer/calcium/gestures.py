"""What the mouse does in the axial view while calcium mode is on.

A click is one that moves less than a drag; a plain left drag still windows the picture. With Shift,
or with a tool in hand, the drag draws a loop or a cut. A right click opens the ring of vessels.
"""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from viewer.calcium.mode import CalciumMode
from viewer.calcium.overlay import CalciumOverlay
from viewer.calcium.radial_menu import Choice, RadialMenu
from viewer.calcium.state import Tool, is_on
from viewer.slice_mouse import DRAG_STARTS_PX
from viewer.slice_view import Hovered, SliceView
from viewer.view_state import Point

LEAST_STEP_PX = 2.0
"""A loop's corners lie further apart than this."""
STRAIGHT = (Tool.CUT, Tool.BOX)
"""Drawn from where the drag began to where it is."""


class CalciumGestures(QObject):
    """Sees the mouse before the slice view does, and takes what belongs to the mode.

    Args:
        mode: Is told of clicks, loops and cuts.
        view: The axial view.
        overlay: Draws the loop or cut while it is drawn.
    """

    def __init__(self, mode: CalciumMode, view: SliceView, overlay: CalciumOverlay) -> None:
        super().__init__(view)
        self._mode = mode
        self._view = view
        self._overlay = overlay
        self._pressed_at: QPointF | None = None
        self._draws: Tool | None = None
        self.menu = RadialMenu(view)
        self.menu.chosen.connect(self._mark)
        overlay.menu = self.menu
        self._menu_mm: Point = (0.0, 0.0, 0.0)
        view.installEventFilter(self)
        view.menu_guest = self._open_menu
        view.hovered.connect(self._hover)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for what the slice view must not hear of."""
        if not isinstance(event, QMouseEvent) or not self._is_at_work():
            return False
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            return self._press(event)
        if event.type() == QEvent.Type.MouseMove:
            return self._move(event)
        if event.type() == QEvent.Type.MouseButtonRelease:
            return self._release(event)
        return False

    def _is_at_work(self) -> bool:
        state = self._mode.state
        return is_on(state) and state.reading is not None and self._view.placement() is not None

    def _press(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._pressed_at = event.position()
        self._draws = self._drawing_tool(event)
        if self._draws is not None:
            self._overlay.trail = [event.position()]
        # A second click soon after the first is a click of its own here, no double click.
        is_second = event.type() == QEvent.Type.MouseButtonDblClick
        return self._draws is not None or is_second

    def _drawing_tool(self, event: QMouseEvent) -> Tool | None:
        tool = self._mode.state.tool
        if tool is Tool.CLICK:
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            return Tool.LASSO if shift else None
        return tool

    def _move(self, event: QMouseEvent) -> bool:
        if self._draws is None or self._pressed_at is None:
            return False
        trail = self._overlay.trail
        if self._draws in STRAIGHT:
            self._overlay.trail = [trail[0], event.position()]
        elif (event.position() - trail[-1]).manhattanLength() >= LEAST_STEP_PX:
            trail.append(event.position())
        self._view.update()
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed_at is None:
            return False
        pressed_at, draws, trail = self._pressed_at, self._draws, self._overlay.trail
        self._pressed_at, self._draws, self._overlay.trail = None, None, []
        if draws is not None:
            self._view.update()
            self._draw(draws, [*trail, event.position()])
            return True
        if (event.position() - pressed_at).manhattanLength() < DRAG_STARTS_PX:
            only_slice = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._mode.click(self._point(pressed_at), only_slice=only_slice)
        return False

    def _draw(self, tool: Tool, trail: list[QPointF]) -> None:
        if (trail[0] - trail[-1]).manhattanLength() < DRAG_STARTS_PX and len(trail) <= 2:
            return
        points = tuple(self._point(each) for each in trail)
        if tool is Tool.CUT:
            self._mode.cut(points[0], points[-1])
        elif tool is Tool.BOX:
            self._mode.draw_box(points[0], points[-1])
        else:
            self._mode.add_within(points)

    def _open_menu(self, point_mm: Point, at: QPointF) -> bool:
        """The ring of vessels, where there is something to mark."""
        found = self._mode.lies_at(point_mm)
        if found is not None:
            self._menu_mm = point_mm
            self.menu.open_at(at, found.vessel)
        return found is not None

    def _mark(self, choice: Choice) -> None:
        if choice is None:
            self._mode.remove(self._menu_mm)
        else:
            self._mode.mark_as(self._menu_mm, choice)

    def _point(self, at: QPointF) -> Point:
        placement = self._view.placement()
        x, y, z = placement.place.to_patient(placement.to_pixel(at))
        return float(x), float(y), float(z)

    def _hover(self, under: Hovered | None) -> None:
        self._mode.hover(None if under is None else under.point_mm)
