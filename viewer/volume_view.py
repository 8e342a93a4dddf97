"""The chest in three dimensions with surfaces round the saliency, rendered off screen by VTK.

VTK is loaded at the first rendering. Crosshair and letters are painted over the picture by Qt, so
that scrolling through slices costs no rendering. An invisible view never renders.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.errors import ThoralensError
from core.views.overlay import OverlayStyle
from core.volume import SaliencyMap
from viewer.legend import paint_legend, shadowed_text
from viewer.place_markers import paint_place
from viewer.plane_colours import LETTERS, QUIET_TEXT, TEXT, view_font
from viewer.preview import Preview
from viewer.session import Session, SessionState
from viewer.slice_annotations import paint_border, paint_quiet
from viewer.slice_mouse import DRAG_STARTS_PX, ZOOM_PER_NOTCH, WheelSteps
from viewer.slice_view import EMPTY_TEXT

if TYPE_CHECKING:
    from viewer.volume_scene import VolumeScene

Direction = tuple[float, float, float]

CANNED_VIEWS: dict[str, tuple[Direction, Direction]] = {
    "Front": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "Left": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "Top": ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
}
"""Name -> LPS direction of looking, and what is upwards."""

REFINE_AFTER_MS = 250
GESTURES = {
    Qt.MouseButton.LeftButton: "rotate",
    Qt.MouseButton.MiddleButton: "pan",
    Qt.MouseButton.RightButton: "zoom",
}
NAME = "volume"
FRAME = QColor("#7d8fb3")
LETTER_RADIUS = 0.86
COMPASS_PX = 34.0
LEGEND_PX = QSizeF(64, 110)
PLACE_HALF_PX = 7.0


class VolumeView(QWidget):
    """Draws the session's volume and saliency in 3D; the camera is its own."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._scene: VolumeScene | None = None
        self._picture: QImage | None = None
        self._pictured: tuple[SaliencyMap | None, OverlayStyle] = (None, OverlayStyle())
        self._unavailable = ""
        self._being_read = ""
        self._volume_stale = self._saliency_stale = True
        self._camera: str | None = "Front"
        self._press: tuple[Qt.MouseButton, QPointF] | None = None
        self._wheel = WheelSteps()
        self._render_soon = self._timer(0, self._render)
        self._refine_soon = self._timer(REFINE_AFTER_MS, self._refine)
        self._fine = True
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Volume in three dimensions")
        self.setAccessibleDescription("A, L and H look from the front, the left and the head.")
        self._add_buttons()
        session.changed.connect(self._session_changed)

    def _timer(self, after_ms: int, then: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(then)
        return timer

    def _add_buttons(self) -> None:
        row = QHBoxLayout()
        row.addStretch()
        for name in CANNED_VIEWS:
            button = QToolButton(self)
            button.setText(name)
            button.setAccessibleName(f"Look from the {name.lower()}")
            button.setToolTip(f"Look from the {name.lower()}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setCursor(Qt.CursorShape.ArrowCursor)
            button.clicked.connect(lambda _checked=False, name=name: self.look_from(name))
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(row)
        column.addStretch()

    @property
    def renderer_name(self) -> str:
        """What OpenGL says it is; empty before the first rendering."""
        return self._scene.renderer_name if self._scene else ""

    @property
    def pictured(self) -> tuple[SaliencyMap | None, OverlayStyle]:
        """Map and style of the picture that is shown; while the next is drawn, of the old one."""
        return self._pictured

    def sizeHint(self) -> QSize:
        """As large as a slice view."""
        return QSize(480, 480)

    def reset_camera(self) -> None:
        """Look at the whole chest from the front."""
        self.look_from("Front")

    def look_from(self, name: str) -> None:
        """Look from one of `CANNED_VIEWS`."""
        self._camera = name
        self._request(fine=True)

    def show_preview(self, preview: Preview | None) -> None:
        """Say how far reading is in place of the open series; None ends it."""
        self._being_read = "" if preview is None else preview.words
        if self._press is not None and self._scene is not None:
            self._press = None
            self._scene.release()
        self.update()

    def close_rendering(self) -> None:
        """Free VTK's window and all it holds; the view stays and would start anew if shown."""
        self._render_soon.stop()
        self._refine_soon.stop()
        self._picture = None
        if self._scene is not None:
            self._scene.close()
            self._scene = None
        self._volume_stale = self._saliency_stale = True
        self._camera = self._camera or "Front"

    # --- listening ---

    def _session_changed(self, old: SessionState, new: SessionState) -> None:
        if new.volume is not old.volume:
            self._volume_stale, self._camera, self._press = True, "Front", None
            self._picture = None
            if new.volume is None and self._scene is not None:
                self._scene.empty()
            self._request(fine=False)  # something to see first, then in full
        if new.chosen_map is not old.chosen_map or new.view.overlay != old.view.overlay:
            self._saliency_stale = True
            self._request(fine=new.view.overlay == old.view.overlay)
        self.update()

    # --- rendering ---

    def _request(self, *, fine: bool) -> None:
        """Render once, after the events of this turn."""
        self._fine = fine
        self._refine_soon.stop()
        if self.isVisible():
            self._render_soon.start()

    def _refine(self) -> None:
        self._request(fine=True)

    def _render(self) -> None:
        state = self._session.state
        if not self.isVisible() or state.volume is None or self._unavailable:
            return
        try:
            self._picture = self._rendered(state)
            self._pictured = state.chosen_map, state.view.overlay
        except ThoralensError as error:
            self._unavailable = f"3D view not available on this machine: {error}"
            self.setAccessibleDescription(self._unavailable)
        if not self._fine and self._press is None:
            self._refine_soon.start()
        self.update()

    def _rendered(self, state: SessionState) -> QImage:
        from viewer.chest_opening import opened_chest
        from viewer.missing_in_volume import bridged, emptied
        from viewer.volume_reduction import reduced
        from viewer.volume_scene import Detail, VolumeScene

        if self._scene is None:
            self._scene = VolumeScene()
        if self._volume_stale:
            drawn = opened_chest(reduced(bridged(state.volume)))
            self._scene.show_volume(emptied(drawn, state.volume))
        if self._saliency_stale:
            self._scene.show_saliency(state.chosen_map, state.view.overlay)
        self._volume_stale = self._saliency_stale = False
        ratio = self.devicePixelRatioF()
        self._scene.resize(
            max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        )
        if self._camera is not None:
            self._scene.look(*CANNED_VIEWS[self._camera])
            self._camera = None
        self._scene.set_detail(Detail.FULL if self._fine else Detail.DRAGGING)
        picture = self._scene.picture()
        picture.setDevicePixelRatio(ratio)
        return picture

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while invisible."""
        super().showEvent(event)
        self._request(fine=self._picture is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Render at the new size once it stays."""
        super().resizeEvent(event)
        self._request(fine=False)

    # --- painting ---

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the last picture and what is written over it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size, state = QSizeF(self.size()), self._session.state
        if self._unavailable:
            paint_quiet(painter, size, self._unavailable)
        elif self._being_read:
            paint_quiet(painter, size, self._being_read)
        elif state.volume is None:
            paint_quiet(painter, size, EMPTY_TEXT)
        elif self._picture is None or self._scene is None:
            paint_quiet(painter, size, "Preparing the volume")
        else:
            painter.drawImage(QRectF(QPointF(0, 0), size), self._picture)
            self._paint_over(painter, state, self._scene)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        paint_border(painter, size, FRAME, focused=self.hasFocus())
        painter.end()

    def _paint_over(self, painter: QPainter, state: SessionState, scene: "VolumeScene") -> None:
        if state.view.crosshair_visible:
            self._paint_marker(painter, state, scene)
        self._paint_places(painter, state, scene)
        self._paint_compass(painter, scene)
        saliency, style = self._pictured  # the session may be ahead of the picture
        if saliency is not None:
            right, bottom = self.width() - 8.0, self.height() - 30.0
            corner = QPointF(right - LEGEND_PX.width(), bottom - LEGEND_PX.height())
            paint_legend(painter, QRectF(corner, LEGEND_PX), style, saliency)
        painter.setFont(view_font(10))
        box = QRectF(8, self.height() - 22, self.width() - 16, 16)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        shadowed_text(painter, box, flags, f"Drawn by {scene.renderer_name}", QUIET_TEXT)

    def _paint_marker(self, painter: QPainter, state: SessionState, scene: "VolumeScene") -> None:
        """A small ring with a dot at the crosshair's point."""
        x, y = scene.project(np.array(state.view.crosshair_mm))
        at = QPointF(x, y) / self.devicePixelRatioF()
        for colour, thickness in ((QColor(0, 0, 0, 180), 4.0), (TEXT, 1.6)):
            painter.setPen(QPen(colour, thickness))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 6.0, 6.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(TEXT)
        painter.drawEllipse(at, 1.6, 1.6)

    def _paint_places(self, painter: QPainter, state: SessionState, scene: "VolumeScene") -> None:
        """The numbers of the places that were asked about, where they are seen."""
        for number, influence in enumerate(state.influences, start=1):
            x, y = scene.project(np.array(influence.point_mm))
            at = QPointF(x, y) / self.devicePixelRatioF()
            paint_place(painter, at, PLACE_HALF_PX, number)

    def _paint_compass(self, painter: QPainter, scene: "VolumeScene") -> None:
        """Three axes with their six letters; those that point at the viewer come last."""
        middle = QPointF(COMPASS_PX + 22, self.height() - COMPASS_PX - 22)
        axes = scene.axes_on_screen()
        ends = [
            (letter, sign * axes[k])
            for k, pair in enumerate(("LR", "PA", "HF"))
            for letter, sign in zip(pair, (1, -1), strict=True)
        ]
        painter.setFont(view_font(14, strong=True))
        for letter, (right, up, near) in sorted(ends, key=lambda end: end[1][2]):
            away = QPointF(right, -up)
            shade = QColor(LETTERS)
            shade.setAlphaF(0.45 + 0.55 * (near + 1) / 2)
            painter.setPen(QPen(shade, 1.4))
            painter.drawLine(middle, middle + away * COMPASS_PX * LETTER_RADIUS * 0.8)
            at = middle + away * (COMPASS_PX + 8)
            box = QRectF(at.x() - 10, at.y() - 10, 20, 20)
            shadowed_text(painter, box, Qt.AlignmentFlag.AlignCenter, letter, shade)

    # --- mouse and keyboard ---

    def _device(self, at: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return at.x() * ratio, at.y() * ratio

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left rotates, middle pans, right zooms."""
        is_busy = self._press is not None or bool(self._being_read)
        if self._scene is None or is_busy or event.button() not in GESTURES:
            return
        self._press = (event.button(), event.position())
        self._scene.press(GESTURES[event.button()], *self._device(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn, shift or zoom, in lower detail until the mouse rests."""
        if self._scene is None or self._press is None:
            return
        offset = event.position() - self._press[1]
        if abs(offset.x()) + abs(offset.y()) < DRAG_STARTS_PX and self._fine:
            return
        self._scene.move(*self._device(event.position()))
        self._request(fine=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture and draw finely again."""
        if self._scene is None or self._press is None or event.button() != self._press[0]:
            return
        self._press = None
        self._scene.release()
        if not self._fine:
            self._refine_soon.start()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show this view alone, or all four again."""
        if event.button() == Qt.MouseButton.LeftButton:
            view = self._session.state.view
            self._session.show(replace(view, maximised=None if view.maximised == NAME else NAME))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        event.accept()
        steps = self._wheel.add(event)
        if self._scene is not None and steps:
            self._scene.zoom(ZOOM_PER_NOTCH**-steps)
            self._request(fine=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A, L, H: from the front, the left, the head; F fits."""
        keys = {
            Qt.Key.Key_A: "Front",
            Qt.Key.Key_F: "Front",
            Qt.Key.Key_L: "Left",
            Qt.Key.Key_H: "Top",
        }
        if event.key() in keys:
            self.look_from(keys[Qt.Key(event.key())])
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
