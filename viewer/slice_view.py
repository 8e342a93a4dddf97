"""One slice of the open volume through the crosshair, drawn without OpenGL."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.views.planes import Plane, nearest_slice, slice_geometry, slice_number
from core.volume import Volume
from viewer import slice_annotations as annotations
from viewer.axial_averages import average_lines, averaged_around, middle_of
from viewer.legend import paint_legend
from viewer.missing_band import paint_missing
from viewer.place_markers import paint_places
from viewer.plane_colours import PLANE_COLOURS
from viewer.preview import Preview
from viewer.preview_painter import PreviewPainter
from viewer.session import Session, SessionState
from viewer.slice_mouse import DRAG_BUTTONS, ZOOM_PER_NOTCH, Press, WheelSteps, dragged
from viewer.slice_placement import SlicePlacement
from viewer.slice_renderer import SliceRenderer
from viewer.view_changes import opacity_moved
from viewer.view_state import PlaneView, Point

NEXT_INDEX = {Plane.AXIAL: -1, Plane.CORONAL: 1, Plane.SAGITTAL: 1}
"""Slices are counted from the head down, from front to back, from right to left."""

SLICES_WITH_SHIFT = 5
ALL_SLICES = 1_000_000
LEGEND_PX = QSize(64, 110)
SMALLEST_WITH_LEGEND_PX = 250
EMPTY_TEXT = "No series open"


class Hovered(NamedTuple):
    """What lies under the cursor; `hu` as it is shown, None where no slice was stored."""

    point_mm: Point
    hu: int | None


class SliceView(QWidget):
    """Draws one plane of the session's volume and turns gestures into changes of its state.

    Attributes:
        guest: Draws over a slice and its annotations; None where no mode is on.
        menu_guest: Asked first at a right click without a drag: (patient point, place in the
            view); True if it shows a menu of its own.

    Signals:
        hovered: `Hovered` under the cursor, or None where there is no voxel.
        menu_requested: (patient point, screen position) of a right click without a drag, or of
            the Menu key, which means the crosshair.
    """

    hovered = Signal(object)
    menu_requested = Signal(object, object)

    def __init__(self, session: Session, plane: Plane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._plane = plane
        self._renderer = SliceRenderer(plane)
        self._preview = PreviewPainter(plane)
        self._press: Press | None = None
        self._wheel = WheelSteps()
        self._under: Hovered | None = None
        self._cursor: QPointF | None = None
        self._before_click: Point | None = None
        self.guest: Callable[[QPainter, SlicePlacement], None] | None = None
        self.menu_guest: Callable[[Point, QPointF], bool] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(f"{plane.value.capitalize()} slices")
        self.setAccessibleDescription("Arrow keys change the slice, F fits it into the view.")
        session.changed.connect(self._session_changed)

    @property
    def plane(self) -> Plane:
        """Which of the three planes."""
        return self._plane

    def sizeHint(self) -> QSize:
        """Room for a whole slice at about one screen pixel a voxel."""
        return QSize(480, 480)

    def show_preview(self, preview: Preview | None) -> None:
        """Show what is being read in place of the open series; None ends it."""
        if preview is not None and self._preview.shown is None:
            self._press = None
            self._hover(None)
        self._preview.shown = preview
        self.update()

    def placement(self) -> SlicePlacement | None:
        """Where the shown slice lies in the widget; None while no series is open or one is read."""
        state = self._session.state
        if state.volume is None or self._preview.shown is not None:
            return None
        index = middle_of(self._shown_slices(state, state.volume))
        place = slice_geometry(state.volume.geometry, self._plane, index)
        return SlicePlacement(place, QSizeF(self.size()), state.view.planes[self._plane])

    def _shown_slices(self, state: SessionState, volume: Volume) -> range:
        """The slice at the crosshair, with those that are averaged with it."""
        index = nearest_slice(volume, self._plane, state.view.crosshair_mm)
        count = volume.geometry.shape[self._plane.axis]
        return averaged_around(index, self._together(state), count)

    def _together(self, state: SessionState) -> int:
        return state.view.averaged_slices if self._plane is Plane.AXIAL else 1

    def scroll(self, steps: int) -> None:
        """Go on by slices: down from the head, back from the front, left from the right."""
        state = self._session.state
        if state.volume is None or self._preview.shown is not None or steps == 0:
            return
        geometry, axis = state.volume.geometry, self._plane.axis
        index = np.array(geometry.to_index(state.view.crosshair_mm))
        present = nearest_slice(state.volume, self._plane, state.view.crosshair_mm)
        wanted = present + steps * NEXT_INDEX[self._plane] * self._together(state)
        index[axis] = min(max(wanted, 0), geometry.shape[axis] - 1)
        x, y, z = geometry.to_patient(index)
        self._session.move_crosshair((float(x), float(y), float(z)))

    def fit(self) -> None:
        """Show the whole slice in the middle of the view."""
        self._show_plane(PlaneView())

    def _show_plane(self, view: PlaneView) -> None:
        self._session.show(self._session.state.view.with_plane(self._plane, view))

    # --- listening ---

    def _session_changed(self, old: SessionState, new: SessionState) -> None:
        if new.volume is not old.volume:
            self._renderer.forget()
            self._press = None
            self._hover(None)
        if new != old:
            self._hover(self._cursor)  # another slice may lie under a still mouse
            self.update()

    # --- painting ---

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the slice, the overlay, and all that is written over them."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        size, state, placement = QSizeF(self.size()), self._session.state, self.placement()
        if self._preview.shown is not None:
            self._preview.paint(painter, size, self._preview.shown)
        elif placement is None or state.volume is None:
            annotations.paint_quiet(painter, size, EMPTY_TEXT)
        else:
            self._paint_slice(painter, placement, state, state.volume)
            self._paint_annotations(painter, placement, state, state.volume)
            if self.guest is not None:
                self.guest(painter, placement)
        colour = PLANE_COLOURS[self._plane]
        annotations.paint_border(painter, size, colour, focused=self.hasFocus())
        painter.end()

    def _paint_slice(
        self, painter: QPainter, placement: SlicePlacement, state: SessionState, volume: Volume
    ) -> None:
        picture = self._renderer.picture(
            volume,
            placement.place.index,
            state.view.window,
            saliency=state.chosen_map,
            style=state.view.overlay,
            averaged=self._shown_slices(state, volume),
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(placement.rectangle, picture)
        paint_missing(painter, placement, volume)

    def _paint_annotations(
        self, painter: QPainter, placement: SlicePlacement, state: SessionState, volume: Volume
    ) -> None:
        size, view = placement.size, state.view
        if view.crosshair_visible:
            annotations.paint_crosshair(painter, placement, view.crosshair_mm)
        annotations.paint_edge_letters(painter, size, placement.place)
        paint_places(painter, placement, state.influences)
        if view.annotations_visible:
            annotations.paint_scale_bar(painter, placement)
            for corner in self._corners(placement, state, volume):
                annotations.paint_corner(painter, size, corner)
        saliency = state.chosen_map
        if saliency is not None and min(self.width(), self.height()) >= SMALLEST_WITH_LEGEND_PX:
            paint_legend(painter, self._legend_place(), view.overlay, saliency)

    def _legend_place(self) -> QRectF:
        """On the right, between the letter in the middle and the corner's text."""
        below_letter = self.height() // 2 + annotations.LETTER_PX
        height = min(LEGEND_PX.height(), self.height() - below_letter - 48)
        left = self.width() - LEGEND_PX.width() - int(annotations.MARGIN_PX)
        return QRectF(left, below_letter, LEGEND_PX.width(), height)

    def _corners(
        self, placement: SlicePlacement, state: SessionState, volume: Volume
    ) -> tuple[annotations.Corner, ...]:
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        series = state.series
        count = volume.geometry.shape[self._plane.axis]
        number = slice_number(self._plane, placement.place.index, count)
        named = series is not None and state.view.patient_visible
        block = self._shown_slices(state, volume)
        lines = annotations.slice_lines(placement.place, volume, number)
        if len(block) > 1:
            lines = average_lines(placement.place, volume, block)
        return (
            annotations.Corner(top | left, annotations.patient_lines(series) if named else ()),
            annotations.Corner(
                top | right, annotations.series_lines(series, volume) if series else ()
            ),
            annotations.Corner(
                bottom | left,
                annotations.window_lines(state.view.window, placement.view, self._under),
            ),
            annotations.Corner(bottom | right, lines),
        )

    # --- mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a drag or click begins."""
        placement = self.placement()
        if placement is None or self._press is not None or event.button() not in DRAG_BUTTONS:
            return
        view = self._session.state.view
        self._press = Press(event.button(), event.position(), view, placement)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what the pressed button drags; else tell what lies under the cursor."""
        if self._press is not None:
            self._press = self._press.moved(event.position())
            if self._press.dragging:
                present = self._session.state.view
                self._session.show(dragged(self._press, event.position(), present))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._place_crosshair(event.position())
        self._hover(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; a left click places the crosshair, a right click opens the menu."""
        press = self._press
        if press is None or event.button() != press.button:
            return
        self._press = None
        if event.button() == Qt.MouseButton.RightButton and not press.dragging:
            self._request_menu(press.at)
        if event.button() == Qt.MouseButton.LeftButton and not press.dragging:
            self._before_click = self._session.state.view.crosshair_mm
            self._place_crosshair(press.at)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The Menu key opens the menu of the crosshair; the mouse has its own way to it."""
        event.accept()
        placement = self.placement()
        if event.reason() == QContextMenuEvent.Reason.Mouse or placement is None:
            return
        crosshair_mm = self._session.state.view.crosshair_mm
        row, column = placement.place.to_pixel(crosshair_mm)
        at = placement.to_screen((float(row), float(column))).toPoint()
        self.menu_requested.emit(crosshair_mm, self.mapToGlobal(at))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show this view alone, or all four again; the first click is taken back."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        view = self._session.state.view
        crosshair = self._before_click or view.crosshair_mm
        shown = None if view.maximised == self._plane.value else self._plane.value
        self._session.show(replace(view, maximised=shown, crosshair_mm=crosshair))

    def leaveEvent(self, _event: QEvent) -> None:
        """Nothing lies under the cursor any more."""
        self._hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl zoom about the cursor, with Shift change the overlay's opacity."""
        event.accept()
        placement, steps = self.placement(), self._wheel.add(event)
        if placement is None or steps == 0:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._show_plane(placement.zoomed(ZOOM_PER_NOTCH**-steps, event.position()))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._session.show(opacity_moved(self._session.state.view, -steps))
        else:
            self.scroll(steps)
            self._hover(event.position())

    def _place_crosshair(self, at: QPointF) -> None:
        placement = self.placement()
        if placement is None:
            return
        x, y, z = placement.place.to_patient(placement.to_pixel(at))
        self._session.move_crosshair((float(x), float(y), float(z)))

    def _request_menu(self, at: QPointF) -> None:
        under = self._voxel_at(at)
        if under is None or (self.menu_guest is not None and self.menu_guest(under.point_mm, at)):
            return
        self.menu_requested.emit(under.point_mm, self.mapToGlobal(at.toPoint()))

    def _hover(self, at: QPointF | None) -> None:
        self._cursor = at
        under = None if at is None else self._voxel_at(at)
        if under != self._under:
            self._under = under
            self.update()
            self.hovered.emit(under)

    def _voxel_at(self, at: QPointF) -> Hovered | None:
        volume, placement = self._session.state.volume, self.placement()
        if volume is None or placement is None:
            return None
        pixel = placement.to_pixel(at)
        if not placement.contains(pixel):
            return None
        point = placement.place.to_patient(pixel)
        highest = np.array(volume.geometry.shape) - 1
        index = np.rint(volume.geometry.to_index(point)).astype(int).clip(0, highest)
        x, y, z = (float(value) for value in point)
        if index[volume.missing_axis] in volume.missing_slices:
            return Hovered((x, y, z), None)
        block = self._shown_slices(self._session.state, volume)
        along = [slice(each, each + 1) for each in index]
        along[self._plane.axis] = slice(block.start, block.stop)
        return Hovered((x, y, z), round(float(volume.hu[tuple(along)].mean())))

    # --- keyboard ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down, Home and End change the slice; F fits."""
        far = SLICES_WITH_SHIFT if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        moves = {
            Qt.Key.Key_Down: far,
            Qt.Key.Key_Up: -far,
            Qt.Key.Key_End: ALL_SLICES,
            Qt.Key.Key_Home: -ALL_SLICES,
        }
        if event.key() in moves:
            self.scroll(moves[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_F:
            self.fit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show who has the keyboard."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show who has the keyboard."""
        super().focusOutEvent(event)
        self.update()
